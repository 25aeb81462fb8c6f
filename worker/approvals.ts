import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import {
  type ApprovalRequest,
  type Approvers,
  type AskedOf,
  asksRole,
  onCallIn,
} from '../domain/approval.ts';
import { rightToAnswer } from '../domain/question.ts';
import { actorOf, authorize, type Principal, type Resource, type Right } from '../domain/rights.ts';
import { defaultConnection, subjectOf } from '../domain/subject.ts';
import { waitingDelivery } from '../store/asked/approval-lines.ts';
import type { Person } from '../store/people/people.ts';
import type { Store } from '../store/store.ts';
import type { ApprovalActivities, ApprovalAsking } from '../workflows/kit/asking-activities.ts';
import type { CauseOfCall } from './authority.ts';
import { isWhole } from './chain/plan-digest.ts';
import { digestOf } from './identity.ts';

/** The engine's own activities that approvals need. Whose run it is and who asked for it is what the signed cause says. */
export function approvalActivities(store: Store, scrub: (text: string) => string): ApprovalActivities {
  return {
    async askApproval({ number, ...asking }: ApprovalAsking, cause?: CauseOfCall) {
      if (!cause)
        throw ApplicationFailure.nonRetryable(
          'Nobody is asked: the run was not started by a server of Baton',
          'NotAuthorized',
        );
      const problem = problemOf(asking);
      if (problem) throw ApplicationFailure.nonRetryable(`Nobody is asked: ${problem}`, 'InvalidInput');
      const request: Omit<ApprovalRequest, 'key'> = {
        ...asking,
        summary: scrub(asking.summary),
        digest: digestOf(asking.calls.map(({ digest }) => digest)),
        ...askerOf(cause),
      };
      return askOnce(`${request.runId}#${number}`, request.digest, {
        ask: (key) => store.askApproval({ ...request, key }),
        replace: (id) =>
          store.closeApproval(id, 'superseded', 'what would be done had changed since it was shown'),
      });
    },

    async findApproval({ id }) {
      return store.findApproval(id);
    },

    async closeApproval({ id, state, because }, cause?: CauseOfCall) {
      const kept = await store.findApproval(id);
      return cause && isOwn(kept) ? store.closeApproval(id, state, scrub(because)) : kept;
    },

    async remindOfApproval({ id, reminder }, cause?: CauseOfCall) {
      const kept = await store.findApproval(id);
      if (!cause || !isOwn(kept) || kept.state !== 'pending') return;
      const told = { ...kept, summary: scrub(kept.summary) };
      await store.receive({ ...waitingDelivery(told, reminder, new Date().toISOString()), leave: true });
    },

    async showedApproval({ id, ...message }, cause?: CauseOfCall) {
      if (cause) await store.showedApproval(id, message);
    },

    async peopleByRole({ id, limit }) {
      const approval = await store.findApproval(id);
      if (approval) return peopleOnRole(approval, 'approvals.decide', limit, store);
      const question = await store.findQuestion(id);
      const asked = question && { ...question, requesterMayApprove: true };
      return asked ? peopleOnRole(asked, rightToAnswer(asked), limit, store) : [];
    },
  };
}

const peopleAtOnce = 200;

/** Whoever has no right to answer it, or has asked for it and may not answer, is none of them. */
async function peopleOnRole(
  asked: AskedOf & Resource,
  right: Right,
  limit: number,
  store: Store,
): Promise<string[]> {
  const { approvers, requesterMayApprove, requestedBy } = asked;
  const isAsked = ({ email, role, scope }: Person) => {
    if (!role || !asksRole(approvers, role)) return false;
    const principal: Principal = { kind: 'person', name: email, role, ...(scope ? { scope } : {}) };
    if (!requesterMayApprove && requestedBy.includes(actorOf(principal))) return false;
    return authorize(principal, right, asked).allowed;
  };
  const found: string[] = [];
  for (let after: string | undefined; ; ) {
    const people = await store.listPeople({ after, limit: peopleAtOnce });
    found.push(...people.filter(isAsked).map(({ email }) => email));
    after = people.at(-1)?.email;
    if (found.length >= limit || people.length < peopleAtOnce) return found.slice(0, limit);
  }
}

/** A run looks at each every hour, and its history has an end. */
const mostSeconds = 90 * 86_400;

/** Why nobody could answer what is to be asked; undefined where they can. */
function problemOf({
  calls,
  approvers,
  required,
  expiresInSeconds,
}: Omit<ApprovalAsking, 'number'>): string | undefined {
  if (!calls.every(isWhole))
    return 'what would be shown is not what was planned. Hand on the planned calls as they came';
  if (!Number.isInteger(required) || required < 1)
    return `${required} people cannot approve. \`required\` is a whole number from 1 on`;
  return problemOfAsking({ approvers, expiresInSeconds });
}

/** What is wrong with whom a run asks, or for how long; undefined where nothing is. */
export function problemOfAsking({
  approvers: { onCallOf },
  expiresInSeconds,
}: {
  approvers: Approvers;
  expiresInSeconds: number;
}): string | undefined {
  const level = onCallOf === undefined ? undefined : onCallIn(onCallOf).level;
  if (level !== undefined && !(Number.isInteger(level) && level >= 1))
    return `no escalation policy has a level ${level}. \`level\` is a whole number from 1 on`;
  if (!(expiresInSeconds >= 1 && expiresInSeconds <= mostSeconds))
    return `it would expire in ${expiresInSeconds} seconds. \`expiresIn\` is from 1 second to 90 days`;
  return undefined;
}

/**
 * Asks once for each key, also where the run was reset to before it asked. What is another one by then is asked anew, and so is what was
 * withdrawn or replaced meanwhile: under a key that follows from the one before, so that this, too, is asked once.
 */
export async function askOnce<Kept extends { id: string; state: string; digest: string }>(
  first: string,
  digest: string,
  { ask, replace }: { ask(key: string): Promise<Kept>; replace(id: string): Promise<unknown> },
): Promise<Kept> {
  for (let key = first; ; ) {
    const kept = await ask(key);
    const isUndone = kept.state === 'superseded' || kept.state === 'withdrawn';
    if (kept.digest === digest && !isUndone) return kept;
    await replace(kept.id);
    key = `${first}/${kept.id}`;
  }
}

/** Whose asking it is, by the run that asks and its signed cause. */
export function askerOf(cause: CauseOfCall) {
  const { workflowExecution, workflowType: workflow = '' } = activityInfo();
  return {
    runId: workflowExecution?.workflowId ?? '',
    workflow,
    trigger: cause.trigger,
    ...(cause.subject === undefined ? {} : { subject: cause.subject }),
    ...serviceOf(cause),
    requestedBy: requestersOf(cause),
  };
}

/** Whether the run that calls has asked it. */
export const isOwn = <Kept extends { runId: string }>(kept: Kept | undefined): kept is Kept =>
  kept !== undefined && kept.runId === activityInfo().workflowExecution?.workflowId;

/** As the mirror of incidents has it: of another account than `default`, its name stands before the id. */
function serviceOf({ incident, connection = defaultConnection }: CauseOfCall): { service?: string } {
  const id = incident?.service.id;
  return id ? { service: subjectOf(connection, id) } : {};
}

/** Who has asked for a run, under all names that are known: they do not approve what it asks. */
export function requestersOf({ by, startedBy }: Pick<CauseOfCall, 'by' | 'startedBy'>): string[] {
  if (startedBy) return [actorOf(startedBy), ...(startedBy.alsoKnownAs ?? [])];
  return by ? [`slack:${by.id}`] : [];
}
