import type { Approval, ApprovalAnswer } from './approval.ts';
import type { Disposition } from './disposition.ts';
import type { Held, HoldKind, HoldScope } from './guard.ts';
import type { Kind } from './kind.ts';
import type { LowerMode, RunMode, Standing } from './mode.ts';
import type { DryRun, Plan } from './plan.ts';
import type { Question, QuestionAnswer } from './question.ts';
import type { RunStuck, WhenOverdue, WorkerBuild } from './run.ts';

/** What went wrong: a class that programs know, and words for people. */
export interface Failure {
  class: string;
  message: string;
  activity?: string;
}

/** A trigger's answer to an event. */
export interface RecordedAnswer {
  trigger: string;
  answer: 'matched' | 'joined' | 'no' | 'failed';
  /** The run, the condition that said no, or the fault. */
  reason: string;
  /** Of the run that it stands for. Left out: `auto`. */
  mode?: RunMode;
}

/** Of an attempt at an activity. */
export interface AttemptDetail {
  run: string;
  activity: string;
  kind: Kind;
  /** Of the effect: the same over all attempts. */
  key: string;
  attempt: number;
  input?: unknown;
  /** By which it is made. */
  approval?: string;
  simulated?: true;
  /** The state of the named connection that it goes by, where no test has confirmed it. */
  doubt?: string;
}

/** Of one call of an activity, over all its attempts. */
interface StepDetail {
  run: string;
  workflow: string;
  activity: string;
  kind: Kind;
  /** Of the effect. */
  key: string;
  targets: readonly string[];
  scheduledAt: string;
}

interface EndDetail {
  run: string;
  workflow: string;
  outcome: string;
  failure?: Failure;
  /** Of the run. Left out: `auto`. */
  mode?: RunMode;
  /** Whether what it has done has helped. */
  verified?: boolean;
  /** The code that carried it out. */
  worker?: WorkerBuild;
  healthy: boolean;
}

interface OperationDetail {
  /** Its name: `runs.stop`. */
  operation: string;
  /** What was asked, without what is secret. */
  input: unknown;
}

/** What is written into the record: for each action, what its line says. A new kind of line is one more here. */
export interface Details {
  'event.received': {
    eventId: string;
    type: string;
    deliveryId?: string | undefined;
    bytes: number;
    sha256: string;
    /** The number of the event that it repeats. */
    duplicateOf?: number | undefined;
  };
  'event.answered': {
    event: string;
    type: string;
    answers: RecordedAnswer[];
    /** Why nothing may start, whatever the triggers say. */
    hold?: { disposition: Disposition; reason: string };
    /** The live runs that it is passed on to, which go on by it. */
    tells?: string[];
  };
  /** A server of Baton has begun. `before`: how the one before it on this host ended, and when it was last heard of. */
  'process.started': ProcessDetail & { before?: { clean: boolean; lastAt?: string } };
  /** It was told to stop. */
  'process.stopped': ProcessDetail;
  'event.replayed': {
    seq: number;
    eventId: string;
    disposition: Disposition;
    reason?: string | undefined;
  };
  /** By a trigger's answer to `event`, or by hand for `reason`. */
  'run.started': {
    run: string;
    workflow: string;
    event?: string;
    reason?: string;
    /** Left out: `auto`. */
    mode?: RunMode;
    /** Of the incident of a drill. */
    drill?: true;
    /** Connections that it may use and that no test has confirmed. */
    doubts?: ConnectionDoubt[];
    input: unknown;
  };
  'run.restarted': {
    run: string;
    workflow: string;
    trigger: string;
    event: string;
    reason: string;
    input: unknown;
  };
  'run.stuck': { run: string; workflow: string; reason: RunStuck['reason']; message: string };
  /** It has not ended in the time that its trigger gives it. */
  'run.overdue': { run: string; workflow: string; dueAt: string; whenOverdue: WhenOverdue };
  'run.went_on': { run: string; workflow: string };
  /** The watchdog has found that something is not as it should be, and how long that has been so. */
  'condition.began': ConditionDetail & { since: string; summary: string };
  /**
   * People were told of it. `by`: the connection. `instead`: why not by the one that a policy names. `unconfirmed`: why that could not be seen
   * to arrive.
   */
  'condition.paged': ConditionDetail & { by?: string; instead?: string; unconfirmed?: string };
  'condition.over': ConditionDetail & { unconfirmed?: string };
  /** PagerDuty has a change event of a change; or not, and it is tried no more. */
  'change.told': ChangeTold & { unconfirmed?: true };
  'change.not_told': ChangeTold & { reason: string };
  'run.said': { run: string; text: string; links?: { text: string; url: string }[] };
  'run.completed': EndDetail;
  'run.failed': EndDetail;
  'run.timed_out': EndDetail;
  'run.cancelled': EndDetail;
  /** Where it is looked at and not made: what would be done, or that it is done already. */
  'activity.planned': AttemptDetail & { targets: readonly string[] } & (
      | { plan: Plan; digest: string; dryRun?: DryRun; held?: { guard: string; reason: string } }
      | { done: unknown }
    );
  'activity.intended': AttemptDetail & { targets?: readonly string[] };
  /** `held`: by which guard, and when it may be tried again, where that is known. */
  'activity.refused': AttemptDetail & { failure: Failure; held?: Pick<Held, 'guard' | 'retryAt'> };
  'activity.failed': AttemptDetail & { failure: Failure };
  /** Where somebody hears of it: see `Heard`. The other states have their lines anyhow. */
  'activity.scheduled': StepDetail;
  'activity.started': StepDetail & { attempt: number };
  'activity.timed_out': StepDetail & { failure: Failure };
  'activity.cancelled': StepDetail;
  /** A change that was made says by which plan. */
  'activity.completed': AttemptDetail & { result: unknown } & Partial<
      Pick<Plan, 'summary' | 'before' | 'after' | 'inverse'> & { digest: string }
    >;
  /** What people were shown, by its digest. */
  'approval.asked': ApprovalDetail &
    Pick<Approval, 'summary' | 'calls' | 'approvers' | 'required' | 'expiresAt' | 'overridesGuards'>;
  /** One person's answer; by the last one that it takes, `state` is no more `pending`. */
  'approval.answered': ApprovalDetail & Pick<Approval, 'state'> & ApprovalAnswer;
  /** Ended without an answer. */
  'approval.closed': ApprovalDetail & Pick<Approval, 'state'> & { because: string };
  /** Baton itself holds changes: the breaker of a workflow, or what was made too often to a target. */
  'hold.set': HoldScope & { kind: HoldKind; reason: string; run: string };
  'question.asked': QuestionDetail &
    Pick<Question, 'summary' | 'form' | 'parked' | 'approvers' | 'expiresAt'>;
  'question.answered': QuestionDetail & Pick<Question, 'state'> & QuestionAnswer;
  /** Ended without an answer. */
  'question.closed': QuestionDetail & Pick<Question, 'state'> & { because: string };
  /** A run waits for the other side to call back. Neither the address nor what it brings is written. */
  'callback.opened': CallbackDetail;
  'callback.received': CallbackDetail & { bytes: number };
  /** Nothing is taken any more. */
  'callback.closed': CallbackDetail & { because: string };
  /** Before a change outside of the store is made. */
  'operation.intended': OperationDetail;
  'operation.done': OperationDetail;
  /** Whoever asked lacks the right, or it cannot be done now. */
  'operation.refused': Partial<OperationDetail> & { operation: string; status: number; reason: string };
  'connection.added': ConnectionDetail & { provider: string; variables: readonly string[] };
  'connection.changed': ConnectionDetail & { provider: string; variables: readonly string[] };
  'connection.removed': ConnectionDetail & { users: unknown; force: boolean };
  'connection.restored': ConnectionDetail;
  /** Setup has made something at a provider for it, or teardown has taken that away. */
  'connection.set_up': ConnectionDetail & SetUpDetail;
  'connection.torn_down': ConnectionDetail & SetUpDetail;
  /** A webhook subscription that PagerDuty had disabled is enabled again. */
  'webhook.enabled': { connection: string; subscription: string };
  /** A subscriber was told of an event as often as it is tried, and has not taken it. */
  'delivery.exhausted': SubscriptionDetail & {
    event: string;
    type: string;
    attempts: number;
    reason: string;
  };
  /** What was not taken, or is to be told again, is due now. */
  'delivery.replayed': SubscriptionDetail & { deliveries: number };
  /** Its receiver has said that it wants no more. What comes meanwhile waits. */
  'subscription.stopped': SubscriptionDetail & { reason: string };
  'subscription.resumed': SubscriptionDetail;
  /** What a test of it found. */
  'connection.judged': ConnectionDetail & { provider: string; state: string; reason: string };
  /** The rights that are missing, where they are not those of the line before. */
  'connections.checked': { missing: readonly MissingRight[] };
  'trigger.lowered': { trigger: string; mode: LowerMode; before: Standing; reason: string };
  /** It was switched off, and is as it was before that. */
  'trigger.enabled': { trigger: string; reason: string };
  'route.set': ConnectionDetail & { route: unknown };
  'route.removed': ConnectionDetail & { route: unknown };
  /** The first token of all, which no operation made. */
  'tokens.create': { name: string; role: string; expiresAt: string; first: true };
  'sign-in.succeeded': { role: string; from: string; subject: string; before?: string };
  'sign-in.failed': { reason: string; address: string };
  'sign-in.ended': Record<string, never>;
  /** Somebody in Slack was told a code by which they prove who they are in PagerDuty. Neither it nor its hash is written. */
  'link-code.given': { slackUser: string; expiresAt: string };
  /** A PagerDuty user with this address has written it. `taken`: the address is another user's of Slack, and nothing was changed. */
  'link-code.used': { email: string; slackUser: string; state: 'linked' | 'taken'; before?: string };
}

/** A connection that no test has shown to work. */
export interface ConnectionDoubt {
  provider: string;
  connection: string;
  /** `unverified`, `rejected`, `not there`. */
  state: string;
}

interface ApprovalDetail {
  approval: string;
  run: string;
  /** Of the plan that was shown. */
  digest: string;
}

interface QuestionDetail {
  question: string;
  run: string;
  /** Of what was asked. */
  digest: string;
}

interface ChangeTold {
  run: string;
  activity: string;
  /** Of the effect. */
  key: string;
}

interface CallbackDetail {
  callback: string;
  run: string;
}

interface ProcessDetail {
  /** `start`, `server`. */
  process: string;
  host: string;
  commit?: string;
}

interface SubscriptionDetail {
  subscription: string;
}

interface ConditionDetail {
  /** `worker.unhealthy`, `run.overdue`, … */
  condition: string;
  /** The dedup key of its page. */
  key: string;
}

interface SetUpDetail {
  /** `service`, `integration`, `webhook subscription`. */
  kind: string;
  id: string;
  thing: string;
}

interface ConnectionDetail {
  /** Of the connection. */
  name: string;
}

/** A right that a provider does not give. */
export interface MissingRight {
  provider: string;
  connection: string;
  what: string;
  reason: string;
  neededBy: readonly string[];
}

export type Action = keyof Details;

interface Line {
  at: string;
  /** `trigger:ec2-unhealthy`, `person:ada@example.com`, `token:deploy`, `baton`, `pagerduty`. */
  actor: string;
  /** `webhook`, `pull`, `dispatch`, `worker`, `slack`, `api`, `cli`, `console`, `start`, `doctor`, `schedule`, `watchdog`, `journal`, `process`. */
  via: string;
  /** The incident id, or what else it is about. */
  subject: string;
}

/** A line for the record, of one action. */
export type EntryOf<Name extends Action> = Line & { action: Name; detail: Details[Name] };

/** A line for the record. */
export type Entry = { [Name in Action]: EntryOf<Name> }[Action];

/** A line of the record as it is read: it may come from another version, older or newer. */
export interface RecordRow extends Line {
  action: string;
  detail: Record<string, unknown>;
  /** Undefined while unlinked. */
  seq?: number;
  previous?: string;
  hash?: string;
}

/**
 * What a line says, where it is of one of these actions. A line of an older version may lack fields, and one that was too long says
 * nothing (see `lineMaker` in store/record/lines.ts).
 */
export function detailOf<Name extends Action>(
  { action, detail }: Pick<RecordRow, 'action' | 'detail'>,
  ...names: Name[]
): Partial<Details[Name]> | undefined {
  return (names as string[]).includes(action) ? (detail as Partial<Details[Name]>) : undefined;
}
