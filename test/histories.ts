import { existsSync, writeFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { activities } from '../activities/index.ts';
import type { ApprovalRequest } from '../domain/approval.ts';
import { impair, restedInstance } from '../simulator/ec2.ts';
import { crashLoop } from '../simulator/kubernetes.ts';
import { acknowledgeAs, raiseIncident, resolveAs } from '../simulator/pagerduty.ts';
import { typeCommand } from '../simulator/slack-person.ts';
import { ec2Unhealthy } from '../triggers/ec2-unhealthy.ts';
import { kubernetesCrashLoop } from '../triggers/kubernetes-crash-loop.ts';
import { runFailed } from '../triggers/run-failed.ts';
import { slackAction } from '../triggers/slack-action.ts';
import { slackRequest } from '../triggers/slack-request.ts';
import { defineTrigger } from '../triggers/trigger.ts';
import { startWorker } from '../worker/worker.ts';
import { pageForRun } from '../workflows/page-for-run.ts';
import { pagerdutyProductionIncidentPolicy } from '../workflows/pagerduty-production-incident-policy.ts';
import { showApproval } from '../workflows/show-approval.ts';
import { signedMemo, testAuthority } from './authority.ts';
import { clientsFor } from './clients.ts';
import { startTimeSkipping, workflowBundle } from './temporal.ts';
import { cardOf, eventually, startWorld, type World } from './world.ts';

/** The policy with a day that is over soon, and on its own incidents only. */
const policy = defineTrigger({
  name: 'production-incident',
  on: 'pagerduty.incident.triggered',
  when: { 'is about it': ({ title }) => title.startsWith('Slow') },
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id }) => ({ incidentId: id, graceTime: 1_000 }),
  whenResolved: 'continue',
});

/** Makes real runs end in each way that the runbooks tell of, and keeps the histories that `folder` lacks. */
export async function recordHistories(folder: string): Promise<void> {
  const world = await startWorld({
    triggers: [policy, ec2Unhealthy, kubernetesCrashLoop, runFailed, slackAction, slackRequest],
  });
  await endClicksAndPolicies(world);
  await endDiagnoses(world);
  await endRestarts(world);
  await eventually('the page to be taken back', async () =>
    (await ends(world)).includes('pageForRun resolved'),
  );
  for (const run of await world.store.listRuns({ limit: 200 })) {
    const history = await world.temporal.client.workflow.getHandle(run.id).fetchHistory();
    keep(folder, run.workflow, run.outcome ?? 'live', history);
  }
  await recordApproved(world, folder);
  await recordInSkippedTime(world, folder);
  await world.close();
}

/** Somebody answers what the run of the incident asks for. */
async function answer(world: World, subject: string, decision: 'approved' | 'refused'): Promise<void> {
  const asked = await eventually('an approval to be asked for', async () => {
    const { items } = await world.store.pageOfApprovals({ subject, state: 'pending', limit: 1 });
    return items[0];
  });
  const by = { by: 'person:ben@example.com', name: 'Ben Okafor', via: 'cli' } as const;
  await world.store.answerApproval(asked.id, { ...by, decision });
}

/** An end that there is without an approval too, so it has a name of its own. */
async function recordApproved(world: World, folder: string): Promise<void> {
  const untagged = 'i-0def12345abc67890';
  impair(world.ec2, untagged);
  const id = raiseIncident(world.pagerDuty, {
    title: `EC2 ${untagged} StatusCheckFailed`,
    service: 'Checkout',
  });
  await answer(world, id, 'approved');
  await until(world, id, 'restarted');
  const history = await world.temporal.client.workflow.getHandle(`ec2-unhealthy/${id}`).fetchHistory();
  keep(folder, 'ec2UnhealthyRestart', 'restarted after an approval', history);
}

function keep(
  folder: string,
  workflow: string,
  outcome: string,
  history: Parameters<typeof historyToJSON>[0],
) {
  const file = `${folder}${workflow}.${outcome.replaceAll(' ', '-')}.json`;
  if (!existsSync(file))
    writeFileSync(file, `${historyToJSON(history)}\n`.replaceAll(`${process.cwd()}/`, ''));
}

const ends = async (world: World) =>
  (await world.store.listRuns({ limit: 200 })).map(({ workflow, outcome }) => `${workflow} ${outcome ?? ''}`);

async function until(world: World, subject: string, outcome: string): Promise<void> {
  await eventually(`${subject} to end as ${outcome}`, async () =>
    (await world.runs(subject)).some((run) => run.outcome === outcome),
  );
}

const refuse = { kind: 'status', status: 403 } as const;
const noMoreFaults = (world: World) =>
  Promise.all(
    [world.pagerDuty, world.slack, world.jira].map(({ url }) =>
      fetch(`${url}/_simulator/faults`, { method: 'DELETE' }),
    ),
  );

async function endClicksAndPolicies(world: World): Promise<void> {
  const slow = (title: string) =>
    raiseIncident(world.pagerDuty, { title: `Slow ${title}`, service: 'Search' });
  const first = slow('search');
  await eventually('a card', () => cardOf(world.slack, first));
  const click = async (actionId: string, userId: string, outcome: string) => {
    await world.click({ actionId, incidentId: first, userId, actionTs: `${Date.now() / 1000}` });
    await eventually(`the click to end as ${outcome}`, async () =>
      (await ends(world)).includes(`changeIncident ${outcome}`),
    );
  };
  world.slack.fail({ ...refuse, match: 'users.info', times: 1 });
  await click('acknowledge', 'U0ADA', 'failed');
  await click('acknowledge', 'U0NOBODY', 'refused');
  await click('acknowledge', 'U0ADA', 'acknowledged');
  await click('acknowledge', 'U0ADA', 'acknowledged before');
  await endRequests(world, first);
  await click('resolve', 'U0ADA', 'resolved');
  await click('resolve', 'U0ADA', 'resolved before');
  await until(world, first, 'followed to the end');

  world.slack.fail({ ...refuse, match: 'conversations', times: 50 });
  world.jira.fail({ ...refuse, times: 50 });
  await until(world, slow('checkout'), 'could open neither room nor issue');
  await noMoreFaults(world);
  world.pagerDuty.fail({ ...refuse, match: 'GET /incidents/', times: 1 });
  await until(world, slow('payments'), 'failed');
}

/** What people type in the room of an incident. */
async function endRequests(world: World, incidentId: string): Promise<void> {
  const channelId = cardOf(world.slack, incidentId)?.channelId ?? '';
  const typed: [text: string, outcome: string][] = [
    ['priority P2', 'done'],
    ['priority P2', 'done before'],
    ['priority P9', 'not done'],
    ['escalate', 'done'],
    ['escalate', 'nothing to do'],
  ];
  for (const [text, outcome] of typed) {
    const before = (await ends(world)).filter((each) => each.startsWith('changeIncident')).length;
    await typeCommand(world.slack, { userId: 'U0ADA', channelId, batonUrl: world.server.url }, text);
    // The newest run comes first, and one that is under way has no outcome.
    await eventually(`"${text}" to end as ${outcome}`, async () => {
      const asked = (await ends(world)).filter((each) => each.startsWith('changeIncident'));
      return asked.length > before && asked[0] === `changeIncident ${outcome}`;
    });
  }
}

async function endDiagnoses(world: World): Promise<void> {
  const raise = (title: string) => raiseIncident(world.pagerDuty, { title, service: 'Search' });
  crashLoop(world.kubernetes, 'shop', 'search');
  await until(world, raise('CrashLoopBackOff in shop/search'), 'diagnosed');
  await until(world, raise('CrashLoopBackOff'), 'does not know the workload');
  await until(world, raise('CrashLoopBackOff in shop/nowhere'), 'found no pods');
  world.pagerDuty.fail({ ...refuse, match: 'GET /incidents/', times: 1 });
  await until(world, raise('CrashLoopBackOff in shop/search'), 'failed');
}

async function endRestarts(world: World): Promise<void> {
  const { denied } = world.ec2.world;
  const [well, broken, untagged] = ['i-0abc12345def67890', 'i-0abc12345def67890', 'i-0def12345abc67890'];
  const raise = (title: string) => raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
  const failing = (id: string) => raise(`EC2 ${id} StatusCheckFailed`);
  await until(world, failing(well), 'healthy again');
  await until(world, raise(`Something is wrong on ${well}`), 'not about status checks');
  impair(world.ec2, untagged);
  const refused = failing(untagged);
  await answer(world, refused, 'refused');
  await until(world, refused, 'handed to a person');
  denied.push('ec2:DescribeInstances');
  // A pager that may not page.
  world.pagerDuty.fail({ kind: 'status', status: 400, match: '/v2/enqueue', times: 1 });
  await until(world, failing(broken), 'failed');
  await eventually('the pager to fail', async () => (await ends(world)).includes('pageForRun failed'));
  await until(world, failing(broken), 'failed');
  await eventually('the page', () =>
    world.pagerDuty.world.alerts.some(({ key }) => key.startsWith('baton/ec2')),
  );
  denied.length = 0;
  impair(world.ec2, broken);
  const last = failing(broken);
  acknowledgeAs(world.pagerDuty, last, 'PADALOP');
  await until(world, last, 'restarted');
  // Nobody else's reboot is so recent here.
  const another = restedInstance(world.ec2);
  impair(world.ec2, another, { rebootHelps: false });
  const before = world.ec2.ledger.length;
  const resolved = failing(another);
  await eventually('the wait for the reboot', () => world.ec2.ledger.length > before);
  resolveAs(world.pagerDuty, resolved, 'PADALOP');
  await until(world, resolved, 'resolved elsewhere');
}

/** What takes thirty days, and what is started by no event. */
async function recordInSkippedTime(world: World, folder: string): Promise<void> {
  const temporal = await startTimeSkipping();
  const worker = await startWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    bundle: workflowBundle(),
    store: world.store,
    activities,
    clients: clientsFor(world.env),
    simulated: [],
    scrub: (text) => text,
    authority: testAuthority,
  });
  const record = async <Input>(run: (input: Input) => Promise<string>, workflowId: string, input: Input) => {
    const { name: workflow } = run;
    const trigger = workflowId.split('/')[0] ?? '';
    const handle = await temporal.client.workflow.start(run, {
      workflowId,
      taskQueue: 'baton',
      memo: signedMemo({ workflowId, workflow, input }, { trigger }),
      args: [input],
    });
    const outcome = await handle.result().catch(() => 'failed');
    keep(folder, workflow, outcome, await handle.fetchHistory());
  };
  const failure = { runId: 'x', workflow: 'x', failureClass: 'ProviderRefused', target: 'x', message: 'no' };
  await record(pageForRun, 'run-failed/x', failure);

  await record(showApproval, 'approval-message/1', { approvalId: 'nobody-knows-it' });
  const [channel] = world.slack.world.channels;
  for (const [number, channelId] of [undefined, channel?.id ?? '', 'C0NOWHERE'].entries()) {
    const { id: approvalId } = await world.store.askApproval(askedIn(channelId, number));
    await record(showApproval, `approval-message/${number + 2}`, { approvalId });
  }
  await worker.stop();
  await temporal.teardown();
}

const askedIn = (channelId: string | undefined, number: number): ApprovalRequest => ({
  key: `x#${number}`,
  runId: 'x',
  workflow: 'x',
  trigger: 'x',
  summary: 'Reboots i-0abc12345def67890',
  calls: [],
  digest: 'none',
  approvers: { role: 'approver' },
  required: 1,
  requestedBy: [],
  requesterMayApprove: false,
  reasonRequired: false,
  overridesGuards: false,
  expiresInSeconds: 3_600,
  ...(channelId === undefined ? {} : { channelId }),
});
