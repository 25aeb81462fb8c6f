import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { activities } from '../../activities/index.ts';
import type { Approval, ApprovalEvent } from '../../domain/approval.ts';
import type { RunCause } from '../../domain/incident.ts';
import { pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { slackEnvironment, startSlack } from '../../simulator/slack.ts';
import type { Store } from '../../store/store.ts';
import { startWorker } from '../../worker/worker.ts';
import type { Asking } from '../../workflows/kit/ask-approval.ts';
import { testAuthority } from '../authority.ts';
import { clientsFor } from '../clients.ts';
import { embeddedWorld, type World } from '../store/world.ts';
import { startTimeSkipping, testBundle } from '../temporal.ts';
import { eventually } from '../world.ts';
import { startRun, tellRun } from './asking-runs.ts';

/** Runs that ask people, where time is skipped, on a real store, with simulated PagerDuty and Slack. */
export async function startAsking() {
  const temporal = await startTimeSkipping();
  const stored = await embeddedWorld();
  const store = stored.newStore();
  const slack = await startSlack();
  const pagerDuty = await startPagerDuty();
  const clock = inTemporalsTime(store, stored, temporal);
  const worker = await startWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    bundle: testBundle(),
    store: clock.store,
    activities,
    clients: clientsFor({ ...slackEnvironment(slack.url), ...pagerDutyEnvironment(pagerDuty.url) }),
    simulated: [],
    scrub: (text) => text,
    authority: testAuthority,
  });

  const asksOf = async (run: string): Promise<Approval[]> =>
    (await store.pageOfApprovals({ run, limit: 50 })).items.toReversed();

  return {
    temporal,
    stored,
    store,
    slack,
    pagerDuty,
    looks: clock.looks,
    /** Whether the store's clock stands, while Temporal's goes on. */
    setBehind: clock.setBehind,
    start: <Input>(run: (input: Input) => Promise<string>, input: Input, cause: Partial<RunCause> = {}) =>
      startRun({ temporal, store }, 'door', run, input, cause),
    tell: tellRun,
    asksOf,
    /** The approval that the run asks for as its `count`th, once it has. */
    asked: ({ workflowId }: WorkflowHandle, count = 1) =>
      eventually('the run to ask', async () => {
        const found = (await asksOf(workflowId)).at(count - 1);
        // Read once more: the first look may have come before its times were set.
        return found && clock.isKnown(found) ? (await asksOf(workflowId)).at(count - 1) : undefined;
      }),
    /** Somebody answers, and the run is told by the event. */
    async answer(
      run: WorkflowHandle,
      { id, summary }: Approval,
      decision: 'approved' | 'refused',
      name = 'Ben',
    ): Promise<string | undefined> {
      const by = `person:${name.toLowerCase()}@example.com`;
      const answered = await store.answerApproval(id, { by, name, via: 'api', decision });
      const state = answered?.approval.state ?? 'pending';
      const { workflowId: runId, workflowId: workflow } = run;
      const data = { approvalId: id, runId, workflow, state, summary } satisfies ApprovalEvent;
      if (state !== 'pending') await tellRun(run, `approval.${state}`, data);
      return answered?.outcome;
    },
    async close() {
      await worker.stop();
      await pagerDuty.close();
      await slack.close();
      await store.close();
      await stored.close();
      await temporal.teardown();
    },
  };
}

export const hour = 3_600_000;

/** What a run asks, unless told otherwise: one who has the role, for four hours. */
export const asking = (more: Partial<Asking> = {}): Asking => ({
  approvers: { role: 'approver' },
  expiresIn: '4 hours',
  ...more,
});

/** In milliseconds since 1970. The server skips to the end of a timer that was cancelled, too, but the run is over before. */
export const closedAt = async (run: WorkflowHandle) =>
  (await run.describe()).closeTime?.getTime() ?? Number.NaN;

/** The database's clock cannot skip time, so what it has asked and what is over goes by Temporal's. */
function inTemporalsTime(kept: Store, stored: World, temporal: TestWorkflowEnvironment) {
  const looks = { closing: 0, finding: 0 };
  let isBehind = false;
  /** What was asked in Temporal's time. */
  const known = new Set<string>();
  const setTimes = (id: string, expires: number, more: { asked_at?: Date } = {}) =>
    stored.db
      .updateTable('approvals')
      .set({ expires_at: new Date(expires).toISOString(), ...more })
      .where('id', '=', id)
      .execute();
  const store: Store = {
    ...kept,
    async askApproval(request) {
      const approval = await kept.askApproval(request);
      if (known.has(approval.id)) return approval;
      const now = await temporal.currentTimeMs();
      await setTimes(approval.id, now + request.expiresInSeconds * 1_000, { asked_at: new Date(now) });
      known.add(approval.id);
      return (await kept.findApproval(approval.id)) ?? approval;
    },
    async findApproval(id) {
      looks.finding += 1;
      return kept.findApproval(id);
    },
    async closeApproval(id, state, because) {
      looks.closing += 1;
      const { expiresAt = '' } = (await kept.findApproval(id)) ?? {};
      const isOver = !isBehind && Date.parse(expiresAt) <= (await temporal.currentTimeMs());
      if (isOver) await setTimes(id, Date.now() - 1_000);
      return kept.closeApproval(id, state, because);
    },
  };
  return {
    store,
    looks,
    isKnown: ({ id }: Approval) => known.has(id),
    setBehind(isSo: boolean) {
      isBehind = isSo;
    },
  };
}
