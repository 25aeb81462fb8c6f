import { describe, expect, it } from 'vitest';
import { exampleOf, exampleTypes } from '../../cli/examples/events.ts';
import type { Event, EventType } from '../../domain/event.ts';
import { decide } from '../../server/dispatch/decide.ts';
import { triggers } from '../../triggers/index.ts';
import { asTheyStand, defineTrigger, type Trigger } from '../../triggers/trigger.ts';

async function restart(_: object): Promise<void> {}
const restarts = (on: EventType | readonly EventType[]) =>
  defineTrigger({ name: 'restarts', on, when: 'always', run: restart, input: () => ({}) });

const events = exampleTypes.flatMap((type): Event[] => {
  const found = exampleOf(type, new Date('2026-11-20T09:00:00.000Z'));
  return found ? [found.event] : [];
});
/** The types of the events by which these triggers would start something, of one event of each type there is. */
const startedBy = (listed: readonly Trigger[]) =>
  events
    .filter((event) => decide({ seq: 1, event }, { runs: [] }, listed, undefined).starts.length > 0)
    .map(({ type }) => type);

describe('a run is started', () => {
  it('by a trigger that is listed and enabled alone, on the types of events that it names: there is no catch-all', () => {
    expect(events.length).toBeGreaterThan(50);
    const named = ['pagerduty.incident.triggered', 'run.failed'] as const;
    expect(startedBy([restarts(named)]).sort()).toEqual([...named].sort());
    expect(startedBy([])).toEqual([]);
    const lowering = {
      trigger: 'restarts',
      mode: 'off',
      by: 'ada',
      reason: 'a fault',
      at: '2026-11-20T08:00:00Z',
    };
    const off = asTheyStand([restarts(named)], [{ ...lowering, mode: 'off' }]);
    expect(startedBy(off)).toEqual([]);
    expect(
      decide(
        { seq: 1, event: events.find(({ type }) => type === named[0]) as Event },
        { runs: [] },
        off,
        undefined,
      ).answers,
    ).toMatchObject([{ answer: 'no', reason: 'was switched off by ada: a fault' }]);
  });

  it('by nothing that would mean all events: no type is a pattern', () => {
    for (const all of ['*', 'pagerduty.*', 'pagerduty.incident.*', '']) {
      // @ts-expect-error No type of event is one of them, but for those of sources and schedules, which have a name.
      const pattern = (): Trigger => restarts(all as 'all');
      let started: string[] = [];
      try {
        started = startedBy([pattern()]);
      } catch {
        // It is refused as its file is loaded.
      }
      expect([all, started]).toEqual([all, []]);
    }
  });

  it('by none of those that ship on an event whose type it does not name', () => {
    for (const trigger of triggers)
      for (const event of events.filter(({ type }) => !trigger.on.includes(type)))
        expect([trigger.name, event.type, trigger.respond(event)]).toMatchObject([
          trigger.name,
          event.type,
          { no: expect.anything() },
        ]);
  });
});
