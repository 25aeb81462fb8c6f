import { describe, expect, it, vi } from 'vitest';
import type { RunEnd } from '../../domain/run-end.ts';
import type { Decision } from '../../store/events/dispatch.ts';
import { request } from './approval.ts';
import { backends } from './backends.ts';
import { delivery, entry, fresh, intent, outcome } from './world.ts';

describe.each(await backends())('dispatch and runs on $name', ({ world }) => {
  const store = world.newStore();

  async function decided(changes: Partial<Decision> = {}) {
    const subject = fresh('P');
    const { seq } = await store.receive(delivery({ subject }));
    const id = `ec2-unhealthy/${subject}`;
    const decision: Decision = {
      seq,
      incident: { id: subject, status: 'triggered', seenAt: '2026-03-01T10:00:00.000Z' },
      runs: [
        {
          id,
          trigger: 'ec2-unhealthy',
          workflow: 'restart',
          subject,
          target: 'i-0123456789',
          eventSeq: seq,
          input: { odd: '\0\ud800' },
          cause: { subject },
        },
      ],
      entries: [entry({ subject }), entry({ subject })],
      ...changes,
    };
    await store.decide(decision);
    return { subject, seq, id, decision };
  }

  const answers = async (subject: string) =>
    (await store.readRecord({ subject, limit: 99 })).filter(({ action }) => action === 'trigger.answered');

  const endOf = (id: string, subject: string): RunEnd => {
    const { body: _, ...event } = delivery({
      subject,
      eventId: `run.failed:${id}`,
      source: 'baton',
      type: 'run.failed',
    });
    const failure = { class: 'ProviderRefused', message: 'refused (403)', activity: 'rebootEc2Instances' };
    return {
      id,
      workflow: 'w',
      state: 'failed',
      outcome: 'failed',
      failure,
      entry: entry({ subject, action: 'run.ended' }),
      event,
    };
  };

  it('knows nothing of an incident that it never saw', async () => {
    expect(await store.situation(fresh('P'))).toEqual({ runs: [] });
  });

  it('keeps a decision: the incident, the runs that start, and the answers', async () => {
    const { subject, id, seq } = await decided();
    const situation = await store.situation(subject);
    expect(situation.incident).toEqual({ status: 'triggered', seenAt: '2026-03-01T10:00:00.000Z' });
    expect(situation.runs).toMatchObject([{ id, state: 'starting', target: 'i-0123456789', eventSeq: seq }]);
    expect(await answers(subject)).toHaveLength(2);
  });

  it('knows what a person has asked for before and is still at, about this incident or perhaps about it', async () => {
    const personId = fresh('U');
    const [mine, others] = [fresh('P'), fresh('P')];
    async function asked(subject: string | undefined, by = personId) {
      const { seq } = await store.receive(delivery(subject === undefined ? {} : { subject }));
      const id = fresh('slack-request/');
      const run = { id, trigger: 'slack-request', workflow: 'change', target: '', eventSeq: seq, input: {} };
      const about = subject === undefined ? {} : { subject };
      await store.decide({ seq, runs: [{ ...run, ...about, cause: {}, askedBy: by }], entries: [] });
      return { id, seq };
    }
    const named = await asked(mine);
    await asked(others);
    await asked(mine, fresh('U'));
    const over = await asked(mine);
    await store.endRun(endOf(over.id, mine));
    const unnamed = await asked(undefined);
    const { seq } = await store.receive(delivery({ subject: mine }));
    await asked(mine);
    const found = await store.askedBefore({ personId, seq, subject: mine });
    expect(found).toEqual([named.id, unnamed.id].map((id) => ({ id, workflow: 'change' })));
    expect(await store.askedBefore({ personId, seq, subject: undefined })).toHaveLength(3);
    expect(await store.askedBefore({ personId: fresh('U'), seq, subject: mine })).toEqual([]);
  });

  it('writes the answers about an event once, however often it is decided', async () => {
    const { subject, decision } = await decided();
    await store.decide(decision);
    await Promise.all([store.decide(decision), store.decide(decision)]);
    expect(await answers(subject)).toHaveLength(2);
    expect((await store.situation(subject)).runs).toHaveLength(1);
  });

  it('writes the answers again after a replay', async () => {
    const { subject, decision, seq } = await decided();
    await store.settle({ seq, disposition: 'parked', reason: 'x', started: [], entries: [] });
    await store.replay(seq, 'person:ada@example.com', 'cli');
    await store.decide(decision);
    expect(await answers(subject)).toHaveLength(4);
  });

  it('does not let an older event take back the state of an incident', async () => {
    const { subject } = await decided();
    const mirror = async (status: string, seenAt: string) => {
      const { seq } = await store.receive(delivery({ subject }));
      await store.decide({ seq, incident: { id: subject, status, seenAt }, runs: [], entries: [] });
      return (await store.situation(subject)).incident?.status;
    };
    expect(await mirror('resolved', '2026-03-01T10:05:00Z')).toBe('resolved');
    expect(await mirror('acknowledged', '2026-03-01T10:01:00Z')).toBe('resolved');
  });

  it('settles an event once, and what was started then runs', async () => {
    const { subject, seq, id } = await decided();
    const settlement = {
      seq,
      reason: 'x',
      started: [id],
      entries: [entry({ subject, action: 'run.started' })],
    };
    expect(await store.settle({ ...settlement, disposition: 'dispatched' })).toBe(true);
    expect(await store.settle({ ...settlement, disposition: 'ignored' })).toBe(false);
    expect(await store.findEvent(String(seq))).toMatchObject({ disposition: 'dispatched' });
    expect(await store.findRun(id)).toMatchObject({ state: 'running' });
    const lines = await store.readRecord({ subject, limit: 99 });
    expect(lines.filter(({ action }) => action === 'run.started')).toHaveLength(1);
  });

  it('settles and decides as one, and writes the answers only where they were not written before', async () => {
    const { subject, decision, seq } = await decided();
    const later = await store.receive(delivery({ subject }));
    const state = { id: subject, status: 'acknowledged', seenAt: '2026-03-01T10:05:00Z' };
    const told = { incident: state, entries: decision.entries };
    const settlement = {
      disposition: 'ignored' as const,
      reason: 'x',
      started: [],
      entries: [],
      decision: told,
    };
    await store.settle({ seq, ...settlement, decision: { entries: decision.entries } });
    expect(await answers(subject)).toHaveLength(2);
    expect(await store.settle({ seq: later.seq, ...settlement })).toBe(true);
    expect(await store.settle({ seq: later.seq, ...settlement })).toBe(false);
    expect(await answers(subject)).toHaveLength(4);
    expect((await store.situation(subject)).incident?.status).toBe('acknowledged');
  });

  it('shows a run with what began it, for whom, and the code that carries it out', async () => {
    const subject = fresh('P');
    const { seq } = await store.receive(delivery({ subject }));
    const id = `slack-action/${subject}`;
    const cause = {
      trigger: 'slack-action',
      by: { kind: 'person', id: 'U0ADA', name: 'Ada Lopez' },
      eventId: 'ev-1',
      eventType: 'slack.action',
      connections: { jira: 'team-b' },
    };
    const run = {
      id,
      trigger: 'slack-action',
      workflow: 'w',
      subject,
      target: 't',
      eventSeq: seq,
      input: {},
    };
    await store.decide({ seq, runs: [{ ...run, cause }], entries: [] });
    const shown = {
      id,
      event: { id: 'ev-1', type: 'slack.action' },
      actor: 'person:Ada Lopez',
      connections: { jira: 'team-b' },
    };
    expect(await store.findShownRun(id)).toMatchObject(shown);
    expect(await store.findShownRun(id)).not.toHaveProperty('worker');

    const worker = { build: fresh('b'), commit: '0123abc' };
    await store.carryOutRuns([id, 'of-nobody'], worker);
    expect((await store.pageOfRuns({ build: worker.build, limit: 9 })).items).toMatchObject([
      { ...shown, worker },
    ]);
    const last = { build: fresh('b') };
    await store.endRun({ ...endOf(id, subject), worker: last });
    await store.carryOutRuns([id], worker);
    expect((await store.findShownRun(id))?.worker).toEqual(last);
  });

  it('says of a run that somebody began by which operation, and keeps the code of one whose end does not tell it', async () => {
    const id = fresh('manual/');
    const run = { id, trigger: 'manual', workflow: 'w', target: 't', input: {} };
    const cause = { startedBy: { kind: 'token', name: 'ci' }, eventId: id, eventType: 'manual' };
    await store.beginRun({ ...run, cause }, entry({ action: 'run.started' }));
    const worker = { build: 'b' };
    await store.carryOutRuns([id], worker);
    await store.endRun(endOf(id, fresh('P')));
    const shown = await store.findShownRun(id);
    expect(shown).toMatchObject({ operation: 'runs.start', actor: 'token:ci', worker });
    expect(shown).not.toHaveProperty('event');
  });

  it('ends a run once: its state, its line and its event', async () => {
    const onPending = vi.fn();
    const ending = world.newStore({ onPending });
    const { subject, id } = await decided();
    const end = endOf(id, subject);
    const answersGiven = await Promise.all([1, 2, 3, 4].map(() => ending.endRun(end)));
    expect(answersGiven.filter(Boolean)).toHaveLength(1);
    expect(onPending).toHaveBeenCalledTimes(1);
    const run = await store.findRun(id);
    expect(run).toMatchObject({ state: 'failed', outcome: 'failed', failure: end.failure });
    expect(run?.endedAt).toMatch(/Z$/);
    const [event] = await store.listEvents({ subject, limit: 1 });
    expect(event).toMatchObject({ type: 'run.failed', event: end.event.event });
    expect((await store.findEvent(String(event?.seq)))?.body).toHaveLength(0);
    const lines = await store.readRecord({ subject, limit: 99 });
    expect(lines.filter(({ action }) => action === 'run.ended')).toHaveLength(1);
  });

  it('gives the event of an ended run to any process', async () => {
    await world.run(`update inbox set disposition = 'ignored' where disposition is null`);
    const { subject, id, seq } = await decided();
    await store.settle({ seq, disposition: 'dispatched', reason: 'x', started: [id], entries: [] });
    await store.endRun(endOf(id, subject));
    expect(await world.newStore().claim(10)).toMatchObject([{ attempts: 0 }]);
  });

  it('does not end a run that it does not know', async () => {
    expect(await store.endRun(endOf(fresh('x/'), fresh('P')))).toBe(false);
  });

  it('lists runs by incident, live or ended, newest first', async () => {
    const { subject, id, seq } = await decided();
    const second = {
      id: `${id}/2`,
      trigger: 't',
      workflow: 'w',
      subject,
      target: 'x',
      eventSeq: seq,
      input: null,
      cause: null,
    };
    await store.endRun(endOf(id, subject));
    await store.decide({ seq, runs: [second], entries: [] });
    const ids = async (live?: boolean) =>
      (await store.listRuns({ subject, limit: 9, ...(live !== undefined && { live }) })).map((run) => run.id);
    expect(await ids()).toEqual([`${id}/2`, id]);
    expect(await ids(true)).toEqual([`${id}/2`]);
    expect(await ids(false)).toEqual([id]);
  });

  it('counts by workflow what became of the runs that began since then, and leaves out those that only looked', async () => {
    const since = new Date(Date.now() - 60_000).toISOString();
    const workflow = fresh('counted-');
    const begun = async (mode?: 'plan' | 'observe') => {
      const subject = fresh('P');
      const run = { id: `t/${subject}`, trigger: 't', workflow, subject, target: 'x', input: {} };
      await store.beginRun({ ...run, cause: mode ? { mode } : {} }, entry());
      return { subject, id: run.id };
    };
    const ended = async (end: Partial<RunEnd>, mode?: 'plan' | 'observe') => {
      const run = await begun(mode);
      const { failure: _, ...given } = endOf(run.id, run.subject);
      await store.endRun({ ...given, state: 'completed', outcome: 'done', ...end });
      return run;
    };
    await ended({ verified: true });
    await ended({ verified: false });
    await ended({ state: 'failed', outcome: 'failed' });
    await ended({ state: 'cancelled', outcome: 'stopped' });
    await ended({ outcome: 'resolved elsewhere' });
    await ended({}, 'plan');
    await ended({ state: 'failed' }, 'observe');
    const live = await begun();

    const changed = await begun();
    const change = intent({ runId: changed.id, subject: changed.subject });
    await store.intend(change);
    await store.conclude(outcome(change.key));
    const { failure: _, ...end } = endOf(changed.id, changed.subject);
    await store.endRun({ ...end, state: 'completed', outcome: 'resolved elsewhere' });

    const refused = await begun();
    const asked = await store.askApproval(request({ runId: refused.id, workflow }));
    const by = { by: 'person:ben@example.com', name: 'Ben Okafor', via: 'cli' } as const;
    await store.answerApproval(asked.id, { ...by, decision: 'refused' });

    const numbers = async (services?: string[]) =>
      (await store.runsByWorkflow({ services, since })).filter((each) => each.workflow === workflow);
    expect(await numbers()).toEqual([
      {
        workflow,
        runs: 8,
        live: 2,
        completed: 4,
        failed: 1,
        stopped: 1,
        helped: 1,
        notHelped: 1,
        refused: 1,
        notNeeded: 1,
        falsePositives: 3,
      },
    ]);
    expect(await numbers(['PNONE'])).toEqual([]);
    expect(await store.incidentsByWorkflow([live.subject, 'PNONE'], since)).toEqual([
      { workflow, id: live.subject },
    ]);
    expect(await store.runsByWorkflow({ since: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
  });
});
