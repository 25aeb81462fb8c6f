import { existsSync, writeFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { activities } from '../activities/index.ts';
import type { LaterEvent } from '../domain/incident.ts';
import { impair, restedInstance } from '../simulator/ec2.ts';
import { crashLoop } from '../simulator/kubernetes.ts';
import { acknowledgeAs, raiseIncident, resolveAs } from '../simulator/pagerduty.ts';
import { typeCommand } from '../simulator/slack-person.ts';
import { ec2Unhealthy } from '../triggers/ec2-unhealthy.ts';
import { jiraResolved } from '../triggers/jira-resolved.ts';
import { kubernetesCrashLoop } from '../triggers/kubernetes-crash-loop.ts';
import { linkCode } from '../triggers/link-code.ts';
import { runFailed } from '../triggers/run-failed.ts';
import { severityRaisedTrigger } from '../triggers/severity-raised.ts';
import { slackAction } from '../triggers/slack-action.ts';
import { slackRequest } from '../triggers/slack-request.ts';
import { startWorker } from '../worker/worker.ts';
import { deploymentFailed } from '../workflows/deployment-failed.ts';
import { followJob } from '../workflows/follow-job.ts';
import { laterEvents } from '../workflows/kit/run.ts';
import { pageForRun } from '../workflows/page-for-run.ts';
import { shiftHandoff } from '../workflows/shift-handoff.ts';
import { showApproval } from '../workflows/show-approval.ts';
import { tellOverdueRun } from '../workflows/tell-overdue-run.ts';
import { signedMemo, testAuthority } from './authority.ts';
import { clientsFor } from './clients.ts';
import { deployed } from './fixtures/deployed.ts';
import { drilled } from './fixtures/drilled.ts';
import { followedJobs } from './fixtures/followed-jobs.ts';
import { joinStorm } from './fixtures/joined-storm.ts';
import { mirrored } from './fixtures/mirrored.ts';
import { endMovesInJira } from './fixtures/moves-in-jira.ts';
import { noteFromElsewhere } from './fixtures/note-from-elsewhere.ts';
import { ownIncidents } from './fixtures/own-incidents.ts';
import { proposedRestart } from './fixtures/proposed-restart.ts';
import { handoff, policy, quiet, unacked } from './fixtures/quick-triggers.ts';
import { endRaised } from './fixtures/raised-to-p1.ts';
import { endRemedies, remedied } from './fixtures/remedied.ts';
import { roomWithoutIssue } from './fixtures/room-without-issue.ts';
import { endScaling, scaleOutIn } from './fixtures/scaled-out.ts';
import { shiftLook } from './fixtures/shift-look.ts';
import { showWhatIsAsked } from './fixtures/shown-in-slack.ts';
import { keyOfNewPriority, takenBack } from './fixtures/taken-back.ts';
import { toldIssues } from './fixtures/told-issues.ts';
import { tellOverdue } from './fixtures/told-overdue.ts';
import { writeCodes } from './fixtures/written-codes.ts';
import { startTimeSkipping, workflowBundle } from './temporal.ts';
import { cardOf, eventually, startWorld, type World } from './world.ts';

/** Makes real runs end in each way that the runbooks tell of, and keeps the histories that `folder` lacks. */
export async function recordHistories(folder: string): Promise<void> {
  const world = await startWorld({
    triggers: [
      policy,
      ec2Unhealthy,
      kubernetesCrashLoop,
      remedied,
      scaleOutIn('auto'),
      unacked,
      quiet,
      severityRaisedTrigger,
      jiraResolved,
      handoff,
      runFailed,
      slackAction,
      slackRequest,
      linkCode,
    ],
    jiraSecret: 'jira-secret',
  });
  await endShift(world, 'no open incidents');
  const move = await keyOfNewPriority(world);
  await endClicksAndPolicies(world);
  await endDiagnoses(world);
  await endRemedies(world);
  await endScaling(world);
  await endRestarts(world);
  await endFollowUps(world);
  await endRaised(world, {
    answer: (id, decision) => answer(world, id, decision),
    until: (id, outcome) => until(world, id, outcome),
  });
  await endMovesInJira(world, (id, outcome) => until(world, id, outcome));
  await endShifts(world);
  await writeCodes(world, (outcome) => untilEnds(world, `linkByCode ${outcome}`));
  await untilEnds(world, 'pageForRun resolved');
  for (const run of await world.store.listRuns({ limit: 200 })) {
    const history = await world.temporal.client.workflow.getHandle(run.id).fetchHistory();
    keep(folder, run.workflow, run.outcome ?? 'live', history);
  }
  await recordApproved(world, folder);
  keep(folder, 'ec2UnhealthyRestart', 'not approved', await proposedRestart(world, 'refused'));
  keep(folder, 'ec2UnhealthyRestart', 'restarted as proposed', await proposedRestart(world, 'approved'));
  keep(folder, 'changeIncident', 'done from elsewhere', await noteFromElsewhere(world));
  keep(folder, 'changeIncident', 'done in all accounts', await ownIncidents(world));
  const withoutIssue = await roomWithoutIssue(world);
  keep(folder, 'pagerdutyProductionIncidentPolicy', 'followed to the end without an issue', withoutIssue);
  for (const { outcome, history } of await takenBack(world, move))
    keep(folder, 'undoEffect', outcome, history);
  for (const { outcome, history } of await toldIssues(world)) keep(folder, 'tellIssue', outcome, history);
  for (const { outcome, history } of await drilled(world)) keep(folder, 'drill', outcome, history);
  for (const { outcome, history } of await mirrored(world)) keep(folder, 'mirrorAlert', outcome, history);
  await recordElsewhere(world, folder);
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

/** Ends that there are without an approval too, so they have names of their own. */
async function recordApproved(world: World, folder: string): Promise<void> {
  await recordRestart(world, folder, 'i-0def12345abc67890', 'restarted after an approval');
  await recordRestart(world, folder, 'i-0abc12345def67890', 'restarted over a guard');
}

/** Of an instance that is rebooted once somebody has approved it. */
async function recordRestart(world: World, folder: string, instance: string, name: string): Promise<void> {
  impair(world.ec2, instance);
  const id = raiseIncident(world.pagerDuty, {
    title: `EC2 ${instance} StatusCheckFailed`,
    service: 'Checkout',
  });
  await answer(world, id, 'approved');
  await until(world, id, 'restarted');
  const history = await world.temporal.client.workflow.getHandle(`ec2-unhealthy/${id}`).fetchHistory();
  keep(folder, 'ec2UnhealthyRestart', name, history);
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

/** Some run of this workflow has ended so: `changeIncident refused`. */
async function untilEnds(world: World, end: string): Promise<void> {
  await eventually(end, async () => (await ends(world)).includes(end));
}

async function until(world: World, subject: string, outcome: string): Promise<void> {
  await eventually(`${subject} to end as ${outcome}`, async () =>
    (await world.runs(subject)).some((run) => run.outcome === outcome),
  );
}

const refuse = { kind: 'status', status: 403 } as const;
/** What runs read of an incident. What a pager reads back of its alerts is not that. */
const readOfIncident = '?include%5B%5D=';
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
    await untilEnds(world, `changeIncident ${outcome}`);
  };
  world.slack.fail({ ...refuse, match: 'users.info', times: 1 });
  await click('acknowledge', 'U0ADA', 'failed');
  await click('acknowledge', 'U0NOBODY', 'refused');
  await click('acknowledge', 'U0ADA', 'acknowledged');
  await click('acknowledge', 'U0ADA', 'acknowledged before');
  await endRequests(world, first);
  await joinStorm(world, first);
  await click('resolve', 'U0ADA', 'resolved');
  await click('resolve', 'U0ADA', 'resolved before');
  await until(world, first, 'followed to the end');

  world.slack.fail({ ...refuse, match: 'conversations', times: 50 });
  world.jira.fail({ ...refuse, times: 50 });
  await until(world, slow('checkout'), 'could open neither room nor issue');
  await noMoreFaults(world);
  world.pagerDuty.fail({ ...refuse, match: readOfIncident, times: 1 });
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
  world.pagerDuty.fail({ ...refuse, match: readOfIncident, times: 1 });
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
  // Something happens meanwhile. An acknowledgement would leave the reboot to people.
  const { account, world: pagerDuty } = world.pagerDuty;
  const incident = pagerDuty.incidents.find(({ id }) => id === last);
  const priority = pagerDuty.priorities.find(({ name }) => name === 'P3');
  if (incident && priority) account.setPriority(incident, priority.id, { type: 'user', id: 'PADALOP' });
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

async function endFollowUps(world: World): Promise<void> {
  const { incidents, policies } = world.pagerDuty.world;
  const raise = (title: string) => raiseIncident(world.pagerDuty, { title, service: 'Search' });
  const acknowledged = (title: string) => {
    const id = raise(title);
    acknowledgeAs(world.pagerDuty, id, 'PADALOP');
    return id;
  };
  /** Without an event. */
  const resolveUnseen = (id: string) =>
    Object.assign(incidents.find((each) => each.id === id) ?? {}, { status: 'resolved' });
  await until(world, acknowledged('Waiting for Ada'), 'acknowledged');
  const waiting = raise('Waiting for a look');
  await eventually('the run', () => world.run(`triggered-and-unacked/${waiting}`));
  resolveUnseen(waiting);
  await until(world, waiting, 'resolved');
  await until(world, raise('Waiting for somebody'), 'escalated');
  const resolved = raise('Waiting for the end');
  resolveAs(world.pagerDuty, resolved, 'PADALOP');
  await until(world, resolved, 'resolved elsewhere');

  const unseen = acknowledged('Quiet, and resolved');
  await eventually('the run', () => world.run(`quiet-incident/${unseen}`));
  resolveUnseen(unseen);
  await until(world, unseen, 'resolved');
  const over = acknowledged('Quiet, and over');
  await eventually('the run', () => world.run(`quiet-incident/${over}`));
  resolveAs(world.pagerDuty, over, 'PADALOP');
  await until(world, over, 'resolved elsewhere');
  // Four levels, of which each escalation takes one.
  world.pagerDuty.world.users.push({ id: 'PCYWOLF', name: 'Cy Wolf', email: 'cy@example.com' });
  for (const policy of policies)
    policy.levels = ['PADALOP', 'PBENOKA', 'PBATONU', 'PCYWOLF'].map((id) => [id]);
  const left = acknowledged('Quiet for long');
  for (let level = 2; level <= 3; level += 1) {
    await eventually(`level ${level}`, () =>
      world.pagerDuty.ledger.some(
        ({ target, detail }) =>
          target === left && (detail as { level?: number } | undefined)?.level === level,
      ),
    );
    acknowledgeAs(world.pagerDuty, left, 'PADALOP');
  }
  await until(world, left, 'left to people');
  for (const policy of policies) policy.levels = [['PADALOP']];
  await until(world, acknowledged('Quiet, without anybody'), 'nobody to escalate to');
  await until(world, raise('Waiting for nobody'), 'nobody to escalate to');
  world.pagerDuty.fail({ ...refuse, match: readOfIncident, times: 1 });
  await until(world, raise('Waiting for a fault'), 'failed');
  world.pagerDuty.fail({ ...refuse, match: readOfIncident, times: 1 });
  await until(world, acknowledged('Quiet, with a fault'), 'failed');
}

let looks = 0;
/** The schedule looks, as it does every 15 minutes. */
async function endShift(world: World, outcome: string): Promise<void> {
  looks += 1;
  await world.store.receive(shiftLook(new Date(Date.now() + looks * 1_000)));
  world.server.wake();
  await untilEnds(world, `shiftHandoff ${outcome}`);
}

async function endShifts(world: World): Promise<void> {
  raiseIncident(world.pagerDuty, { title: 'Open at the end of a shift', service: 'Search' });
  await endShift(world, 'nobody came on call');
  for (const policy of world.pagerDuty.world.policies)
    policy.nextShift = { from: new Date().toISOString(), levels: [['PBENOKA']] };
  await endShift(world, 'handed over');
  world.pagerDuty.fail({ ...refuse, match: 'GET /incidents?since=', times: 1 });
  await endShift(world, 'failed');
}

/** What takes thirty days, and what is started by no event, where time is skipped and PagerDuty is connected in half. */
async function recordElsewhere(world: World, folder: string): Promise<void> {
  const temporal = await startTimeSkipping();
  const { PAGERDUTY_API_TOKEN: _, ...env } = world.env;
  const worker = await startWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    bundle: workflowBundle(),
    store: world.store,
    activities,
    clients: clientsFor(env),
    simulated: [],
    scrub: (text) => text,
    authority: testAuthority,
  });
  const record = async <Input>(
    run: (input: Input) => Promise<string>,
    workflowId: string,
    input: Input,
    name?: string,
    later: LaterEvent[] = [],
  ) => {
    const { name: workflow } = run;
    const trigger = workflowId.split('/')[0] ?? '';
    const handle = await temporal.client.workflow.start(run, {
      workflowId,
      taskQueue: 'baton',
      memo: signedMemo({ workflowId, workflow, input }, { trigger }),
      args: [input],
    });
    if (later.length > 0) await handle.signal(laterEvents, later);
    const outcome = await handle.result().catch(() => 'failed');
    keep(folder, workflow, name ?? outcome, await handle.fetchHistory());
  };
  const failure = { runId: 'x', workflow: 'x', failureClass: 'ProviderRefused', target: 'x', message: 'no' };
  await record(pageForRun, 'run-failed/x', failure);
  const look = { scheduledAt: new Date().toISOString(), everyMinutes: 15 };
  await record(shiftHandoff, 'shift-handoff/x', look);

  await showWhatIsAsked(world, (id, input, name) => record(showApproval, id, input, name));
  await tellOverdue(world, (id, input) => record(tellOverdueRun, id, input));
  await deployed((id, input) => record(deploymentFailed, id, input));
  for (const [name, input, later] of followedJobs())
    await record(followJob, `nightly-jobs/${name}`, input, undefined, later);
  await worker.stop();
  await temporal.teardown();
}
