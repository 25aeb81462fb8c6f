import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event, EventType, RunEvent } from '../../domain/event.ts';
import { runEnd } from '../../domain/run-end.ts';
import { decide } from '../../server/dispatch/decide.ts';
import type { Store } from '../../store/store.ts';
import { runs } from '../../triggers/runs.ts';
import { defineTrigger, type Trigger } from '../../triggers/trigger.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { liveRun, request } from '../store/approval.ts';
import { delivery, embeddedWorld, entry, fresh, type World } from '../store/world.ts';
import { dispatcherOn } from './dispatcher.ts';

async function tell(_: string): Promise<void> {}
const remedy = defineTrigger({
  name: 'remedy',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: ec2UnhealthyRestart,
  input: ({ id }) => ({ incidentId: id }),
});
const listens = (...states: ('started' | 'waiting' | 'went on')[]) =>
  defineTrigger({
    name: 'listens',
    ...runs({ states }),
    run: tell,
    input: ({ runId }) => runId,
    each: 'event',
  });

let world: World;
let store: Store;
beforeEach(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterEach(() => world.close());

const incident = (id: string) => ({
  id,
  title: 'Slow',
  status: 'triggered' as const,
  urgency: 'high' as const,
  service: { id: 'PSHOP', name: 'Checkout' },
  assignees: [],
  teams: [],
});

async function arrives(id = fresh('Q')) {
  const time = new Date().toISOString();
  const type = 'pagerduty.incident.triggered';
  const event = {
    id: fresh('event-'),
    source: '/pagerduty/default',
    type,
    subject: id,
    time,
    data: incident(id),
  };
  await store.receive(delivery({ eventId: event.id, subject: id, type, event, leave: true }));
  return id;
}

/** Events of these types that are in the inbox, and dispatched, oldest first. */
async function told(count: number, ...types: EventType[]) {
  const find = async () =>
    (await store.listEvents({ limit: 100 }))
      .toReversed()
      .filter(({ type }) => types.includes(type as EventType));
  await expect
    .poll(async () => (await find()).filter(({ disposition }) => disposition).length, { timeout: 10_000 })
    .toBe(count);
  return (await find()).map(({ event }) => event as Event);
}
const dispatch = (triggers: readonly Trigger[], start = async (_: string) => {}) =>
  dispatcherOn(store, triggers, { start, signal: async () => {} });

describe('that a run has started', () => {
  it('is told to a trigger that listens, with its workflow’s tags and its incident’s service', async () => {
    const started: string[] = [];
    dispatch([remedy, listens('started')], async (id) => void started.push(id));
    const id = await arrives();
    const [event] = await told(1, 'run.started');
    expect(event).toMatchObject({
      id: `run.started/remedy/${id}`,
      data: {
        runId: `remedy/${id}`,
        workflow: 'ec2UnhealthyRestart',
        tags: ['remediation'],
        trigger: 'remedy',
        service: { id: 'PSHOP', name: 'Checkout' },
        incidentId: id,
      },
    });
    await expect
      .poll(() => started, { timeout: 10_000 })
      .toEqual([`remedy/${id}`, `listens/run.started/remedy/${id}`]);
  });

  it('is told once, also where the process ends before the event is settled', async () => {
    let isFirst = true;
    const settles = store.settle;
    store.settle = async (settlement) => {
      if (isFirst && settlement.started.length > 0) {
        isFirst = false;
        throw new TypeError('the process ends here');
      }
      return settles(settlement);
    };
    dispatch([remedy, listens('started')]);
    const id = await arrives();
    await expect
      .poll(async () => (await store.findRun(`remedy/${id}`))?.state, { timeout: 10_000 })
      .toBe('running');
    expect(await told(1, 'run.started')).toHaveLength(1);
  });

  it('costs nothing where no trigger listens', async () => {
    dispatch([remedy]);
    const id = await arrives();
    await expect
      .poll(async () => (await store.findRun(`remedy/${id}`))?.state, { timeout: 10_000 })
      .toBe('running');
    expect((await store.listEvents({ limit: 10 })).map(({ type }) => type)).toEqual([
      'pagerduty.incident.triggered',
    ]);
  });

  it('never begins a run of the trigger that has led to it, by however many others', async () => {
    const first = defineTrigger({
      name: 'first',
      on: 'run.started',
      when: 'always',
      run: tell,
      input: ({ runId }) => runId,
      each: 'event',
    });
    const second = {
      ...first,
      name: 'second',
      respond: (event: Event) => {
        const answer = first.respond(event);
        return 'no' in answer ? answer : { ...answer, id: answer.id.replace(/^first/, 'second') };
      },
    };
    const started: string[] = [];
    dispatch([remedy, first, second], async (id) => void started.push(id));
    await arrives();
    // First and second of it; second of first, and first of second; and of those nobody is told.
    const names = () => started.map((id) => id.split('/')[0]).sort();
    await expect.poll(names, { timeout: 10_000 }).toEqual(['first', 'first', 'remedy', 'second', 'second']);
    await told(3, 'run.started');
  });
});

describe('a run that asks people', () => {
  it('is told to wait, and to go on once they have answered', async () => {
    dispatch([listens('waiting', 'went on')]);
    const { runId, subject, workflow } = await liveRun(store);
    const approval = await store.askApproval(request({ runId, subject, workflow }));
    const [waiting] = await told(1, 'run.waiting');
    const waitsFor = { kind: 'approval', id: approval.id, summary: approval.summary, state: 'pending' };
    expect(waiting).toMatchObject({ data: { runId, workflow, outcome: 'waiting', waitsFor } });
    await store.answerApproval(approval.id, {
      by: 'person:ben@example.com',
      name: 'Ben',
      via: 'api',
      decision: 'approved',
    });
    const [wentOn] = await told(1, 'run.went_on');
    expect(wentOn).toMatchObject({ data: { runId, waitedFor: { ...waitsFor, state: 'approved' } } });
  });

  it('is not told to go on where it has ended meanwhile', async () => {
    const { runId, subject, workflow } = await liveRun(store);
    const approval = await store.askApproval(request({ runId, subject, workflow }));
    const run = await store.findRun(runId);
    if (run)
      await store.endRun(
        runEnd(run, { state: 'cancelled', outcome: 'cancelled', at: entry().at, via: 'worker' }),
      );
    await store.closeApproval(approval.id, 'withdrawn', 'the run has ended');
    dispatch([listens('waiting', 'went on')]);
    await told(2, 'approval.asked', 'approval.withdrawn');
    expect(await told(0, 'run.waiting', 'run.went_on')).toEqual([]);
  });
});

describe('what becomes of an approval and of a question', () => {
  it('starts the workflow of a trigger that names it, but of none that has led to the run that asks', async () => {
    const on = (name: string) =>
      defineTrigger({
        name,
        on: ['approval.refused', 'question.expired'],
        when: { 'is over': ({ state }) => state !== 'pending' },
        run: tell,
        input: ({ runId, summary }) => `${runId}: ${summary}`,
        each: 'event',
      });
    const started: string[] = [];
    dispatch([remedy, on('follows'), on('remedied')], async (id) => void started.push(id));
    const about = { workflow: 'restart', subject: fresh('P') };
    const runId = `remedied/${about.subject}`;
    const cause = { trigger: 'remedied', eventId: 'E1', whenResolved: 'stop' };
    const run = { id: runId, trigger: 'remedied', ...about, target: 'i-0abc12345def67890', input: {}, cause };
    await store.beginRun(run, entry());
    await store.runBegan(runId);
    const { id } = await store.askApproval(request({ runId, ...about }));
    const ben = { by: 'person:ben@example.com', name: 'Ben', via: 'api' } as const;
    await store.answerApproval(id, { ...ben, decision: 'refused' });
    const [refused] = await told(1, 'approval.refused');
    expect(refused).toMatchObject({ data: { approvalId: id, runId, state: 'refused' } });
    expect(started).toEqual([`follows/${refused?.id}`]);
  });
});

describe('a trigger that is asked about a run', () => {
  const about = (data: Partial<RunEvent>): Event => ({
    id: 'run.completed/x',
    source: '/baton',
    type: 'run.completed',
    subject: 'x/y',
    time: '2026-11-20T09:00:00.000Z',
    data: {
      runId: 'x',
      workflow: 'scaleOut',
      trigger: 'remedy',
      target: 'y',
      outcome: 'completed',
      healthy: true,
      startedAt: '',
      ...data,
    },
  });
  const trigger = defineTrigger({
    name: 'after',
    ...runs({ states: ['completed'] }),
    run: tell,
    input: ({ runId }) => runId,
  });
  const planFor = (data: Partial<RunEvent>) =>
    decide({ seq: 1, event: about(data) }, { runs: [] }, [trigger], undefined);

  it('hands the way to it on to what it starts', () => {
    expect(planFor({ chain: ['first'] }).starts).toMatchObject([{ cause: { chain: ['first', 'remedy'] } }]);
  });

  it.each([
    ['its own', { trigger: 'after' }],
    ['one that its own has led to', { chain: ['other', 'after'] }],
  ])('leaves %s alone, and says so', (_, data) => {
    expect(planFor(data)).toMatchObject({
      starts: [],
      answers: [
        { trigger: 'after', answer: 'no', reason: expect.stringContaining('this trigger has led to') },
      ],
    });
  });
});
