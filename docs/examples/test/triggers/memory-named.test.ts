import { describe, expect, it } from 'vitest';
import { incidentTriggered } from '../../../../test/triggers/events.ts';
import { memoryNamed } from '../../triggers/memory-named.ts';

const respond = (title: string) => memoryNamed.respond(incidentTriggered({ id: 'PGR0VU2', title }));

describe('the memory-named trigger', () => {
  it('restarts the deployment that the title names', () => {
    expect(respond('Memory above 95 % on reports/renderer')).toMatchObject({
      input: { incidentId: 'PGR0VU2', namespace: 'reports', deployment: 'renderer' },
    });
  });

  it.each([
    'Memory above 95 % on renderer',
    'Memory above 95 % on reports/renderer, reports/api',
    'Memory above 95 % on reports/Renderer',
    'RESOLVED: Memory above 95 % on reports/renderer',
    `Memory above 95 % on reports/${'a'.repeat(64)}`,
  ])('takes nothing out of a title that is not wholly as expected: %s', (title) => {
    expect(respond(title)).toEqual({ no: 'title names a deployment that leaks' });
  });

  it('leaves the namespaces of others alone', () => {
    expect(respond('Memory above 95 % on kube-system/dns')).toEqual({ no: 'deployment is one of ours' });
  });
});
