import {
  ApplicationFailure,
  CancellationScope,
  patched,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { type DrillMode, drillActivity, drillKey, drillTitle, looksLikeDrill } from '../domain/drill.ts';
import { defaultConnection, subjectOf } from '../domain/subject.ts';
import { steps, waits } from './kit/activities.ts';
import { raiseAlert, resolveAlert } from './kit/alerts.ts';
import { keyOf } from './kit/key.ts';
import type { CurrentIncident } from './kit/read-context.ts';
import { record } from './kit/record.ts';
import { engine, healthy, isLooking } from './kit/run.ts';

export interface DrillInput {
  name: string;
  alert: {
    title: string;
    severity: 'critical' | 'error' | 'warning' | 'info';
    details?: Record<string, unknown>;
  };
  /** The trigger whose run is looked at. */
  trigger: string;
  /** How far the runs go on its incident, where not as far as their triggers let them. */
  mode?: DrillMode;
  expects: {
    /** One of these. */
    outcomes: readonly string[];
    /** The activities that the run must have called. */
    steps?: readonly string[];
  };
  /** How long the incident may take until it has come to Baton, and how long the run may take then. */
  arrivesWithinSeconds: number;
  withinSeconds: number;
  /** The account in which it raises the alert. Left out: `default`. */
  connection?: string;
}

const lookEvery = '1 second';
/** PagerDuty resolves an incident a moment after its last alert. */
const closedWithinSeconds = 60;

/**
 * Sends a marked incident the whole way, through PagerDuty and a trigger to its runbook, and looks whether the run ends as it should. Whatever
 * comes of it, the incident is closed. What is missing is said, and fails the run, which so pages; the next good drill takes the page back.
 */
export async function drill(given: DrillInput): Promise<string> {
  // Nobody can foretell it, so that what has such a key while this run lives was raised by it.
  const key = patched('key-of-each-drill')
    ? keyOf(drillKey, given.name, uuid4())
    : keyOf(drillKey, given.name);
  const input = { ...given, key };
  if (isLooking()) {
    await steps.raisePagerDutyAlert(alertOf(input));
    return 'only looked at';
  }
  const twin = await engine.findTwin();
  if (twin !== undefined) {
    await record(`${twin} is still at it, so this one has not begun`);
    return 'runs already';
  }
  const before = await closeWhatIsLeft(input);
  let missing: string | undefined;
  let incident: CurrentIncident | undefined;
  try {
    await raiseAlert(alertOf(input));
    incident = await findIncident(input, before);
    missing = incident ? await whatIsMissing(input, incident) : await whyNoIncident(input);
  } finally {
    await CancellationScope.nonCancellable(() => resolveAlert(key, undefined, accountOf(input)));
  }
  missing ??= await whyNotClosed(input, incident);
  if (missing !== undefined)
    throw ApplicationFailure.nonRetryable(`The drill ${input.name} has failed: ${missing}`, 'DrillFailed');
  return healthy('as expected');
}

/** A drill with the key of its alert. */
type Begun = DrillInput & { key: string };

const accountOf = ({ connection = defaultConnection }: DrillInput) => connection;

const alertOf = (input: Begun) => ({
  connection: accountOf(input),
  dedupKey: input.key,
  summary: drillTitle(input.alert.title, input.mode),
  source: 'baton',
  severity: input.alert.severity,
  about: { run: workflowInfo().workflowId },
  details: {
    ...input.alert.details,
    drill: `A drill of Baton: nothing is wrong. ${workflowInfo().workflowId} looks what becomes of it, and closes it.`,
  },
});

/** A drill that was ended by force has left its alert open, where people take it for one that needs them. Returns the incidents of before. */
async function closeWhatIsLeft(input: Begun): Promise<string[]> {
  const left = patched('key-of-each-drill') ? await leftOpen(input) : await ownIncidents(input);
  const open = left.filter(({ status }) => status !== 'resolved');
  if (open.length > 0) await record('An earlier one has left its alert open, which is closed first');
  const keys = new Set(open.map(({ incidentKey = input.key }) => incidentKey));
  for (const key of keys) await resolveAlert(key, undefined, accountOf(input));
  return left.map(({ id }) => id);
}

/** The open incidents that an earlier time of this drill has raised, as the store knows: others may only look so. */
async function leftOpen(input: Begun): Promise<CurrentIncident[]> {
  const connection = accountOf(input);
  const { incidents } = await steps.listPagerDutyIncidents({
    connection,
    statuses: ['triggered', 'acknowledged'],
  });
  const before = `${keyOf(drillKey, input.name)}/`;
  const left: CurrentIncident[] = [];
  for (const incident of incidents.filter(({ incidentKey = '' }) => incidentKey.startsWith(before))) {
    const target = subjectOf(connection, `pagerduty-alert:${incident.incidentKey}`);
    if (await engine.lastMade({ activity: drillActivity, target })) left.push(incident);
  }
  return left;
}

/** Those to which an alert of this drill belongs: where PagerDuty groups alerts, it may be another one. */
async function ownIncidents(input: Begun): Promise<CurrentIncident[]> {
  const { incidents } = await steps.listPagerDutyIncidents({
    connection: accountOf(input),
    incidentKey: input.key,
  });
  return incidents;
}

/** Whether something is so, looked at until it is or the time is over. */
async function inTime<Found>(
  seconds: number,
  look: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const found = await look();
    if (found !== undefined || Date.now() >= end) return found;
    await sleep(lookEvery);
  }
}

const findIncident = (input: Begun, before: readonly string[]) =>
  inTime(input.arrivesWithinSeconds, async () =>
    (await ownIncidents(input)).find((incident) => looksLikeDrill(incident) && !before.includes(incident.id)),
  );

/** Why PagerDuty has opened no incident for the alert. */
async function whyNoIncident(input: Begun): Promise<string> {
  const other = (await ownIncidents(input)).find(({ status }) => status !== 'resolved');
  if (other)
    return (
      `PagerDuty has put its alert into the incident #${other.number} (${other.title}), so none of its own was opened. ` +
      'Give drills a service without alert grouping'
    );
  return (
    `PagerDuty took its alert, and opened no incident within ${inWords(input.arrivesWithinSeconds)}. See whether the service is ` +
    'disabled, in maintenance or drops events, and whether the routing key is still one of an integration'
  );
}

/** What is not as it should be of the run on the incident; undefined where all is. */
async function whatIsMissing(input: DrillInput, incident: CurrentIncident): Promise<string | undefined> {
  const { trigger, arrivesWithinSeconds, withinSeconds, expects } = input;
  const subject = subjectOf(accountOf(input), incident.id);
  await record(`Opened the incident #${incident.number} (${subject})`);
  await record(`It is the drill ${input.name}, of ${workflowInfo().workflowId}`, [], subject);
  const after = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
  const { heard, answer, run } = await waits.awaitBatonRun({
    subject,
    trigger,
    beginsBefore: after(arrivesWithinSeconds),
    endsBefore: after(arrivesWithinSeconds + withinSeconds),
  });
  const opened = `PagerDuty opened the incident #${incident.number}`;
  if (!heard)
    return `${opened}, and Baton heard nothing of it within ${inWords(arrivesWithinSeconds)}. See PagerDuty's webhook subscription: baton doctor`;
  if (!run && !answer)
    return `${opened}, and Baton has not asked the trigger ${trigger} about it within ${inWords(arrivesWithinSeconds)}. Is it in triggers/index.ts?`;
  if (!run) return `the trigger ${trigger} started no run on #${incident.number}: ${answer?.reason}`;
  if (run.state === 'starting' || run.state === 'running')
    return `the run ${run.id} has not ended within ${inWords(withinSeconds)}`;
  const outcome = (run.outcome ?? run.state).replace(/^observed: /, '');
  if (!expects.outcomes.includes(outcome))
    return `the run ${run.id} ended as "${outcome}"${run.failure === undefined ? '' : ` (${run.failure})`}, and not as ${quoted(expects.outcomes)}`;
  const left = (expects.steps ?? []).filter((step) => !run.steps.includes(step));
  return left.length === 0 ? undefined : `the run ${run.id} ended as "${outcome}" without ${left.join(', ')}`;
}

/** Its incident must not stay open: people would take it for one that needs them. */
async function whyNotClosed(
  input: DrillInput,
  incident: CurrentIncident | undefined,
): Promise<string | undefined> {
  if (!incident) return undefined;
  const connection = accountOf(input);
  const isClosed = await inTime(closedWithinSeconds, async () => {
    const { status } = await steps.readPagerDutyIncident({ connection, incidentId: incident.id });
    return status === 'resolved' ? true : undefined;
  });
  return isClosed
    ? undefined
    : `its alert is resolved, and its incident #${incident.number} is still open. Resolve it in PagerDuty, and see what else is in it`;
}

const quoted = (texts: readonly string[]) => texts.map((text) => `"${text}"`).join(' or ');

const inWords = (seconds: number) =>
  seconds % 60 === 0
    ? `${seconds / 60} minute${seconds === 60 ? '' : 's'}`
    : `${seconds} second${seconds === 1 ? '' : 's'}`;
