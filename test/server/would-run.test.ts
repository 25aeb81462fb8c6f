import { describe, expect, it } from 'vitest';
import { wouldRun } from '../../server/dispatch/would-run.ts';
import { pastEvents } from '../../server/pagerduty/past-events.ts';
import { defineTrigger } from '../../triggers/trigger.ts';

const begin = Date.UTC(2026, 5, 1);
const at = (seconds: number) => `${new Date(begin + seconds * 1_000).toISOString().slice(0, 19)}Z`;

/** An incident as PagerDuty lists it once it is over. */
const over = (id: string, fields: object = {}) => ({
  id,
  incident_number: Number(id.slice(1)),
  title: 'Disk is full',
  status: 'resolved',
  urgency: 'high',
  incident_key: null,
  service: { id: 'PSEARCH', summary: 'Search', type: 'service_reference' },
  assignments: [],
  created_at: at(0),
  last_status_change_at: at(100),
  first_trigger_log_entry: { id: `${id}t`, type: 'trigger_log_entry_reference' },
  ...fields,
});
const ada = { id: 'PADA', type: 'user_reference', summary: 'Ada Lopez' };
const entry = (incident: string, type: string, seconds: number, agent: object = ada) => ({
  id: type === 'trigger' ? `${incident}t` : `${incident}${type}${seconds}`,
  type: `${type}_log_entry`,
  created_at: at(seconds),
  agent,
  incident: { id: incident, type: 'incident_reference' },
});

async function disk(_: { incidentId: string }): Promise<void> {}
const input = ({ id }: { id: string }) => ({ incidentId: id });
const onTriggered = (more: object = {}) =>
  defineTrigger({
    name: 'disk',
    on: 'pagerduty.incident.triggered',
    when: { 'urgency is high': ({ urgency }) => urgency === 'high' },
    run: disk,
    input,
    ...more,
  });
const onAcknowledged = defineTrigger({
  name: 'watch',
  on: 'pagerduty.incident.acknowledged',
  when: 'always',
  run: disk,
  input,
});

const eventsOf = async (incidents: unknown[], entries: unknown[]) =>
  (await pastEvents({ incidents, entries })).events;

describe('the events of what was', () => {
  it('tell of an incident as Baton would have had it: open, though it is over by now', async () => {
    // Newest first, as PagerDuty gives them.
    const log = [entry('Q1', 'resolve', 90), entry('Q1', 'acknowledge', 30), entry('Q1', 'trigger', 0)];
    const events = await eventsOf([over('Q1')], log);
    expect(events.map(({ type, time, data }) => [type, time, (data as { status: string }).status])).toEqual([
      ['pagerduty.incident.triggered', '2026-06-01T00:00:00.000Z', 'triggered'],
      ['pagerduty.incident.acknowledged', '2026-06-01T00:00:30.000Z', 'acknowledged'],
      ['pagerduty.incident.resolved', '2026-06-01T00:01:30.000Z', 'resolved'],
    ]);
    expect(events[1]).toMatchObject({ subject: 'Q1', agent: { kind: 'person', name: 'Ada Lopez' } });
  });

  it('begin with the incident itself where the log does not tell of its beginning', async () => {
    const events = await eventsOf([over('Q1')], []);
    expect(events).toMatchObject([{ type: 'pagerduty.incident.triggered', subject: 'Q1', id: 'Q1t' }]);
  });

  it('begin once, also where the log has more alerts of it than that with which it began', async () => {
    const another = { ...entry('Q1', 'trigger', 5), id: 'another' };
    const types = (events: { type: string }[]) => events.map(({ type }) => type);
    const begun = ['pagerduty.incident.triggered', 'pagerduty.log.trigger'];
    expect(types(await eventsOf([over('Q1')], [another, entry('Q1', 'trigger', 0)]))).toEqual(begun);
    expect(types(await eventsOf([over('Q1')], [another]))).toEqual(begun);
  });

  it('leave out what began before, and count what cannot be read', async () => {
    const strange = { id: 'Q3', status: 'resolved', created_at: at(1) };
    const { events, unreadable } = await pastEvents({
      incidents: [over('Q1'), { ...strange, id: 'Q/3' }, null],
      entries: [entry('Q1', 'trigger', 0), entry('Q2', 'resolve', 5), null],
    });
    expect(events.map(({ subject }) => subject)).toEqual(['Q1']);
    expect(unreadable).toBe(2);
  });
});

describe('what triggers would have run', () => {
  it('is told with target, input and time, and what the others were refused for', async () => {
    const events = await eventsOf([over('Q1'), over('Q2', { urgency: 'low' })], []);
    expect(await wouldRun(events, [onTriggered(), onAcknowledged])).toEqual([
      {
        trigger: 'disk',
        workflow: 'disk',
        isTold: true,
        runs: [
          {
            id: 'disk/Q1',
            subject: 'Q1',
            at: '2026-06-01T00:00:00.000Z',
            target: 'Search',
            input: { incidentId: 'Q1' },
          },
        ],
        joined: [],
        noes: { 'urgency is high': 1 },
        failed: [],
      },
      { trigger: 'watch', workflow: 'disk', isTold: true, runs: [], joined: [], noes: {}, failed: [] },
    ]);
  });

  it('is one run for an incident, however often somebody acknowledges', async () => {
    const log = [80, 40, 20].map((seconds) => entry('Q1', 'acknowledge', seconds));
    const [watch] = await wouldRun(await eventsOf([over('Q1')], log), [onAcknowledged]);
    expect(watch?.runs.map(({ id }) => id)).toEqual(['watch/Q1']);
  });

  it('is another run for an incident that was opened again', async () => {
    const log = [
      entry('Q1', 'acknowledge', 80),
      entry('Q1', 'resolve', 40),
      entry('Q1', 'acknowledge', 20),
      entry('Q1', 'trigger', 0),
    ];
    const trigger = defineTrigger({
      name: 'again',
      on: ['pagerduty.incident.triggered', 'pagerduty.incident.reopened'],
      when: 'always',
      run: disk,
      input,
    });
    const [again] = await wouldRun(await eventsOf([over('Q1')], log), [trigger]);
    expect(again?.runs.map(({ id }) => id)).toEqual(['again/Q1', 'again/Q1/2']);
  });

  const storm = (count: number, apart = 1) =>
    Array.from({ length: count }, (_, place) => over(`Q${place}`, { created_at: at(place * apart) }));

  it('shares a run in a storm, as the dispatcher does', async () => {
    const trigger = onTriggered({ storm: 5, whenResolved: 'continue' });
    const [verdict] = await wouldRun(await eventsOf(storm(9), []), [trigger]);
    expect(verdict?.runs).toHaveLength(5);
    expect(verdict?.joined).toEqual(['Q5', 'Q6', 'Q7', 'Q8'].map((subject) => ({ subject, run: 'disk/Q0' })));
    const [calm] = await wouldRun(await eventsOf(storm(9, 60), []), [trigger]);
    expect(calm?.runs).toHaveLength(9);
  });

  it('shares no run that has ended: all of its incidents were resolved', async () => {
    const resolved = storm(9).map(({ id }, place) => entry(id, 'resolve', place));
    const trigger = onTriggered({ storm: 5, whenResolved: 'continue' });
    const [verdict] = await wouldRun(await eventsOf(storm(9), resolved.toReversed()), [trigger]);
    expect(verdict?.joined).toEqual([]);
  });

  it('is nothing for an incident that Baton raised for a failed run of the same workflow', async () => {
    const raised = over('Q1', { incident_key: 'baton/disk/Bug/Search' });
    const [verdict] = await wouldRun(await eventsOf([raised], []), [onTriggered()]);
    expect(verdict).toMatchObject({ runs: [], noes: { 'raised by Baton for a failed run of disk': 1 } });
  });

  it('names the fault of a trigger that throws, and goes on with the others', async () => {
    const broken = onTriggered({
      name: 'broken',
      input: () => {
        throw new Error('no such field');
      },
    });
    const [first, second] = await wouldRun(await eventsOf([over('Q1')], []), [broken, onTriggered()]);
    expect(first?.failed).toEqual([{ subject: 'Q1', reason: 'no such field' }]);
    expect(second?.runs).toHaveLength(1);
  });

  it('says of which triggers nothing is told', async () => {
    const planned = defineTrigger({
      name: 'planned',
      on: 'schedule.morning',
      when: 'always',
      run: async function morning(_: object) {},
      input: () => ({}),
      schedule: { cron: '0 6 * * *' },
    });
    expect(await wouldRun([], [planned])).toMatchObject([{ isTold: false }]);
  });
});
