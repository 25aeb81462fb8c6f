import { describe, expect, it } from 'vitest';
import type { RecordRow } from '../../domain/record.ts';
import type { RunRow } from '../../domain/run.ts';
import type { Effect } from '../../simulator/simulator.ts';
import type { EventRow } from '../../store/events/events.ts';
import type { Verification } from '../../store/record/record.ts';
import { type Sent, violations } from '../check.ts';

const event: EventRow = {
  seq: 1,
  source: '/pagerduty',
  eventId: 'E1',
  type: 'pagerduty.incident.triggered',
  subject: 'P1',
  time: '2026-11-21T09:00:00.000Z',
  receivedAt: '2026-11-21T09:00:00.000Z',
  disposition: 'dispatched',
  reason: 'started t/P1',
  body: Buffer.from('{}'),
  event: {},
};
const run: RunRow = {
  id: 't/P1',
  trigger: 't',
  workflow: 'w',
  subject: 'P1',
  target: 'P1',
  eventSeq: 1,
  state: 'completed',
  createdAt: '2026-11-21T09:00:00.000Z',
  endedAt: '2026-11-21T09:01:00.000Z',
};
const line = (second: number, action: string, detail: RecordRow['detail']): RecordRow => ({
  at: `2026-11-21T09:00:0${second}.000Z`,
  actor: 'baton',
  via: 'worker',
  action,
  subject: 'P1',
  detail,
});
const reboot = { activity: 'rebootEc2Instances', key: 't/P1#1' };
const record = [
  line(0, 'event.answered', { event: 'E1' }),
  line(0, 'run.started', { run: 't/P1' }),
  line(1, 'activity.intended', { ...reboot, input: { instanceIds: ['i-1'] } }),
  line(3, 'activity.completed', reboot),
];
const effect: Effect = {
  at: '2026-11-21T09:00:02.000Z',
  provider: 'ec2',
  effect: 'instance rebooted',
  target: 'i-1',
};
const sent: Sent = { eventId: 'E1', body: '{}', status: 202 };

interface World {
  events: EventRow[];
  runs: RunRow[];
  record: RecordRow[];
  ledger: Effect[];
  sent: Sent[];
  verified: Verification;
}
const sound: World = {
  events: [event],
  runs: [run],
  record,
  ledger: [effect],
  sent: [sent],
  verified: { ok: true, rows: 3, head: '', pending: 0 },
};

const comment = { activity: 'addJiraComment', key: 't/P1#2' };
const commented: Effect = {
  ...effect,
  provider: 'jira',
  effect: 'comment added',
  target: 'OPS-1',
  key: 't/P1#2',
};
const created: Effect = { ...commented, effect: 'issue created', key: 'baton-P1' };

const check = (change: Partial<World>) => {
  const world = { ...sound, ...change };
  return violations({
    store: {
      seal: async () => 0,
      verifyRecord: async () => world.verified,
      readRecord: async () => world.record,
      listEvents: async () => world.events,
      findEvent: async (id) => world.events.find(({ eventId }) => eventId === id),
      listRuns: async () => world.runs,
    },
    ledgers: [world.ledger],
    sent: world.sent,
  });
};

describe('the check of what must always hold', () => {
  it('finds nothing where all is well', async () => {
    expect(await check({})).toEqual([]);
  });

  it.each<[string, Partial<World>, string]>([
    [
      'a delivery that was taken and is not kept',
      { sent: [sent, { ...sent, eventId: 'E2' }] },
      'event E2: answered 2xx and not in the inbox',
    ],
    [
      'other bytes than were sent',
      { sent: [{ ...sent, body: '{ }' }] },
      'event E1: other bytes than were sent',
    ],
    [
      'a delivery that was refused and is kept',
      { sent: [{ ...sent, status: 403 }] },
      'event E1: answered 403 and in the inbox',
    ],
    [
      'an event that nothing became of',
      { events: [{ ...event, disposition: undefined as never }] },
      'event 1 (E1): no disposition with a reason',
    ],
    [
      'an event that is new twice',
      { events: [event, { ...event, seq: 2 }] },
      'event E1: stored 2 times as new',
    ],
    [
      'an event that was answered twice',
      { record: [...record, line(4, 'event.answered', { event: 'E1' })] },
      'event E1: 2 answers in the record',
    ],
    [
      'a second run beside a live one',
      {
        runs: [
          { ...run, endedAt: undefined as never },
          { ...run, id: 't/P1/2' },
        ],
      },
      'run t/P1/2: began before t/P1 had ended',
    ],
    [
      'a run that was started twice',
      { record: [...record, line(4, 'run.started', { run: 't/P1' })] },
      'run t/P1: started 2 times by the record',
    ],
    [
      'a run that a stale event started',
      { events: [{ ...event, disposition: 'stale' }] },
      'run t/P1: started by event 1, which is stale',
    ],
    [
      'a run without its event',
      { runs: [{ ...run, eventSeq: 9 }] },
      'run t/P1: started by event 9, which is unknown',
    ],
    [
      'a change of which nobody wrote how it ended',
      { record: [...record, line(4, 'activity.intended', { ...comment, input: {} })] },
      'intent t/P1#2 (addJiraComment): no outcome',
    ],
    [
      'a comment that was made twice under one key, in whatever words',
      { ledger: [commented, { ...commented, detail: { body: 'again' } }] },
      'effect comment added ["OPS-1","t/P1#2"]: made 2 times',
    ],
    [
      'two issues for one incident',
      { ledger: [created, { ...created, target: 'OPS-2' }] },
      'effect issue created ["baton-P1"]: made 2 times',
    ],
    [
      'more lines than it reads, of which it would see a part only',
      { record: Array.from({ length: 50_000 }, () => line(0, 'run.said', {})) },
      'too much to check',
    ],
    [
      'a record whose chain is broken',
      { verified: { ok: false, seq: 2, reason: 'it was changed' } },
      'record: does not verify at 2: it was changed',
    ],
    [
      'an effect that was made twice for one intent',
      { ledger: [effect, effect] },
      'effect instance rebooted ["i-1",null,null]: made 2 times',
    ],
    [
      'an effect without an intent',
      { record: record.filter(({ action }) => action !== 'activity.intended') },
      'effect instance rebooted on i-1 at 2026-11-21T09:00:02.000Z: not between an intent and an outcome',
    ],
    [
      'an effect whose outcome was not written',
      { record: record.filter(({ action }) => action !== 'activity.completed') },
      'effect instance rebooted on i-1 at 2026-11-21T09:00:02.000Z: not between an intent and an outcome',
    ],
  ])('finds %s', async (_, change, expected) => {
    expect(await check(change)).toContain(expected);
  });

  it('takes an effect for one that may recur where each time was meant', async () => {
    const again = { ...reboot, key: 't/P1#3' };
    const both = [
      ...record,
      line(4, 'activity.intended', { ...again, input: { instanceIds: ['i-1'] } }),
      line(6, 'activity.completed', again),
    ];
    const second = { ...effect, at: '2026-11-21T09:00:05.000Z' };
    expect(await check({ record: both, ledger: [effect, second] })).toEqual([]);
  });
});
