import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineUpdate,
  isCancellation,
  patched,
  setHandler,
} from '@temporalio/workflow';
import type { ActivityFunctions } from '../../activities/index.ts';
import type {
  Approval,
  ApprovalAnswer,
  ApprovalEvent,
  Approvers,
  Looked,
  PlannedCall,
} from '../../domain/approval.ts';
import { whoMayApprove } from '../../domain/approval.ts';
import type { QuestionEvent } from '../../domain/question.ts';
import { oneLine } from '../../domain/text.ts';
import { changes, type Steps, steps } from './activities.ts';
import { approvalOfRun, approvalTakenUp, by, failedUnder, nextApproval } from './call-approval.ts';
import type { Reminder } from './call-people.ts';
import { asApproved, isUsual, lookAt, looked } from './consent.ts';
import { failureOf, orCancelled, orUnavailable } from './parts.ts';
import { engine, eventsSoFar, isLooking, isPlanning, lastResolver } from './run.ts';
import type { AskedOfPeople } from './show-as-kept.ts';
import { reminderOf } from './shown-approval.ts';

/** Tells a run that its approval or question has an answer, and waits until it has taken it up: true. Whoever cannot wait lets the event tell it. */
export const approvalAnswered = defineUpdate<boolean, [string]>('approvalAnswered');

/**
 * What follows when nobody has answered in time: the `End`; the run fails, and so pages; or others are asked, for their own time (left out,
 * as long as those before), and `then` says what follows where they do not answer either (left out, the `End`).
 */
export type OnExpire<End extends string> =
  | End
  | 'page'
  | { ask: Approvers; expiresIn?: Duration; then?: OnExpire<End> };

/** How people are asked. */
export interface Asking {
  /** Who may answer: looked up at each answer. */
  approvers: Approvers;
  /** So many different people have to approve; one refusal is enough. */
  required?: number;
  /** After this nothing is approved any more. */
  expiresIn: Duration;
  /** Left out: it is refused. */
  onExpire?: OnExpire<'refuse'>;
  /** Whoever asked for the run may answer too. */
  requesterMayApprove?: boolean;
  reasonRequired?: boolean;
  /** It is made though a guard holds its targets. People see that, and have to say why. */
  overridesGuards?: boolean;
  /** A channel of Slack to show it in. Left out: the incident's room, else each approver by a direct message. */
  channelId?: string;
}

/** What people said. */
export interface Decision {
  decision: 'approved' | 'refused' | 'expired';
  approvalId: string;
  answers: readonly ApprovalAnswer[];
  at: string;
  reason?: string;
}

export type ChangeName = Exclude<
  keyof Steps & string,
  `${'read' | 'list' | 'find' | 'check' | 'search' | 'query'}${Capitalize<string>}`
>;
type InputOf<Name extends ChangeName> = Parameters<ActivityFunctions[Name]>[0];
type OutputOf<Name extends ChangeName> = Awaited<ReturnType<ActivityFunctions[Name]>>;

/** The approvals and questions that the run has taken up. */
const takenUp = new Set<string>();
const told = new Set<string>();

/** The planned call of a change, for people to approve; or what is so already. Nothing is changed. */
export function planned<Name extends ChangeName>(
  activity: Name,
  input: InputOf<Name>,
): Promise<Looked<OutputOf<Name>>> {
  return looked('ask', activity, input) as Promise<Looked<OutputOf<Name>>>;
}

/** Makes a change by an approval: by the plan that people have seen, or not at all (`PlanChanged`). While a run only looks, it is not made. */
export function makeApproved<Name extends ChangeName>(
  approvalId: string,
  activity: Name,
  input: InputOf<Name>,
): Promise<OutputOf<Name>> {
  if (isPlanning()) return lookAt('ask', activity, input) as Promise<OutputOf<Name>>;
  return by(approvalId, () => changes(`approved:${activity}`, input)) as Promise<OutputOf<Name>>;
}

/** What became of a change that people were asked about. */
export type Approved<Output> =
  | { result: Output; decision?: Decision }
  | { refusal: string; decision: Decision };

/** How often it is asked anew when the world has changed between the approval and the change. */
const mostRounds = 3;

/**
 * Makes one change, once people have approved just this: they see its exact calls, and it is made by that plan. Where the world is another
 * one by then, they are asked anew. What is so already is not asked for. Throws what the change itself throws. `though`: what speaks against
 * it, which people read behind what would be done. `first`: what is read right before it is made. `beside`: who is called beside the question, until
 * it has an answer.
 */
export async function withApproval<Name extends ChangeName>(
  activity: Name,
  given: InputOf<Name>,
  {
    though,
    first,
    beside,
    ...asking
  }: Asking & { though?: string; first?: () => Promise<void>; beside?: () => Reminder },
): Promise<Approved<OutputOf<Name>>> {
  const input = asApproved(activity, given);
  // One look, as if it were approved, is all that there is to see where nothing is changed.
  if (isLooking()) {
    await first?.();
    return { result: await makeApproved('none', activity, input) };
  }
  const used: string[] = [];
  for (let round = 1; ; round += 1) {
    const found = await planned(activity, input);
    if ('done' in found) return { result: found.done };
    const { summary } = found.planned;
    const plan = { summary: though ? `${summary}, though ${though}` : summary, calls: [found.planned] };
    const known = round === 1 && isUsual(asking) ? decisionWithRun(found.planned) : undefined;
    const calling = known ? undefined : beside?.();
    const decision =
      known ?? (await askApproval({ ...asking, plan }).finally(() => calling?.end('5 seconds')));
    if (decision.decision !== 'approved') return { refusal: refusalOf(decision), decision };
    await first?.();
    try {
      return { result: await makeApproved(decision.approvalId, activity, input), decision };
    } catch (error) {
      const failure = failureOf(error);
      used.push(decision.approvalId);
      if (failure) failedUnder(error as Error, used);
      if (failure?.class !== 'PlanChanged' || round === mostRounds) throw error;
      if (known) continue;
      await engine.closeApproval({
        id: decision.approvalId,
        state: 'superseded',
        because: 'what would be done had changed since it was shown',
      });
    }
  }
}

/** People have approved this very call with all of the run. */
function decisionWithRun({ digest }: PlannedCall): Decision | undefined {
  const whole = approvalOfRun();
  if (!whole?.calls.some((call) => call.digest === digest)) return undefined;
  return { decision: 'approved', approvalId: whole.id, answers: [], at: whole.at };
}

/** Why it is not done, in words. */
function refusalOf({ decision, answers, reason }: Decision): string {
  if (decision === 'expired') return 'nobody approved it in time';
  const by = answers.findLast((answer) => answer.decision === 'refused')?.name ?? 'somebody';
  return oneLine(`${by} refused it${reason ? `: ${reason}` : ''}`);
}

/**
 * Asks people in Slack, and by command and API at once, and waits for as long as it takes: for days, through crashes and outages. The first
 * valid answer ends it everywhere. Where the run is to end, the question is withdrawn.
 */
export async function askApproval(asked: Asked): Promise<Decision> {
  // A run that only looks asks nobody: it goes on as if it were approved, and changes nothing.
  if (isLooking())
    return { decision: 'approved', approvalId: 'none', answers: [], at: new Date().toISOString() };
  return decisionOf(asked);
}

/** What is asked, and of whom. */
type Asked = Asking & { plan: { summary: string; calls: readonly PlannedCall[] } };

/** What people say to it, whatever the mode of the run. */
export async function decisionOf({ plan, ...asking }: Asked): Promise<Decision> {
  const { onExpire = 'refuse' } = asking;
  const closed = await ask(plan, asking);
  const { id, state, answers, closedAt, expiresAt } = closed;
  const at = closedAt ?? expiresAt;
  if (state === 'approved' || state === 'refused') {
    const reason = answers.findLast((answer) => answer.decision === state)?.reason;
    return { decision: state, approvalId: id, answers, at, ...(reason ? { reason } : {}) };
  }
  if (typeof onExpire === 'object') {
    const { ask: approvers, expiresIn = asking.expiresIn, then: afterwards = 'refuse' } = onExpire;
    return decisionOf({ ...asking, plan, approvers, expiresIn, onExpire: afterwards });
  }
  if (onExpire === 'page')
    throw ApplicationFailure.nonRetryable(`Nobody approved in time: ${plan.summary}`, 'ApprovalExpired');
  return { decision: 'expired', approvalId: id, answers, at };
}

async function ask(
  { summary, calls }: { summary: string; calls: readonly PlannedCall[] },
  asking: Asking,
): Promise<Approval> {
  const { approvers, required = 1, requesterMayApprove = false, channelId } = asking;
  const { overridesGuards = false } = asking;
  const reasonRequired = overridesGuards || asking.reasonRequired === true;
  return askAndWait({
    ask: (number) =>
      engine.askApproval({
        number,
        summary,
        calls,
        approvers,
        required,
        requesterMayApprove,
        reasonRequired,
        overridesGuards,
        expiresInSeconds: secondsOf(asking.expiresIn),
        ...(channelId === undefined ? {} : { channelId }),
      }),
    find: engine.findApproval,
    close: engine.closeApproval,
    remind: engine.remindOfApproval,
    unanswered: unansweredFor(asking),
    lost: 'ApprovalLost',
  });
}

export const secondsOf = (time: Duration): number => Math.ceil(msToNumber(time) / 1000);

/** How something is asked of people, and looked at until it is over. */
interface Ways<Kept extends AskedOfPeople> {
  /** `number`: the same one asks once. */
  ask(number: number): Promise<Kept>;
  find(asked: { id: string }): Promise<Kept | undefined>;
  close(closing: { id: string; state: 'expired' | 'withdrawn'; because: string }): Promise<Kept | undefined>;
  remind(asked: { id: string; reminder: number }): Promise<void>;
  /** Why it is over where nobody has answered. */
  unanswered: string;
  /** The class of the failure where the store keeps it no more. */
  lost: string;
}

/** Asks people, and waits until it is over. Where the run is to end, what it asks is withdrawn. */
export async function askAndWait<Kept extends AskedOfPeople>(ways: Ways<Kept>): Promise<Kept> {
  const number = nextApproval();
  setHandler(approvalAnswered, async (id) => {
    told.add(id);
    return condition(() => takenUp.has(id), '10 seconds');
  });
  const asked = await ways.ask(number);
  try {
    const closed = await untilClosed(asked, ways);
    takenUp.add(closed.id);
    approvalTakenUp(number);
    return closed;
  } catch (error) {
    if (isCancellation(error))
      await CancellationScope.nonCancellable(() =>
        ways.close({ id: asked.id, state: 'withdrawn', because: becauseOfEnd() }),
      );
    throw error;
  }
}

function becauseOfEnd(): string {
  const resolver = lastResolver();
  return resolver ? `the incident was resolved by ${resolver.name}` : 'the run was stopped';
}

/** What is told may be lost, so what is kept is looked at so often. */
const lookAgainMs = 3_600_000;
/** The clocks of the store and of Temporal differ: by the store's it may have some seconds left. */
const shortMs = 2_000;

/** Why it is over where nobody has answered, and what follows: people read it where the question was. */
export function unansweredFor(
  { onExpire }: { onExpire?: OnExpire<string> },
  whoMay: (others: Approvers) => string = whoMayApprove,
): string {
  const unanswered = 'nobody answered in time';
  if (typeof onExpire === 'object') return `${unanswered}, so others are asked: ${whoMay(onExpire.ask)}`;
  return onExpire === 'page' ? `${unanswered}, so the run fails, and somebody is paged` : unanswered;
}

async function untilClosed<Kept extends AskedOfPeople>(first: Kept, ways: Ways<Kept>): Promise<Kept> {
  const { id, expiresAt, askedAt } = first;
  const end = Date.parse(expiresAt);
  const begin = Date.parse(askedAt);
  const remindsByEvent = patched('reminded-by-event');
  const times = (remindsByEvent ? [1 / 2, 3 / 4] : [1 / 2]).map((part) => begin + part * (end - begin));
  const due = () => times.filter((time) => Date.now() >= time).length;
  // A run that has begun a new history has reminded people in the one before.
  let reminded = due();
  let overdueMs = shortMs;
  let seen = 0;
  // An answer does not wait for a Slack that is away.
  const reminding = new CancellationScope();
  try {
    for (let now = first; ; ) {
      if (now.state !== 'pending') return now;
      const left = (times[reminded] ?? end) - Date.now();
      // Each time longer: the clock of the store may be hours behind.
      if (Date.now() >= end) overdueMs *= 2;
      const wait = Math.min(Math.max(left, overdueMs), lookAgainMs);
      await condition(() => told.has(id) || isClosed(id, seen), wait);
      // Before the look: what is told during it is looked at again. And no event is believed twice.
      told.delete(id);
      seen = eventsSoFar().length;
      now = await look(id, Date.now() >= end, ways);
      if (now.state !== 'pending' || due() === reminded) continue;
      reminded = due();
      const asked = now;
      if (remindsByEvent) await ways.remind({ id, reminder: reminded });
      else reminding.run(() => remindOnce(asked)).catch(orCancelled);
    }
  } finally {
    reminding.cancel();
  }
}

/** How it stands. Where its time is over by the clock of Temporal, it is ended, if it is over by the store's too. */
async function look<Kept extends AskedOfPeople>(
  id: string,
  isOver: boolean,
  { find, close, unanswered, lost }: Ways<Kept>,
): Promise<Kept> {
  const kept = isOver ? await close({ id, state: 'expired', because: unanswered }) : await find({ id });
  if (kept) return kept;
  throw ApplicationFailure.nonRetryable(
    `What was asked (${id}) is not in the store any more, so nobody can answer it. Start the run anew`,
    lost,
  );
}

const isClosed = (id: string, from: number): boolean =>
  eventsSoFar()
    .slice(from)
    .some(({ type, data }) => {
      const { approvalId, questionId, state } = (data ?? {}) as Partial<ApprovalEvent & QuestionEvent>;
      return /^(approval|question)\./.test(type) && (approvalId ?? questionId) === id && state !== 'pending';
    });

/** How runs have reminded people that began before a run of its own did: once, in each place where it was shown. */
async function remindOnce({ summary, expiresAt, messages }: AskedOfPeople): Promise<void> {
  for (const { channelId, ts } of messages)
    await orUnavailable(() =>
      steps.postSlackMessage({
        channelId,
        threadTs: ts,
        text: reminderOf({ summary, expiresAt }),
      }),
    );
}
