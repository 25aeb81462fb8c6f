/**
 * What every run has, whatever its workflow: later events on its subject, a clean stop when a person resolves the
 * incident, and one report of its end. The worker loads this module as a workflow interceptor, so no workflow can
 * forget it.
 */
import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ContinueAsNew,
  continueAsNew,
  DeterminismViolationError,
  defaultPayloadConverter,
  defineSignal,
  isCancellation,
  proxyLocalActivities,
  rootCause,
  setHandler,
  TemporalFailure,
  TimeoutFailure,
  type WorkflowExecuteInput,
  type WorkflowInboundCallsInterceptor,
  type WorkflowInterceptorsFactory,
  type WorkflowOutboundCallsInterceptor,
  workflowInfo,
} from '@temporalio/workflow';
import { isDrill } from '../../domain/drill.ts';
import type { Held, Limits } from '../../domain/guard.ts';
import type { Agent, Incident, LaterEvent, RunCause } from '../../domain/incident.ts';
import type { KeptText, TextToKeep } from '../../domain/kept-text.ts';
import { carriedName, splitLastArgument } from '../../domain/last-argument.ts';
import type { Made, MadeHere } from '../../domain/made.ts';
import { isWatching } from '../../domain/mode.ts';
import type { Notice } from '../../domain/notice.ts';
import type { Proof } from '../../domain/proof.ts';
import type { Takeover } from '../../domain/takeover.ts';
import type { Transcript } from '../../domain/transcript.ts';
import type { Waiting } from '../../domain/waiting.ts';
import type { ApprovalActivities, QuestionActivities } from './asking-activities.ts';
import {
  approvalOfRun,
  approvalsTakenUp,
  approvalTakenUp,
  approveRun,
  type RunApproval,
} from './call-approval.ts';
import { acknowledgedSoFar, callHeaders, goOnAcknowledged } from './call-headers.ts';
import { callCounts, goOnFrom } from './call-number.ts';
import type { CallbackActivities } from './callback-activities.ts';
import { awaitWithLooks } from './look-again.ts';
import { isOwed, settleOwed } from './owed.ts';
import { type FailedStep, leaveParked, parkedSteps } from './parked-steps.ts';
import { changesBy, goOnProved, isLook, proofSoFar, provedBy } from './proof.ts';
import type { StepActivities } from './step-activities.ts';
import { becomeUrgent, isUrgent } from './urgent.ts';

/** Later events on the run's subject, oldest first. */
export const laterEvents = defineSignal<[LaterEvent[]]>('laterEvents');

/** What a server puts into the memo of a run that it starts. */
export interface RunMemo {
  cause: RunCause;
  signature: string;
}

/** How a run ended, as the worker reports it to the store. */
export interface RunReport {
  state: 'completed' | 'failed' | 'cancelled';
  outcome: string;
  /** The run says that what it is for is done and well: see `healthy`. */
  healthy: boolean;
  /** Whether what it has done has helped, where it has looked: see `verified`. */
  verified?: boolean;
  failure?: { class: string; message: string; activity?: string };
}

/** The engine's own activities, which the worker brings along. */
export interface EngineActivities
  extends ApprovalActivities,
    QuestionActivities,
    CallbackActivities,
    StepActivities {
  /** Gives back the failure without the secrets that the worker found in it. */
  reportRunEnd(report: RunReport): Promise<RunReport['failure']>;
  /** `subject`: another one than the run's own. */
  recordLine(line: {
    text: string;
    links?: { text: string; url: string }[];
    subject?: string;
  }): Promise<void>;
  /** Keeps what was said in the room of the run's incident. */
  keepTranscript(transcript: Transcript): Promise<void>;
  /** Keeps a long text of the run's subject, outside of its history. */
  keepText(text: TextToKeep): Promise<KeptText>;
  storeScheduleEvent(event: { name: string; scheduledAt: string }): Promise<void>;
  /** The result of the last change by this activity of this target, of any run. The target as the store has it: with its connection. */
  lastMade(asked: { activity: string; target: string }): Promise<unknown>;
  /** Leaves something that a person is to be told, once for each `id` of the run; and takes back what was not told. */
  leaveNotice(left: { id: string; userId: string; notice: Notice }): Promise<void>;
  withdrawNotice(left: { id: string }): Promise<void>;
  /** A change that was made, by the key of its effect. */
  findMade(asked: { key: string }): Promise<Made | undefined>;
  /** What this run has changed of what an incident can be about, or may have, the newest first. */
  listMade(asked: Record<string, never>): Promise<MadeHere[]>;
  /** Which guard would hold a destructive change of a target; undefined: none. */
  checkGuards(asked: { target: string; limits: Partial<Limits> }): Promise<Held | undefined>;
  /** Another live run of the same workflow on the same target, that began before this one. */
  findTwin(): Promise<string | undefined>;
  /** Another live run of the same workflow that has changed a target, or may have. */
  findOtherOn(asked: { target: string }): Promise<string | undefined>;
  /** The names of a provider's connections, that of `default` first, whether or not it is connected. */
  listConnections(asked: { provider: string }): Promise<string[]>;
  /** What waits for people about these incidents. */
  listWaiting(asked: { subjects: readonly string[] }): Promise<Waiting[]>;
}

/** They only write to the store, so they are tried until it answers. */
export const engine = proxyLocalActivities<EngineActivities>({
  startToCloseTimeout: '5 seconds',
  retry: { initialInterval: '100 milliseconds', maximumInterval: '10 seconds' },
});

/** Why the run exists; undefined where somebody started the workflow without Baton, as a test does. */
export function runCause(): RunCause | undefined {
  return memo()?.cause;
}

/** Whether the run is on the incident of a drill. */
export const isOfDrill = (): boolean => isDrill(runCause()?.incident);

/** Whether all changes of this history are looked at and not made: the run watches, or it proposes and nobody has approved it yet. */
export const isLooking = (): boolean => isWatching(runCause()?.mode) || isPlanning();

/** Whether it is the first history of a run that proposes: see `consent.ts`. */
export const isPlanning = (): boolean => runCause()?.mode === 'propose' && approvalOfRun() === undefined;

const memo = () => workflowInfo().memo as Partial<RunMemo> | undefined;

/** What has happened on the run's subject since its start. Module state is per run: the sandbox gives each its own. */
const taken: LaterEvent[] = [];
const takenIds = new Set<string>();
let newest: { incident: Incident; at: string } | undefined;
let resolver: Agent | undefined;
let stoppedBy: LaterEvent | undefined;
/** What the run was started with; a later history has an input of its own. */
let firstInput: unknown;
/** What goes along when the run goes on with a new history. */
let unseen: readonly LaterEvent[] = [];

/** All later events that the run got, oldest first; after a renewal, those since. */
export const eventsSoFar = (): readonly LaterEvent[] => taken;

/** The incident as the newest event tells it. */
export function newestIncident(): Incident | undefined {
  return newest?.incident ?? runCause()?.incident;
}

/** Who has resolved the incident, the last time that somebody did. */
export const lastResolver = (): Agent | undefined => resolver;

/**
 * The next later event for which `wanted` holds, looking from the `from`th on; undefined when the time is over. A run on an incident
 * asks PagerDuty every hour meanwhile, since an event may be lost.
 */
export async function nextEvent(
  wanted: (event: LaterEvent) => boolean,
  { from = 0, timeout }: { from?: number; timeout?: Duration } = {},
): Promise<LaterEvent | undefined> {
  const find = () => taken.slice(from).find(wanted);
  const milliseconds = timeout === undefined ? {} : { milliseconds: msToNumber(timeout) };
  await awaitWithLooks(runCause()?.incident?.id, () => find() !== undefined, milliseconds);
  return find();
}

/** The history has grown so long that Temporal wants a new one. Its hard limit ends a run: 51 200 entries, or 50 MB. */
export const isHistoryLong = (): boolean => workflowInfo().continueAsNewSuggested;

/** Temporal takes 2 MB in one piece: a next history gets no more events than these, in characters. */
export const mostLeft = 500_000;

/**
 * Goes on with a new, short history under the same run id: the workflow begins anew with this input. The new beginning knows
 * the incident as it is now, and finds the events in `left` (those that the run has not dealt with) as the first ones that it
 * gets. Nothing that arrives meanwhile is lost, as long as nothing is awaited between the last look at events and this.
 */
export async function renew(input: unknown, left: readonly LaterEvent[] = []): Promise<never> {
  const taking = taken.length;
  if (isOwed()) await settleOwed();
  // Whoever wants the run to end has said so to this history; the next one would not know.
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('The run is to end');
  unseen = [...left, ...taken.slice(taking)];
  return continueAsNew(input);
}

/** What a run takes along to its next history, beside the input. */
interface CarriedOver {
  /** How often each activity was called. */
  calls: [string, number][];
  /** The approvals whose answers it has taken up. */
  approvals?: readonly number[];
  /** The steps at which it is parked. */
  parked?: readonly FailedStep[];
  /** Of a run that proposes, once people have approved it. */
  approval?: RunApproval;
  proof?: Proof;
  urgent?: true;
  firstInput: unknown;
  /** A delivery may be repeated, but not after thousands of others. */
  takenIds: string[];
  newest?: { incident: Incident; at: string };
  acknowledged?: readonly Takeover[];
  resolver?: Agent;
  unseen: readonly LaterEvent[];
}

const idsKept = 2_000;

function pack(): CarriedOver {
  const approval = approvalOfRun();
  const left = new Set(unseen.map(({ eventId }) => eventId));
  const ids = [...takenIds].filter((id) => !left.has(id)).slice(-idsKept);
  return {
    calls: callCounts(),
    approvals: approvalsTakenUp(),
    ...(parkedSteps().length > 0 ? { parked: parkedSteps() } : {}),
    ...(approval ? { approval } : {}),
    proof: proofSoFar(),
    ...(isUrgent() ? { urgent: true } : {}),
    firstInput,
    takenIds: ids,
    ...(newest ? { newest } : {}),
    acknowledged: acknowledgedSoFar(),
    ...(resolver ? { resolver } : {}),
    unseen,
  };
}

/**
 * What came along, and the arguments without it. Only a history that another one of the same run has begun has brought something.
 * Whoever starts a workflow can put anything into its headers and arguments, and those go along when Temporal retries or repeats it.
 */
function carriedOver({ args, headers }: WorkflowExecuteInput): { args: unknown[]; carried?: CarriedOver } {
  const { continuedFromExecutionRunId, attempt, cronSchedule } = workflowInfo();
  const isRenewed = continuedFromExecutionRunId !== undefined && attempt === 1 && !cronSchedule;
  if (!isRenewed) return { args };
  const header = headers[carriedName];
  if (header) return { args, carried: defaultPayloadConverter.fromPayload<CarriedOver>(header) };
  const taken = splitLastArgument(args, carriedName);
  return { args: [...taken.args], ...(taken.value ? { carried: taken.value as CarriedOver } : {}) };
}

function unpack(carried: CarriedOver): void {
  ({ firstInput, newest, resolver } = carried);
  goOnAcknowledged(carried.acknowledged ?? []);
  goOnFrom(carried.calls);
  approveRun(carried.approval);
  if (carried.proof) goOnProved(carried.proof);
  if (carried.urgent) becomeUrgent();
  for (const number of carried.approvals ?? []) approvalTakenUp(number);
  leaveParked(carried.parked ?? []);
  for (const id of carried.takenIds) takenIds.add(id);
}

/** Takes what the run has found out itself as an event that it got. */
export let takeEvent: (event: LaterEvent) => void = () => {};

function take(event: LaterEvent, scope: CancellationScope): void {
  if (takenIds.has(event.eventId)) return;
  takenIds.add(event.eventId);
  if (event.urgent) becomeUrgent();
  taken.push(event);
  if (event.incident && (!newest || event.time >= newest.at))
    newest = { incident: event.incident, at: event.time };
  if (event.type !== 'pagerduty.incident.resolved') return;
  resolver = event.by;
  if (!event.echo && runCause()?.whenResolved !== 'continue') {
    stoppedBy = event;
    scope.cancel();
  }
}

function describeFailure(error: unknown): NonNullable<RunReport['failure']> {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const failureClass =
    cause instanceof ApplicationFailure
      ? (cause.type ?? 'Error')
      : cause instanceof TimeoutFailure
        ? 'TimedOut'
        : ((cause as Error | undefined)?.name ?? 'Error');
  return {
    class: failureClass,
    message: rootCause(error) ?? String(error),
    ...(error instanceof ActivityFailure ? { activity: error.activityType } : {}),
  };
}

let hasHelped: boolean | undefined;

/**
 * Says whether what the run has done has helped, once it has looked: `verify` does. Where it has not, three times in a row, the run's trigger
 * falls to a lower mode, and the run resolves nothing until a later look says otherwise.
 */
export function verified(helped: boolean): void {
  if (isLooking()) return;
  hasHelped = helped && hasHelped !== false;
  provedBy(helped);
}

const healthyOutcomes = new Set<string>();

/**
 * For the end of a workflow: `return healthy('restarted')`. Says that what the run is for is done and well, which takes back a page
 * for an earlier run of the same workflow on the same target. Any other return value ends the run as completed, and says only that
 * it ended: it may have been handed to a person.
 */
export function healthy<const Outcome extends string>(outcome: Outcome): Outcome {
  healthyOutcomes.add(outcome);
  return outcome;
}

/** How a run ended: it was stopped by that event, else the workflow's own word, where it returns one. A run that observes says so. */
function outcomeOf(result: unknown): string {
  const outcome = stoppedBy ? endBy(stoppedBy) : typeof result === 'string' ? result : 'completed';
  return runCause()?.mode === 'observe' ? `observed: ${outcome}` : outcome;
}

/** A plain error would be retried as a failed workflow task for ever, and look like a run that hangs. */
function asRunFailure(error: unknown, said: RunReport['failure']): TemporalFailure {
  // What comes from an activity has been looked through by the worker; what the workflow says itself has not.
  const isOwn = !(error instanceof TemporalFailure) || error instanceof ApplicationFailure;
  if (isOwn && said && said.message !== rootCause(error))
    return ApplicationFailure.nonRetryable(said.message, said.class);
  return error instanceof TemporalFailure
    ? error
    : ApplicationFailure.fromError(error, { nonRetryable: true });
}

/** How a run ends that a resolve stops: the work on a merged incident goes on elsewhere. */
const endBy = ({ incident }: LaterEvent) =>
  incident?.mergedInto ? `merged into ${incident.mergedInto.id}` : 'resolved elsewhere';

async function report(end: RunReport): Promise<RunReport['failure']> {
  const ended = hasHelped === undefined ? end : { ...end, verified: hasHelped };
  if (isOwed()) await settleOwed();
  return runCause() ? CancellationScope.nonCancellable(() => engine.reportRunEnd(ended)) : undefined;
}

const inbound: WorkflowInboundCallsInterceptor = {
  async execute(input, next) {
    const scope = new CancellationScope();
    takeEvent = (event) => take(event, scope);
    [firstInput] = input.args;
    const { args, carried } = carriedOver(input);
    if (carried) unpack(carried);
    for (const event of carried?.unseen ?? []) take(event, scope);
    setHandler(laterEvents, (events) => {
      for (const event of events) take(event, scope);
    });
    try {
      const result = await scope.run(() => next({ ...input, args }));
      const outcome = outcomeOf(result);
      await report({ state: 'completed', outcome, healthy: healthyOutcomes.has(outcome) });
      return result;
    } catch (error) {
      if (error instanceof ContinueAsNew || error instanceof DeterminismViolationError) throw error;
      if (isCancellation(error) && stoppedBy) {
        const outcome = outcomeOf(undefined);
        await report({ state: 'completed', outcome, healthy: false });
        return outcome;
      }
      const end: RunReport = isCancellation(error)
        ? { state: 'cancelled', outcome: 'cancelled', healthy: false }
        : { state: 'failed', outcome: 'failed', healthy: false, failure: describeFailure(error) };
      throw asRunFailure(error, await report(end));
    }
  },
};

const outbound: WorkflowOutboundCallsInterceptor = {
  scheduleActivity(input, next) {
    const headers = { ...input.headers, ...callHeaders(input, firstInput) };
    const result = next({ ...input, headers });
    if (!isLook(input.activityType)) changesBy(input.activityType, result);
    return result;
  },
  continueAsNew: (input, next) =>
    next({
      ...input,
      headers: { ...input.headers, [carriedName]: defaultPayloadConverter.toPayload(pack()) },
    }),
  scheduleLocalActivity: (input, next) =>
    next({ ...input, headers: { ...input.headers, ...callHeaders(input, firstInput) } }),
};

export const interceptors: WorkflowInterceptorsFactory = () => ({ inbound: [inbound], outbound: [outbound] });
