import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunCause } from '../../domain/incident.ts';
import type { AnswerForm, Question, QuestionEvent } from '../../domain/question.ts';
import { slackEnvironment } from '../../simulator/slack.ts';
import type { Store } from '../../store/store.ts';
import { bundleWorkflows } from '../../worker/bundle.ts';
import { type RunningWorker, startWorker } from '../../worker/worker.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { testAuthority } from '../authority.ts';
import { clientsFor } from '../clients.ts';
import { embeddedWorld, fresh, type World } from '../store/world.ts';
import { startTimeSkipping } from '../temporal.ts';
import { eventually } from '../world.ts';
import { startRun, tellRun } from './asking-runs.ts';
import {
  chooseRegion,
  describeImpact,
  type Given,
  makeIssue,
  makeTwo,
  type Parked,
  rebootOrPark,
} from './fixture/asking-people.ts';
import { failingSteps } from './fixture/failing-steps.ts';

let temporal: TestWorkflowEnvironment;
let stored: World;
let store: Store;
let worker: RunningWorker;
let bundle: WorkflowBundle;
const failing = failingSteps();
beforeAll(async () => {
  temporal = await startTimeSkipping();
  stored = await embeddedWorld();
  store = stored.newStore();
  bundle = await bundleWorkflows(fileURLToPath(new URL('./fixture/asking-people.ts', import.meta.url)));
  worker = await startWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    bundle,
    store: inTemporalsTime(store),
    activities: failing.activities,
    clients: clientsFor(slackEnvironment('http://127.0.0.1:9')),
    simulated: [],
    scrub: (text) => text.replaceAll('hunter2', '[secret]'),
    authority: testAuthority,
  });
});
afterAll(async () => {
  await worker.stop();
  await store.close();
  await stored.close();
  await temporal.teardown();
});

/** What was asked in Temporal's time, and for how many seconds. */
const lasting = new Map<string, number>();

/** The database's clock cannot skip time, so what it has asked and what is over goes by Temporal's. */
function inTemporalsTime(kept: Store): Store {
  const setTimes = (id: string, expires: number, more: { asked_at?: Date } = {}) =>
    stored.db
      .updateTable('questions')
      .set({ expires_at: new Date(expires).toISOString(), ...more })
      .where('id', '=', id)
      .execute();
  return {
    ...kept,
    async askQuestion(request) {
      const question = await kept.askQuestion(request);
      if (lasting.has(question.id)) return question;
      const now = await temporal.currentTimeMs();
      await setTimes(question.id, now + request.expiresInSeconds * 1_000, { asked_at: new Date(now) });
      lasting.set(question.id, request.expiresInSeconds);
      return (await kept.findQuestion(question.id)) ?? question;
    },
    async closeQuestion(id, state, because) {
      const { expiresAt = '' } = (await kept.findQuestion(id)) ?? {};
      if (Date.parse(expiresAt) <= (await temporal.currentTimeMs())) await setTimes(id, Date.now() - 1_000);
      return kept.closeQuestion(id, state, because);
    },
  };
}

const start = <Input = Given>(
  run: (input: Input) => Promise<string>,
  input: Input = {} as Input,
  cause: Partial<RunCause> = {},
) => startRun({ temporal, store }, 'region', run, input, cause);

const asksOf = async (run: string): Promise<Question[]> =>
  (await store.pageOfQuestions({ run, limit: 50 })).items.toReversed();
/** The question that the run asks as its `count`th, once it has. */
const asked = ({ workflowId }: WorkflowHandle, count = 1) =>
  eventually('the run to ask', async () => {
    const found = (await asksOf(workflowId)).at(count - 1);
    return found && lasting.has(found.id) ? found : undefined;
  });

/** Somebody answers, and the run is told by the event. */
async function answer(
  run: WorkflowHandle,
  { id, summary }: Question,
  values: Question['answers'][0]['values'],
  more: Pick<Question['answers'][0], 'input'> = {},
) {
  const by = { by: 'person:ben@example.com', name: 'Ben', via: 'api' } as const;
  await store.answerQuestion(id, { ...by, values, reason: 'it is quiet there', ...more });
  const { workflowId: runId, workflowId: workflow } = run;
  const data: QuestionEvent = { questionId: id, runId, workflow, state: 'answered', summary };
  await tellRun(run, 'question.answered', data);
}

const lastsFor = (question: Question | undefined) => question && lasting.get(question.id);
const waiting = async ({ workflowId: subject }: WorkflowHandle) =>
  (await store.listEvents({ subject, limit: 50 })).filter(({ type }) => type === 'question.waiting');

describe('a run that asks people to choose', () => {
  it('waits for the answer, goes on with it, and knows who has given it, where and why', async () => {
    const run = await start(chooseRegion);
    const question = await asked(run);
    expect(question).toMatchObject({
      summary: 'Which region takes over?',
      form: { options: [{ value: 'west' }, { value: 'east' }] },
      approvers: {},
      runId: run.workflowId,
      workflow: 'chooseRegion',
    });
    await temporal.sleep('1 hour');
    await answer(run, question, { choice: 'west' });
    expect(await run.result()).toBe('west by Ben (api), reason it is quiet there');
  });

  it('finds an answer that nobody told it of, within the hour', async () => {
    const run = await start(chooseRegion);
    const { id } = await asked(run);
    await store.answerQuestion(id, { by: 'person:a@b.c', name: 'A', via: 'cli', values: { choice: 'east' } });
    expect(await run.result()).toBe('east by A (cli), reason none');
  });

  it('is told by the update too, once it has taken the answer up', async () => {
    const run = await start(chooseRegion);
    const { id } = await asked(run);
    await store.answerQuestion(id, { by: 'person:a@b.c', name: 'A', via: 'cli', values: { choice: 'east' } });
    expect(await run.executeUpdate<boolean, [string]>('approvalAnswered', { args: [id] })).toBe(true);
    expect(await run.result()).toBe('east by A (cli), reason none');
  });

  it('believes no event that the store does not confirm', async () => {
    const run = await start(chooseRegion);
    const { id: questionId } = await asked(run);
    await tellRun(run, 'question.answered', { questionId, state: 'answered' });
    expect(await run.result()).toBe('nobody chose');
  });

  it('goes on where nobody answers, and the question says so', async () => {
    const run = await start(chooseRegion);
    expect(await run.result()).toBe('nobody chose');
    expect(await asksOf(run.workflowId)).toMatchObject([
      { state: 'expired', closedBecause: 'nobody answered in time' },
    ]);
  });

  it('asks others then, for as long again, and takes their answer', async () => {
    const run = await start(chooseRegion, { onExpire: { ask: { role: 'admin' } } });
    await asked(run);
    await temporal.sleep('5 hours');
    const second = await asked(run, 2);
    expect(await asksOf(run.workflowId)).toMatchObject([
      {
        state: 'expired',
        closedBecause: 'nobody answered in time, so others are asked: whoever is admin in Baton, or higher',
      },
      { state: 'pending', approvers: { role: 'admin' } },
    ]);
    await answer(run, second, { choice: 'east' });
    expect(await run.result()).toContain('east by Ben');
  });

  it('asks the next ones for their own time, and pages where they do not answer either', async () => {
    const ask = { onCallOf: { service: 'PCHECKO', level: 2 } };
    const run = await start(chooseRegion, { onExpire: { ask, expiresIn: '30 minutes', then: 'page' } });
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'QuestionExpired' } });
    const [first, second] = await asksOf(run.workflowId);
    expect(first?.closedBecause).toContain('so others are asked: whoever is on call on level 2');
    expect(second).toMatchObject({
      approvers: ask,
      closedBecause: 'nobody answered in time, so the run fails, and somebody is paged',
    });
    expect(lastsFor(first)).toBe(4 * 3_600);
    expect(lastsFor(second)).toBe(1_800);
  });

  it('tells by an event, at half and at three quarters of the time, that it still waits', async () => {
    const run = await start(chooseRegion);
    const { id: questionId } = await asked(run);
    await temporal.sleep('110 minutes');
    expect(await waiting(run)).toEqual([]);
    await temporal.sleep('15 minutes');
    await eventually('the first event', async () => (await waiting(run)).length === 1);
    expect(await run.result()).toBe('nobody chose');
    const events = await waiting(run);
    expect(events.map(({ eventId }) => eventId).toSorted()).toEqual([
      `question.waiting/${questionId}/1`,
      `question.waiting/${questionId}/2`,
    ]);
  });

  it('fails where that is to page', async () => {
    const run = await start(chooseRegion, { onExpire: 'page' });
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'QuestionExpired', message: 'Nobody answered in time: Which region takes over?' },
    });
  });

  it('withdraws the question where it is cancelled', async () => {
    const run = await start(chooseRegion);
    const { id } = await asked(run);
    await run.cancel();
    await expect(run.result()).rejects.toThrow();
    expect(await store.findQuestion(id)).toMatchObject({
      state: 'withdrawn',
      closedBecause: 'the run was stopped',
    });
  });

  it('withdraws it where somebody has resolved the incident, and says who', async () => {
    const run = await start(chooseRegion, {}, { whenResolved: 'stop' });
    const { id } = await asked(run);
    const by = { kind: 'person', id: 'PADALOP', name: 'Ada Lopez' } as const;
    const event = { eventId: fresh('E'), type: 'pagerduty.incident.resolved', by, echo: false };
    await run.signal(laterEvents, [{ ...event, time: new Date().toISOString() }]);
    expect(await run.result()).toBe('resolved elsewhere');
    expect(await store.findQuestion(id)).toMatchObject({
      state: 'withdrawn',
      closedBecause: 'the incident was resolved by Ada Lopez',
    });
  });

  it('fails where the store has lost the question, and does not wait for ever', async () => {
    const run = await start(chooseRegion);
    const { id } = await asked(run);
    await stored.db.deleteFrom('questions').where('id', '=', id).execute();
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'QuestionLost' } });
  });
});

describe('a run that asks people to fill in a form', () => {
  it('gets what was filled in, each as its field says', async () => {
    const run = await start(describeImpact);
    const question = await asked(run);
    await answer(run, question, { seen: 'error 500', users: 41, isPublic: true });
    expect(await run.result()).toBe('error 500, 42, true');
  });

  it('goes on without what was not required', async () => {
    const run = await start(describeImpact);
    await answer(run, await asked(run), { seen: 'nothing', isPublic: false });
    expect(await run.result()).toBe('nothing, no number, false');
  });
});

describe('a run that only looks', () => {
  const saidOf = async ({ workflowId: subject }: WorkflowHandle) =>
    (await store.readRecord({ subject, limit: 99 })).flatMap(({ action, detail }) =>
      action === 'run.said' ? [detail.text] : [],
    );

  it('asks nobody, says what it would ask, and goes on with what it states itself', async () => {
    const choice = await start(chooseRegion, { assume: true }, { mode: 'plan' });
    expect(await choice.result()).toContain('east by nobody (the run only looks)');
    const form = await start(describeImpact, { assume: true }, { mode: 'plan' });
    expect(await form.result()).toBe('nothing, no number, false');
    expect(await asksOf(choice.workflowId)).toEqual([]);
    expect(await saidOf(choice)).toEqual([
      'Would ask: Which region takes over? The run goes on with {"choice":"east"}.',
    ]);
  });

  it.each(['plan', 'observe', 'propose'] as const)(
    'invents no answer where none is stated, in the mode %s',
    async (mode) => {
      const run = await start(chooseRegion, {}, { mode });
      expect(await run.result()).toBe('nobody chose');
      expect(await asksOf(run.workflowId)).toEqual([]);
      expect(await saidOf(run)).toEqual([
        'Would ask: Which region takes over? The run goes on as if nobody answered.',
      ]);
    },
  );
});

describe('a question that nobody could be asked, or answer', () => {
  const option = { value: 'west', label: 'Ireland' };
  const field = { name: 'seen', type: 'text', required: true } as const;
  it.each<[string, Given, string]>([
    ['is over before it begins', { expiresIn: 0 }, '`expiresIn` is from 1 second'],
    ['is to last for years', { expiresIn: '400 days' }, '`expiresIn` is from 1 second'],
    ['asks a level that there is not', { asked: { onCallOf: { service: 'P1', level: 0 } } }, 'has a level 0'],
    ['has no options', { form: { options: [] } }, 'there are 0 options'],
    ['has one option twice', { form: { options: [option, option] } }, 'is there twice'],
    ['has a value of two words', { form: { options: [{ ...option, value: 'the west' }] } }, 'no value'],
    ['has an option without a label', { form: { options: [{ ...option, label: ' ' }] } }, 'no fitting label'],
    [
      'has more options than Slack shows',
      { form: { options: Array.from({ length: 101 }, (_, at) => ({ ...option, value: `o${at}` })) } },
      'there are 101 options',
    ],
    ['has a value that is a secret', { form: { options: [{ ...option, value: 'hunter2' }] } }, 'no value'],
  ])('%s fails at once, and says what would be right', async (_, given, words) => {
    const run = await start(chooseRegion, given);
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'InvalidInput', message: expect.stringContaining(words) },
    });
    expect(await asksOf(run.workflowId)).toEqual([]);
  });

  it.each<[string, AnswerForm, string]>([
    ['has no fields', { fields: [] }, 'the form has 0 fields'],
    ['has one field twice', { fields: [field, field] }, 'is there twice'],
    ['has a field without a name', { fields: [{ ...field, name: '' }] }, 'no name of a field'],
    ['has a choice of nothing', { fields: [{ ...field, type: 'choice' }] }, 'no fitting choices'],
    ['takes more text than Slack does', { fields: [{ ...field, most: 4_000 }] }, 'cannot take 4000'],
  ])('%s fails at once, too', async (_, form, words) => {
    const run = await start(describeImpact, { form });
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'InvalidInput', message: expect.stringContaining(words) },
    });
  });
});

describe('a run whose step fails for good', () => {
  const parkAt = (more: Partial<Parked> = {}): Parked => ({ incidentId: fresh('P'), ...more });
  const decide = (
    run: WorkflowHandle,
    question: Question,
    choice: string,
    input?: Question['answers'][0]['input'],
  ) => answer(run, question, { choice }, input ? { input } : {});
  const saidOf = async ({ workflowId: subject }: WorkflowHandle) =>
    (await store.readRecord({ subject, limit: 99 })).flatMap(({ action, detail }) =>
      action === 'run.said' ? [detail.text] : [],
    );

  it('is parked, says what failed and with what, and tries it again under the same effect', async () => {
    const given = parkAt({ summary: 'with hunter2' });
    failing.fate(given.incidentId, 'refused');
    const run = await start(makeIssue, given);
    const question = await asked(run);
    expect(question).toMatchObject({
      summary: 'Parked: createJiraIssue failed (ProviderRefused: no project [secret])',
      form: { options: [{ value: 'retry' }, { value: 'skip' }, { value: 'abort' }] },
      parked: {
        step: 'createJiraIssue',
        input: { incidentId: given.incidentId, summary: 'with [secret]' },
        failure: { class: 'ProviderRefused', message: 'no project [secret]' },
        effects: [`${run.workflowId}#createJiraIssue#1`],
      },
      approvers: {},
    });
    expect(question.parked?.uncertainSince).toBeUndefined();
    expect(await store.parkedSteps([run.workflowId])).toEqual([question]);
    await decide(run, question, 'retry');
    expect(await run.result()).toBe('made OPS-1');
    expect(failing.madeOf(given.incidentId)).toHaveLength(1);
    expect(await store.parkedSteps([run.workflowId])).toEqual([]);
    // What was done before is not done again.
    expect(await saidOf(run)).toEqual(['Before.']);
    const history = await run.fetchHistory();
    const names = [...failing.activities.map(({ name }) => name), 'parkStep', 'findQuestion', 'recordLine'];
    const registered = Object.fromEntries([...names, 'reportRunEnd'].map((name) => [name, async () => {}]));
    const replaying: Parameters<typeof Worker.runReplayHistory>[0] & { activities: object } = {
      workflowBundle: bundle,
      activities: registered,
    };
    await Worker.runReplayHistory(replaying, history);
  });

  it('tries it with another input, where that is wanted, and parks again where it fails again', async () => {
    const given = parkAt();
    failing.fate(given.incidentId, 'refused', 'refused');
    const run = await start(makeIssue, given);
    await decide(run, await asked(run), 'retry', { summary: 'It is slow', project: 'WEB' });
    const second = await asked(run, 2);
    expect(second.parked).toMatchObject({
      input: { summary: 'It is slow', project: 'WEB' },
      effects: [`${run.workflowId}#createJiraIssue#1`],
    });
    await decide(run, second, 'retry', { project: null });
    expect(await run.result()).toBe('made OPS-1');
    expect(failing.madeOf(given.incidentId)).toMatchObject([
      { input: { incidentId: given.incidentId, summary: 'It is slow' } },
    ]);
    expect(failing.madeOf(given.incidentId)[0]?.input).not.toHaveProperty('project');
  });

  it('looks first where it may have been made, and makes it once', async () => {
    const given = parkAt();
    failing.fate(given.incidentId, 'lost', 'unseen', 'unseen');
    const run = await start(makeIssue, given);
    const question = await asked(run);
    expect(question.summary).toContain(', and may have been made');
    expect(question.parked?.uncertainSince).toMatch(/^20/);
    expect(question.form).toMatchObject({
      options: [{ description: expect.stringContaining('looks whether') }, {}, {}],
    });
    await decide(run, question, 'retry');
    // The look did not tell: nothing is made blindly, and it is still not known.
    const second = await asked(run, 2);
    expect(second.parked).toMatchObject({
      failure: { class: 'Conflict' },
      uncertainSince: question.parked?.uncertainSince,
    });
    expect(failing.madeOf(given.incidentId)).toHaveLength(1);
    failing.fate(given.incidentId);
    await decide(run, second, 'retry');
    expect(await run.result()).toBe('made OPS-1');
    expect(failing.madeOf(given.incidentId)).toHaveLength(1);
    expect(failing.looksOf(given.incidentId).map(({ uncertainSince }) => uncertainSince)).toEqual([
      undefined,
      question.parked?.uncertainSince,
      question.parked?.uncertainSince,
    ]);
  });

  it('goes on without it where somebody skips it, and fails where somebody aborts', async () => {
    const skipped = parkAt();
    failing.fate(skipped.incidentId, 'refused');
    const one = await start(makeIssue, skipped);
    await decide(one, await asked(one), 'skip');
    expect(await one.result()).toBe('skipped: Ben skipped it: it is quiet there');
    const aborted = parkAt();
    failing.fate(aborted.incidentId, 'refused');
    const other = await start(makeIssue, aborted);
    await decide(other, await asked(other), 'abort');
    await expect(other.result()).rejects.toMatchObject({
      cause: {
        type: 'ParkAborted',
        message: expect.stringMatching(
          /^Ben aborted the run at createJiraIssue \(api, 20\S+Z\): it is quiet there\. It had failed \(ProviderRefused\): no project \[secret\]$/,
        ),
      },
    });
    expect(failing.madeOf(skipped.incidentId).concat(failing.madeOf(aborted.incidentId))).toEqual([]);
  });

  it('fails where nobody decides in time, and so pages; or skips it, or asks others', async () => {
    const failed = parkAt();
    failing.fate(failed.incidentId, 'refused');
    const one = await start(makeIssue, failed);
    await expect(one.result()).rejects.toMatchObject({ cause: { type: 'ParkExpired' } });
    expect(await asksOf(one.workflowId)).toMatchObject([
      {
        state: 'expired',
        closedBecause: 'nobody answered in time, so the run fails, and somebody is paged',
      },
    ]);
    const skipped = parkAt({ onExpire: { ask: { role: 'admin' }, expiresIn: '1 hour', then: 'skip' } });
    failing.fate(skipped.incidentId, 'refused');
    const other = await start(makeIssue, skipped);
    expect(await other.result()).toBe('skipped: nobody decided in time');
    expect(await asksOf(other.workflowId)).toMatchObject([
      { closedBecause: expect.stringContaining('so others are asked: whoever is admin in Baton') },
      { approvers: { role: 'admin' }, state: 'expired' },
    ]);
  });

  it('begins a new history without trying it anew, and asks the same question', async () => {
    const given = parkAt({ renews: true });
    failing.fate(given.incidentId, 'lost', 'unseen');
    const run = await start(makeIssue, given);
    const question = await asked(run);
    const now = temporal.client.workflow.getHandle(run.workflowId);
    const { runId: first } = await now.describe();
    await tellRun(run, 'test.renew');
    await eventually('the new history', async () => (await now.describe()).runId !== first);
    failing.fate(given.incidentId);
    await decide(now, question, 'retry');
    expect(await now.result()).toBe('made OPS-1');
    // One question, and one effect, by its first number.
    expect(await asksOf(run.workflowId)).toMatchObject([{ id: question.id, state: 'answered' }]);
    expect(failing.madeOf(given.incidentId)).toHaveLength(1);
  });

  it('ends as it does elsewhere where it is stopped, or somebody resolves the incident', async () => {
    const given = parkAt();
    failing.fate(given.incidentId, 'refused');
    const run = await start(makeIssue, given);
    const { id } = await asked(run);
    await run.cancel();
    await expect(run.result()).rejects.toThrow();
    expect(await store.findQuestion(id)).toMatchObject({ state: 'withdrawn' });
  });

  it('asks about each of two steps that fail at once', async () => {
    const given = parkAt();
    failing.fate(given.incidentId, 'refused', 'refused');
    const run = await start(makeTwo, given);
    await asked(run, 2);
    const both = await store.parkedSteps([run.workflowId]);
    expect(both.map(({ parked }) => parked.input.purpose).toSorted()).toEqual(['a', 'b']);
    for (const question of both)
      await decide(run, question, question.parked.input.purpose === 'a' ? 'skip' : 'retry');
    expect(await run.result()).toBe('Ben skipped it: it is quiet there; made');
  });

  it.each(['plan', 'observe'] as const)('is not parked where it only looks, in the mode %s', async (mode) => {
    const input = { incidentId: 'not an id!' };
    const run = await start(makeIssue, input, { mode });
    await expect(run.result()).rejects.toMatchObject({ cause: { cause: { type: 'InvalidInput' } } });
    const skipping = await start(makeIssue, { ...input, onExpire: 'skip' }, { mode });
    expect(await skipping.result()).toMatch(/skipped: nobody decided \(the run only looks\)$/);
    expect(await asksOf(run.workflowId)).toEqual([]);
    expect((await saidOf(run)).at(-1)).toMatch(
      /^Would park at createJiraIssue, which fails \(InvalidInput: .*\), and ask whoever may unpark runs in Baton\. The run fails, as if nobody decided\.$/,
    );
  });

  describe('that people have to approve', () => {
    const approvals = async ({ workflowId: run }: WorkflowHandle) =>
      (await store.pageOfApprovals({ run, limit: 50 })).items.toReversed();
    const approve = async (run: WorkflowHandle, count: number) => {
      const { id, calls } = await eventually(
        `approval ${count}`,
        async () => (await approvals(run))[count - 1],
      );
      const by = { by: 'person:cleo@example.com', name: 'Cleo', via: 'api' } as const;
      await store.answerApproval(id, { ...by, decision: 'approved' });
      await tellRun(run, 'approval.approved', { approvalId: id, state: 'approved' });
      return calls[0]?.input;
    };

    it('is approved anew with another input, and not with the same one', async () => {
      const instanceId = `i-${fresh('').padStart(10, '0').slice(-10)}`;
      failing.fate(instanceId, 'refused', 'refused');
      const run = await start(rebootOrPark, { instanceId }, { mode: 'approve' });
      await approve(run, 1);
      await decide(run, await asked(run), 'retry');
      const second = await asked(run, 2);
      expect(await approvals(run)).toHaveLength(1);
      const other = `i-${fresh('').padStart(10, '1').slice(-10)}`;
      await decide(run, second, 'retry', { instanceIds: [other] });
      expect(await approve(run, 2)).toEqual({ instanceIds: [other] });
      expect(await run.result()).toBe('rebooted i-1');
      expect(failing.madeOf(instanceId)).toEqual([]);
      expect(failing.madeOf(other)).toHaveLength(1);
    });

    it('is looked at by the same approval where it may have been made', async () => {
      const instanceId = `i-${fresh('').padStart(10, '2').slice(-10)}`;
      failing.fate(instanceId, 'lost');
      const run = await start(rebootOrPark, { instanceId }, { mode: 'approve' });
      await approve(run, 1);
      const question = await asked(run);
      expect(question.parked?.uncertainSince).toMatch(/^20/);
      await decide(run, question, 'retry');
      expect(await run.result()).toBe('rebooted i-1');
      expect(failing.madeOf(instanceId)).toHaveLength(1);
      expect(await approvals(run)).toHaveLength(1);
    });

    it('is not asked about where people refuse it: they have decided', async () => {
      const instanceId = `i-${fresh('').padStart(10, '3').slice(-10)}`;
      const run = await start(rebootOrPark, { instanceId }, { mode: 'approve' });
      const [approval] = await eventually('the approval', async () => {
        const all = await approvals(run);
        return all.length > 0 ? all : undefined;
      });
      const by = { by: 'person:cleo@example.com', name: 'Cleo', via: 'api' } as const;
      await store.answerApproval(approval?.id ?? '', { ...by, decision: 'refused' });
      await tellRun(run, 'approval.refused', { approvalId: approval?.id, state: 'refused' });
      await expect(run.result()).rejects.toMatchObject({ cause: { cause: { type: 'NotApproved' } } });
      expect(await asksOf(run.workflowId)).toEqual([]);
    });
  });
});
