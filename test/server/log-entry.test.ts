import { describe, expect, it } from 'vitest';
import type { Event } from '../../domain/event.ts';
import type { Incident, IncidentStatus } from '../../domain/incident.ts';
import { deliveriesOf, logEntryOf } from '../../server/pagerduty/log-entry.ts';
import { openAccount } from '../../simulator/pagerduty/account.ts';
import { type Agent, firstWorld } from '../../simulator/pagerduty/world.ts';

const ada: Agent = { type: 'user', id: 'PADALOP' };
const service: Agent = { type: 'service', id: 'PSEARCH' };
const noon = '2026-11-25T12:00:00Z';
const night = '2026-11-25T23:00:00Z';

/** An account with one incident of noon. */
function begin() {
  const account = openAccount(firstWorld(), { send: () => {} });
  const about = account.world.services.find(({ id }) => id === service.id);
  if (!about) throw new Error('The first world has this service');
  const fields = {
    id: 'QLOG1',
    title: 'Slow',
    service: about,
    urgency: 'high' as const,
    key: 'k',
    priorityId: null,
  };
  return { account, incident: account.createIncident({ ...fields, by: service }) };
}
type Begun = ReturnType<typeof begin>;

/** What comes of the newest entry, or of those before it, as if the entries were a minute apart. */
async function read(
  { account }: Begun,
  { before, change }: { before?: IncidentStatus; change?: object } = {},
) {
  const entries = account.world.log.map((entry) => account.shape.logEntry(entry, ['incidents']));
  const statuses = new Map(before ? [['QLOG1', before]] : []);
  const raw = { ...entries.at(-1), created_at: '2026-11-25T12:30:00Z', ...change };
  const withTimes = { ...raw, incident: { ...raw.incident, created_at: noon, last_status_change_at: noon } };
  const reading = { connection: 'default', statuses, statusBefore: async () => undefined };
  const made = await deliveriesOf(
    logEntryOf(change && 'incident' in change ? raw : withTimes, { from: noon, now: night }),
    reading,
  );
  return made.map(({ type, event, unreadable }) => ({
    type: type.replace(/^pagerduty\./, ''),
    data: (event as Event | undefined)?.data as (Incident & { content?: string }) | undefined,
    ...(unreadable === undefined ? {} : { unreadable }),
  }));
}
const statusOf = async (begun: Begun, options: Parameters<typeof read>[1] = {}) =>
  (await read(begun, options)).map(({ type, data }) => `${type} ${data?.status ?? ''}`.trim());

describe('an entry of the log', () => {
  it.each<[string, string, (begun: Begun) => unknown]>([
    [
      'acknowledge',
      'incident.acknowledged acknowledged',
      ({ account, incident }) => account.acknowledge(incident, ada),
    ],
    [
      'escalate',
      'incident.escalated triggered',
      ({ account, incident }) => account.escalate(incident, 2, ada),
    ],
    ['resolve', 'incident.resolved resolved', ({ account, incident }) => account.resolve(incident, ada)],
    [
      'assign',
      'incident.reassigned triggered',
      ({ account, incident }) => account.reassign(incident, ['PBENOKA'], ada),
    ],
    [
      'delegate',
      'incident.delegated triggered',
      ({ account, incident }) => account.delegate(incident, 'PEPCHEC', ada),
    ],
    [
      'priority_change',
      'incident.priority_updated triggered',
      ({ account, incident }) => account.setPriority(incident, 'PPRIO01', ada),
    ],
    [
      'annotate',
      'incident.annotated',
      ({ account, incident }) => account.annotate(incident, 'It is the disk', 'PADALOP'),
    ],
    ['snooze', 'log.snooze', ({ account, incident }) => account.logOnly(incident, 'snooze', ada)],
    ['notify', 'log.notify', ({ account, incident }) => account.logOnly(incident, 'notify', service)],
    [
      'of a type that nobody knows',
      'log.invented',
      ({ account, incident }) => account.logOnly(incident, 'invented', ada),
    ],
  ])('%s is told as %s', async (_, told, act) => {
    const begun = begin();
    act(begun);
    expect(await statusOf(begun)).toEqual([told]);
  });

  it('tells of a new incident once, however many alerts come to it, and not that it was assigned at first', async () => {
    const begun = begin();
    const [trigger, assign] = begun.account.world.log;
    if (!trigger || !assign) throw new Error('A new incident has two entries');
    begun.account.world.log.splice(1);
    expect(await statusOf(begun)).toEqual(['incident.triggered triggered']);
    begun.account.logOnly(begun.incident, 'trigger', service);
    expect(await statusOf(begun, { before: 'triggered' })).toEqual(['log.trigger']);
    begun.account.world.log.push(assign);
    expect(await statusOf(begun, { change: { created_at: noon } })).toEqual(['log.assign']);
  });

  it('of a new incident that is resolved by now says so, so that nothing is begun for it', async () => {
    const begun = begin();
    begun.account.world.log.splice(1);
    begun.incident.status = 'resolved';
    expect(await statusOf(begun)).toEqual(['incident.triggered resolved']);
  });

  it('tells the status of its time, and not that of now', async () => {
    const begun = begin();
    begun.account.acknowledge(begun.incident, ada);
    begun.account.resolve(begun.incident, ada);
    begun.account.world.log.splice(-1);
    expect(await statusOf(begun)).toEqual(['incident.acknowledged acknowledged']);
    begun.account.setPriority(begun.incident, 'PPRIO01', ada);
    expect(await statusOf(begun, { before: 'acknowledged' })).toEqual(['incident.priority_updated resolved']);
    const early = { created_at: '2026-11-25T11:00:00Z' };
    expect(await statusOf(begun, { before: 'acknowledged', change: early })).toEqual([
      'incident.priority_updated acknowledged',
    ]);
  });

  it('that opens a resolved incident again tells of the reopening, which has no entry of its own', async () => {
    const begun = begin();
    begun.account.acknowledge(begun.incident, ada);
    expect(await statusOf(begun, { before: 'resolved' })).toEqual([
      'incident.reopened acknowledged',
      'incident.acknowledged acknowledged',
    ]);
    begun.account.resolve(begun.incident, ada);
    begun.account.reopen(begun.incident, ada);
    expect(await statusOf(begun, { before: 'resolved' })).toEqual(['incident.reopened triggered']);
    begun.account.annotate(begun.incident, 'afterwards', 'PADALOP');
    expect(await statusOf(begun, { before: 'resolved' })).toEqual(['incident.annotated']);
  });

  it('carries a note’s text, and to whom it was given', async () => {
    const begun = begin();
    begun.account.annotate(begun.incident, 'It is the disk', 'PADALOP');
    expect((await read(begun))[0]?.data?.content).toBe('It is the disk');
    begun.account.reassign(begun.incident, ['PBENOKA'], ada);
    begun.incident.assigneeIds = ['PADALOP'];
    expect((await read(begun))[0]?.data?.assignees).toEqual([{ id: 'PBENOKA', name: 'Ben Okafor' }]);
  });

  it('without its incident is kept as unreadable, and so is what is none', async () => {
    const begun = begin();
    expect(await read(begun, { change: { incident: { id: 'QLOG1', type: 'incident_reference' } } })).toEqual([
      { type: 'log.unknown', data: undefined, unreadable: expect.stringContaining('incident.status') },
    ]);
    const reading = { connection: 'eu', statuses: new Map(), statusBefore: async () => undefined };
    for (const raw of [null, 7, {}, [], { id: 1 }])
      expect(await deliveriesOf(logEntryOf(raw, { from: noon, now: night }), reading)).toEqual([
        expect.objectContaining({
          source: '/pagerduty-log/eu',
          eventId: expect.stringMatching(/^sha256:/),
          unreadable: expect.any(String),
        }),
      ]);
  });
});
