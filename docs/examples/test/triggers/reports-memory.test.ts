import { describe, expect, it } from 'vitest';
import { incidentTriggered } from '../../../../test/triggers/events.ts';
import { reportsMemory } from '../../triggers/reports-memory.ts';

const reports = { id: 'PREPORT', name: 'Reports' };
const respond = (title: string, service = reports) =>
  reportsMemory.respond(incidentTriggered({ id: 'PGR0VU2', title, service }));

describe('the reports-memory trigger', () => {
  it('restarts the renderer, once per incident', () => {
    expect(respond('Memory above 95 % on renderer')).toEqual({
      start: 'restartLeakingDeployment',
      id: 'reports-memory/PGR0VU2',
      input: { incidentId: 'PGR0VU2', namespace: 'reports', deployment: 'renderer' },
    });
  });

  it('says which condition said no', () => {
    expect(respond('Disk 90 % full')).toEqual({ no: 'says that memory runs out' });
    expect(respond('Memory above 95 %', { id: 'PSEARCH', name: 'Search' })).toEqual({
      no: 'is about the Reports service',
    });
  });
});
