import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../domain/event.ts';
import type { Incident } from '../../domain/incident.ts';
import type { RunRow } from '../../domain/run.ts';
import { decide, type Gatherings } from '../../server/dispatch/decide.ts';
import type { Echo } from '../../store/changes/echoes.ts';
import type { AskedRun, Situation } from '../../store/events/dispatch.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { defineTrigger, type Trigger } from '../../triggers/trigger.ts';
import { handle, onTriggered } from '../fixtures/on-triggered.ts';

const story = {
  triggered: 'triggered',
  acknowledged: 'acknowledged',
  resolved: 'resolved',
  reopened: 'triggered',
} as const;
type Step = keyof typeof story;
const steps = Object.keys(story) as Step[];

function eventOf(step: Step, time = `2026-11-25T10:00:0${steps.indexOf(step)}Z`): Event {
  const incident: Incident = {
    id: 'QBUG1',
    title: 'Checkout errors',
    status: story[step],
    urgency: 'high',
    service: { id: 'PSHOP', name: 'Checkout' },
    assignees: [],
    teams: [],
  };
  return {
    id: `${step}/${time}`,
    source: '/pagerduty/default',
    type: `pagerduty.incident.${step}`,
    subject: 'QBUG1',
    time,
    data: incident,
  };
}

/** Dispatches events in this order, as the store keeps what comes of them. A live run stops when it is told of a resolve. */
function dispatchAll(events: Event[]) {
  const runs: RunRow[] = [];
  let incident: Situation['incident'];
  const plans = events.map((event, place) => {
    const before = incident;
    const plan = decide(
      { seq: place + 1, event },
      { runs, ...(incident ? { incident } : {}) },
      [onTriggered],
      undefined,
    );
    if (plan.incident)
      incident = { status: plan.incident.status, seenAt: new Date(plan.incident.seenAt).toISOString() };
    for (const run of runs)
      if (plan.tell.includes(run.id) && event.type.endsWith('resolved')) run.state = 'completed';
    for (const { id, trigger, workflow } of plan.starts) {
      const createdAt = `2026-11-25T11:00:0${place}.000Z`;
      runs.push({
        id,
        trigger,
        workflow,
        target: '',
        subject: 'QBUG1',
        eventSeq: place + 1,
        state: 'running',
        createdAt,
      });
    }
    return { plan, before };
  });
  return { plans, runs, incident };
}

function ordersOf<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item) =>
    ordersOf(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

describe('events of one incident, in whatever order they come', () => {
  it.each(ordersOf(steps).map((order) => [order.join(' '), order] as const))('%s', (_, order) => {
    const { plans, runs, incident } = dispatchAll(order.map((step) => eventOf(step)));
    // What was last is what it is.
    expect(incident).toEqual({ status: 'triggered', seenAt: '2026-11-25T10:00:03.000Z' });
    expect(runs.length).toBeLessThanOrEqual(1);
    const place = order.indexOf('triggered');
    const isOpen = plans[place]?.before?.status !== 'resolved';
    expect(runs).toHaveLength(isOpen ? 1 : 0);
  });

  it('start nothing once it is resolved', () => {
    for (const order of ordersOf(['triggered', 'acknowledged', 'resolved'] as const)) {
      const { plans, runs } = dispatchAll(order.map((step) => eventOf(step)));
      for (const { plan, before } of plans)
        if (before?.status === 'resolved') expect(plan.starts).toEqual([]);
      expect(runs.filter(({ state }) => state === 'running')).toEqual([]);
    }
  });

  it('of one moment are taken as their story goes', () => {
    const time = '2026-11-25T10:00:00Z';
    for (const order of ordersOf(['triggered', 'acknowledged', 'resolved'] as const)) {
      const { incident, runs } = dispatchAll(order.map((step) => eventOf(step, time)));
      expect(incident?.status).toBe('resolved');
      expect(runs.filter(({ state }) => state === 'running')).toEqual([]);
    }
  });

  it('make the same state and leave no run after a resolve, for any walk and any order', () => {
    const walk = fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 8 }).chain((walked) => {
      const events = walked.map((step, place) => eventOf(step, `2026-11-25T10:00:0${place}.${place}00Z`));
      return fc.record({
        events: fc.constant(events),
        order: fc.shuffledSubarray(events, { minLength: events.length }),
      });
    });
    fc.assert(
      fc.property(walk, ({ events, order }) => {
        const { plans, runs, incident } = dispatchAll(order);
        const last = events.map(({ type }) => steps.find((step) => type.endsWith(`.${step}`))).at(-1);
        expect(incident?.status).toBe(last && story[last]);
        for (const { plan, before } of plans)
          if (before?.status === 'resolved' && plan.overtaken) expect(plan.starts).toEqual([]);
        if (incident?.status === 'resolved')
          expect(runs.filter(({ state }) => state === 'running')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a request', () => {
  it('starts a run that knows what its person has asked for before', () => {
    const event: Event<'slack.request'> = {
      id: 'command.1',
      source: '/slack/T0ACME',
      type: 'slack.request',
      time: '2026-11-25T10:00:00.000Z',
      agent: { kind: 'person', id: 'U0ADA', name: 'ada' },
      data: {
        request: { do: 'acknowledge' },
        by: 'command',
        user: { id: 'U0ADA', name: 'ada', teamId: 'T0ACME' },
        channelId: 'C0ROOM',
      },
    };
    const causeAfter = (askedBefore: AskedRun[]) =>
      decide({ seq: 7, event }, { runs: [], askedBefore }, [slackRequest], undefined).starts[0]?.cause.after;
    const before = { id: 'slack-request/command.0', workflow: 'changeIncident' };
    const another = { id: 'own/command.0', workflow: 'ownOfATeam' };
    expect(causeAfter([before, another])).toEqual([before.id]);
    expect(causeAfter([another])).toBeUndefined();
    expect(causeAfter([])).toBeUndefined();
  });
});

describe('an event', () => {
  const open: Situation = {
    incident: { status: 'acknowledged', seenAt: '2026-11-25T10:00:03.000Z' },
    runs: [],
  };
  const answerTo = (event: Event, situation: Situation) =>
    decide({ seq: 7, event }, situation, [onTriggered], undefined);

  it('that its acknowledgement has overtaken still asks the triggers, and leaves the state alone', () => {
    const plan = answerTo(eventOf('triggered'), open);
    expect(plan.starts.map(({ id }) => id)).toEqual(['on-triggered/QBUG1']);
    expect(plan.incident).toBeUndefined();
    expect(plan.overtaken).toContain('acknowledged');
  });

  it('of weeks ago starts nothing for a resolved incident, nor a second run for an open one', () => {
    const old = eventOf('triggered', '2026-10-01T10:00:00Z');
    const resolved = { status: 'resolved', seenAt: '2026-10-01T11:00:00.000Z' };
    expect(answerTo(old, { incident: resolved, runs: [] })).toMatchObject({
      starts: [],
      hold: { disposition: 'stale' },
    });
    const ended: RunRow = {
      id: 'on-triggered/QBUG1',
      trigger: 'on-triggered',
      workflow: 'handle',
      target: '',
      subject: 'QBUG1',
      eventSeq: 1,
      state: 'completed',
      createdAt: '2026-10-01T10:00:01.000Z',
    };
    expect(answerTo(old, { ...open, runs: [ended] }).starts).toEqual([]);
  });

  it('that has started a run does not start it again, though Temporal may have forgotten it', () => {
    const run: RunRow = {
      id: 'on-triggered/QBUG1',
      trigger: 'on-triggered',
      workflow: 'handle',
      target: '',
      subject: 'QBUG1',
      eventSeq: 7,
      state: 'completed',
      createdAt: '2026-10-01T10:00:01.000Z',
    };
    expect(answerTo(eventOf('triggered'), { ...open, runs: [run] })).toMatchObject({
      starts: [],
      begun: ['on-triggered/QBUG1'],
    });
    expect(
      answerTo(eventOf('triggered'), { ...open, runs: [{ ...run, state: 'starting' }] }).starts,
    ).toHaveLength(1);
  });
});

describe('a new incident in a storm', () => {
  const storming = defineTrigger({
    name: 'storming',
    on: ['pagerduty.incident.triggered', 'pagerduty.incident.reopened'],
    when: 'always',
    run: handle,
    input: ({ id }) => id,
    whenResolved: 'continue',
    storm: 10,
  });
  const inStorm = { storming: { run: 'storming/QFIRST' } };
  const planOf = (step: Step, situation: Situation, gatherings: Gatherings = inStorm) =>
    decide({ seq: 7, event: eventOf(step) }, situation, [storming, onTriggered], undefined, [], gatherings);
  const reason = 'storming/QFIRST: more than 10 new incidents within a minute on Checkout';

  it('joins the run of another one, and is kept with it; triggers that count no storms start theirs', () => {
    const plan = planOf('triggered', { runs: [] });
    expect(plan.joins).toEqual([{ run: 'storming/QFIRST', reason }]);
    expect(plan.starts.map(({ id }) => id)).toEqual(['on-triggered/QBUG1']);
    expect(plan.answers[0]).toEqual({ trigger: 'storming', answer: 'joined', reason });
    expect(plan.incident).toMatchObject({ status: 'triggered', gatheredBy: ['storming/QFIRST'] });
  });

  it('that has gone on meanwhile keeps its newer state', () => {
    const acknowledged = { status: 'acknowledged', seenAt: '2026-11-25T10:00:03.000Z' };
    const plan = planOf('triggered', { incident: acknowledged, gatheredBy: ['other/Q0'], runs: [] });
    const gatheredBy = ['other/Q0', 'storming/QFIRST'];
    expect(plan.incident).toEqual({ id: 'QBUG1', ...acknowledged, gatheredBy });
  });

  it('says for which other one it waits, and decides nothing of that trigger', () => {
    const plan = planOf('triggered', { runs: [] }, { storming: { waitsFor: 'QFIRST' } });
    expect(plan).toMatchObject({ waitsFor: 'QFIRST', joins: [] });
    expect(plan.starts.map(({ trigger }) => trigger)).toEqual(['on-triggered']);
  });

  it('keeps the run that it was given before', () => {
    const own: RunRow = {
      ...{ id: 'storming/QBUG1', trigger: 'storming', workflow: 'handle', target: '', subject: 'QBUG1' },
      ...{ eventSeq: 7, state: 'starting', createdAt: '2026-11-25T10:00:01.000Z' },
    };
    const plan = planOf('triggered', { runs: [own] });
    expect(plan).toMatchObject({ joins: [], starts: [{ id: 'storming/QBUG1' }, {}] });
  });

  it('that has joined one starts none, also where the storm is over, and tells it from then on how it stands', () => {
    const known: Situation = {
      incident: { status: 'triggered', seenAt: '2026-11-25T10:00:00.000Z' },
      gatheredBy: ['storming/QFIRST'],
      runs: [],
    };
    for (const step of steps) {
      const plan = planOf(step, known, {});
      expect(plan.joined).toEqual(['storming/QFIRST']);
      expect(
        [...plan.starts, ...plan.joins].filter((each) => 'trigger' in each && each.trigger === 'storming'),
      ).toEqual([]);
    }
    expect(planOf('reopened', known).answers[0]).toMatchObject({
      answer: 'joined',
      reason: 'storming/QFIRST before, in a storm',
    });
  });
});

describe('an event of an approval', () => {
  const approved: Event<'approval.approved'> = {
    id: 'approval.approved/1',
    source: '/baton',
    type: 'approval.approved',
    subject: 'QBUG1',
    time: '2026-11-25T10:00:00Z',
    data: { approvalId: '1', runId: 'manual/1', workflow: 'w', state: 'approved', summary: 'Reboots i-1' },
  };
  const run = (id: string, state: RunRow['state'] = 'running'): RunRow => ({
    ...{ id, state, trigger: 't', workflow: 'w', target: '', subject: 'QBUG1' },
    ...{ eventSeq: 1, createdAt: '2026-11-25T09:00:00.000Z' },
  });
  const planOf = (runs: RunRow[]) => {
    // The incident is resolved and newer: that holds back what PagerDuty tells, and no answer of ours.
    const incident = { status: 'resolved', seenAt: '2026-11-25T11:00:00.000Z' };
    return decide({ seq: 9, event: approved }, { runs, incident }, [onTriggered], undefined);
  };

  it('is told to the live runs of its incident and to the run that asks, once', () => {
    expect(planOf([run('t/QBUG1'), run('t/ended', 'completed'), run('manual/1')]).tell).toEqual([
      't/QBUG1',
      'manual/1',
    ]);
    expect(planOf([]).tell).toEqual(['manual/1']);
  });

  it('starts nothing by being about an incident, and nothing holds it back', () => {
    const { starts, hold, overtaken, incident } = planOf([]);
    expect({ starts, hold, overtaken, incident }).toEqual({ starts: [] });
  });
});

describe('a person who takes an incident in hand', () => {
  const ada = { kind: 'person', id: 'PADALOP', name: 'Ada Lopez' } as const;
  const effect = { runId: 't/QBUG1', activity: 'acknowledgePagerDutyIncident' };
  const known = { incident: { status: 'acknowledged', seenAt: '2026-11-25T11:00:00.000Z' }, runs: [] };
  const takenBy = (event: Event, echo?: Echo, situation: Situation = { runs: [] }) =>
    decide({ seq: 1, event }, situation, [onTriggered], echo).takenOver;
  const acknowledged: Event = { ...eventOf('acknowledged'), agent: ada };
  const taken = {
    incident: 'QBUG1',
    eventId: acknowledged.id,
    how: 'acknowledged',
    by: 'Ada Lopez',
    at: acknowledged.time,
  };

  it('has acknowledged it, also where that is told late', () => {
    expect(takenBy(acknowledged)).toEqual(taken);
    expect(takenBy(acknowledged, undefined, known)).toEqual(taken);
  });

  it('has asked for it in Slack, in whose name Baton has acknowledged it', () => {
    const actor = { kind: 'person', name: 'Ben Okafor', email: 'ben@example.com' } as const;
    expect(takenBy(acknowledged, { ...effect, actor })).toMatchObject({ by: 'Ben Okafor' });
  });

  it('is neither Baton itself nor a machine', () => {
    expect(takenBy(acknowledged, { ...effect, actor: { kind: 'trigger', name: 't' } })).toBeUndefined();
    expect(takenBy({ ...acknowledged, agent: { ...ada, kind: 'machine' } })).toBeUndefined();
    expect(takenBy({ ...eventOf('resolved'), agent: ada })).toBeUndefined();
  });

  it('has reassigned it to themselves, and not to somebody else', () => {
    const to = (id: string): Event => ({
      ...acknowledged,
      type: 'pagerduty.incident.reassigned',
      data: { ...(acknowledged.data as Incident), assignees: [{ id, name: 'A' }] },
    });
    expect(takenBy(to('PADALOP'))).toMatchObject({ how: 'reassigned', by: 'Ada Lopez' });
    expect(takenBy(to('PBENOKA'))).toBeUndefined();
  });

  it('has it no more once the acknowledgement has run out, whoever that was by and however late it is told', () => {
    const ranOut: Event = { ...eventOf('triggered'), type: 'pagerduty.incident.unacknowledged' };
    const ended = { incident: 'QBUG1', eventId: ranOut.id, how: 'unacknowledged', by: '', at: ranOut.time };
    expect(takenBy(ranOut)).toEqual(ended);
    expect(takenBy(ranOut, undefined, known)).toEqual(ended);
  });

  it('is in the cause of a run only where its trigger asks for it', () => {
    const start = (trigger: Trigger) =>
      decide({ seq: 1, event: eventOf('triggered') }, { runs: [] }, [trigger], undefined).starts[0];
    expect(start(onTriggered)?.cause).not.toHaveProperty('whenAcknowledged');
    expect(start({ ...onTriggered, whenAcknowledged: 'pause' })?.cause.whenAcknowledged).toBe('pause');
  });
});
