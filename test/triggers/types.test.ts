import { describe, expect, it } from 'vitest';
import type { EventType } from '../../domain/event.ts';
import { defineTrigger } from '../../triggers/trigger.ts';

async function nothing(_: object): Promise<void> {}
const on = (...types: string[]) =>
  defineTrigger({ name: 'one', on: types as EventType[], run: nothing, input: () => ({}) });

describe('a trigger', () => {
  it.each([
    'run.started',
    'http.deploys',
    'activity.failed',
    'approval.asked',
    'worker.stopped',
    'slack.command',
    'x',
  ])('is refused where it names %s, of which there are no events', (type) => {
    expect(() => on(type)).toThrow(
      `The trigger one would never fire: there are no events of the type ${type}`,
    );
    expect(() => on('run.failed', type)).toThrow(type);
  });

  it.each([
    'pagerduty.incident.triggered',
    'pagerduty.some.new',
    'schedule.nightly',
    'slack.action',
    'run.cancelled',
  ])('may name %s', (type) => expect(on(type).on).toEqual([type]));
});
