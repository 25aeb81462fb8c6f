import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, describe, expect, it } from 'vitest';
import type { Question } from '../../domain/question.ts';
import { fresh } from '../store/world.ts';
import { eventually } from '../world.ts';
import { tellRun } from './asking-runs.ts';
import { makeIssue, makeTwo, type Parked, rebootOrPark } from './fixture/asking-people.ts';
import { failingSteps } from './fixture/failing-steps.ts';
import { startQuestions } from './questions-world.ts';

const failing = failingSteps();
const { temporal, store, bundle, start, asksOf, asked, answer, saidOf, close } = await startQuestions(
  failing.activities,
);
afterAll(close);

describe('a run whose step fails for good', () => {
  const parkAt = (more: Partial<Parked> = {}): Parked => ({ incidentId: fresh('P'), ...more });
  const decide = (
    run: WorkflowHandle,
    question: Question,
    choice: string,
    input?: Question['answers'][0]['input'],
  ) => answer(run, question, { choice }, input ? { input } : {});

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
