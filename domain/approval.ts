import type { ChangeKind } from './kind.ts';
import type { DryRun, Inverse } from './plan.ts';
import { type Role, roles } from './rights.ts';

/**
 * Whom an approval asks. Whoever is on any of the lists may answer, if they have the right to (`approvals.decide`). Who is on a list is
 * looked up at each answer: whoever is on call then, and not whoever was when it was asked.
 */
export interface Approvers {
  /** Users of PagerDuty, by id. */
  userIds?: readonly string[];
  /** A user group of Slack, by id. */
  userGroup?: string;
  /** A team of PagerDuty, by id. */
  pagerDutyTeam?: string;
  /** Whoever is on call for a service of PagerDuty. */
  onCallOf?: OnCallOf;
  /** Whoever has this role in Baton, or a higher one. */
  role?: 'approver' | 'operator' | 'admin';
}

/** A service of PagerDuty, by id: all levels of its escalation policy, or one of them, the first being 1. */
export type OnCallOf = string | { service: string; level: number };

/** The service whose people on call are asked, and the level where it is that one alone. */
export const onCallIn = (onCallOf: OnCallOf): { service: string; level?: number } =>
  typeof onCallOf === 'string' ? { service: onCallOf } : onCallOf;

/** Whether these approvers ask whoever has this role. No list at all asks whoever has the right. */
export function asksRole(approvers: Approvers, role: Role): boolean {
  if (approvers.role === undefined) return Object.values(approvers).every((list) => list === undefined);
  return roles.indexOf(role) >= roles.indexOf(approvers.role);
}

/** A call that waits for an approval, as a look at the world has planned it. It is made by this plan or not at all. */
export interface PlannedCall {
  activity: string;
  /** What the activity was given. */
  input: Record<string, unknown>;
  connection: string;
  targets: readonly string[];
  /** For people: see `Plan`. */
  summary: string;
  calls: readonly string[];
  before?: unknown;
  after?: unknown;
  inverse: Inverse;
  /** SHA-256 over the canonical JSON of all that. */
  digest: string;
  /** What the provider said to it when it was planned. Not in the digest. */
  dryRun?: DryRun;
}

/** `superseded`: the world is another one than was shown, and it is asked anew. `withdrawn`: the run needs no answer any more. */
export type ApprovalState = 'pending' | 'approved' | 'refused' | 'expired' | 'superseded' | 'withdrawn';

/** Somebody's answer to it. */
export interface ApprovalAnswer {
  /** As record entries name who acted: `person:ada@example.com`. */
  by: string;
  /** Under what else Baton knows whoever it was: other addresses, a user of Slack, the owner of a token. They are one person. */
  alsoKnownAs?: readonly string[];
  /** As people are called: the name at the provider, else the address. */
  name: string;
  via: 'slack' | 'cli' | 'api' | 'console';
  at: string;
  decision: 'approved' | 'refused';
  reason?: string;
}

/** Whether two answers are those of one person, by whatever names and doors they came. */
export function areOfOnePerson(one: Answerer, other: Answerer): boolean {
  const names = namesOf(other);
  return namesOf(one).some((name) => names.includes(name));
}

type Answerer = Pick<ApprovalAnswer, 'by' | 'alsoKnownAs'>;
const namesOf = ({ by, alsoKnownAs = [] }: Answerer) =>
  [by, ...alsoKnownAs].map((name) => name.toLowerCase());

/** How many different people have approved. */
export function howManyApproved(answers: readonly ApprovalAnswer[]): number {
  const given = answers.filter(({ decision }) => decision === 'approved');
  return given.filter(
    (answer, index) => !given.slice(0, index).some((other) => areOfOnePerson(answer, other)),
  ).length;
}

/** Where people see it in Slack. */
export interface ApprovalMessage {
  channelId: string;
  ts: string;
}

/** What people are asked for, and what they have said. */
export interface Approval {
  /** Opaque. It gives no right to anything. */
  id: string;
  runId: string;
  workflow: string;
  trigger: string;
  /** The incident (`subjectOf`), where the run has one. */
  subject?: string;
  /** The service of the incident, for the scopes of tokens. */
  service?: string;
  /** What is asked, in one sentence. */
  summary: string;
  calls: readonly PlannedCall[];
  /** SHA-256 over the digests of its calls: what an answer is an answer to. */
  digest: string;
  approvers: Approvers;
  /** So many different people have to approve. One refusal is enough. */
  required: number;
  /**
   * Whoever asked for the run, under all names by which Baton knows them, who may not answer unless `requesterMayApprove`:
   * `person:ada@example.com`, `slack:U0ADA`, `token:ci`.
   */
  requestedBy: readonly string[];
  requesterMayApprove: boolean;
  reasonRequired: boolean;
  /** The calls are made though a guard (a cool-down, a freeze) holds their targets. It is shown, and needs a reason. */
  overridesGuards: boolean;
  /** Where it is to be shown, if the caller says so; else in the incident's room, else to each approver. */
  channelId?: string;
  askedAt: string;
  expiresAt: string;
  state: ApprovalState;
  answers: readonly ApprovalAnswer[];
  messages: readonly ApprovalMessage[];
  /** When it left `pending`, and why where no answer did it: "the incident was resolved by Ada Lopez". */
  closedAt?: string;
  closedBecause?: string;
}

/** What a run says when it asks. The rest is the store's. */
export type ApprovalRequest = Omit<
  Approval,
  'id' | 'askedAt' | 'expiresAt' | 'state' | 'answers' | 'messages' | 'closedAt' | 'closedBecause'
> & {
  /** The same key asks once. */
  key: string;
  expiresInSeconds: number;
};

/** What an event of the types `approval.*` tells. */
export interface ApprovalEvent {
  approvalId: string;
  runId: string;
  workflow: string;
  state: ApprovalState;
  summary: string;
  /** The incident within the account of the event's connection. */
  incidentId?: string;
}

/** The approvals that are kept. */
export interface Approvals {
  /** Asks, once for each key: gives the one that there is. */
  askApproval(request: ApprovalRequest): Promise<Approval>;
  findApproval(id: string): Promise<Approval | undefined>;
  /**
   * Ends a pending one without an answer; one that has ended stays as it is, but that an approved one can be superseded. Gives how it
   * stands after it.
   */
  closeApproval(
    id: string,
    state: 'expired' | 'superseded' | 'withdrawn',
    because: string,
  ): Promise<Approval | undefined>;
  /** Remembers where people see it. */
  showedApproval(id: string, message: ApprovalMessage): Promise<void>;
}

/** What is looked at to tell whether somebody may answer. */
export type AskedOf = Pick<Approval, 'subject' | 'approvers' | 'requestedBy' | 'requesterMayApprove'>;

/**
 * Whether somebody may answer an approval, by name and by what else they are known as, or in words why not. `unavailable`: who they are
 * cannot be told now.
 */
export type ApproverCheck =
  | { name: string; alsoKnownAs: readonly string[] }
  | { refusal: string }
  | { unavailable: string };

/** As in `whoever is on call on level 2`. */
export function onCallText(onCallOf: OnCallOf): string {
  const { level } = onCallIn(onCallOf);
  return level === undefined ? 'on call' : `on call on level ${level}`;
}

/** Whom an approval asks, in words: `whoever is on call for the PagerDuty service PF9KMXH, or whoever is approver in Baton, or higher`. */
export function whoMayApprove({ userIds, userGroup, pagerDutyTeam, onCallOf, role }: Approvers): string {
  const lists = [
    ...(userIds === undefined ? [] : [`the PagerDuty user ${userIds.join(' or ') || '(none)'}`]),
    ...(userGroup === undefined ? [] : [`the members of the Slack user group ${userGroup}`]),
    ...(pagerDutyTeam === undefined ? [] : [`the members of the PagerDuty team ${pagerDutyTeam}`]),
    ...(onCallOf === undefined
      ? []
      : [`whoever is ${onCallText(onCallOf)} for the PagerDuty service ${onCallIn(onCallOf).service}`]),
    ...(role === undefined ? [] : [`whoever is ${role} in Baton, or higher`]),
  ];
  return lists.join(', or ') || 'whoever may decide approvals in Baton';
}

/**
 * How a call stands to approvals; it stands before the activity's name in Temporal, so that a worker that knows nothing of it does not take
 * the call. `plan`: it is planned and not made. `ask`: so too, but as if it were approved. `approved`: it is made by the plan that an approval
 * shows.
 */
export const callApprovals = ['plan', 'ask', 'approved'] as const;
export type CallApproval = (typeof callApprovals)[number];

/** What a call gives that is planned and not made: the plan, and with what the run goes on as if it had been; or what is so already. */
export type Looked<Output = unknown> =
  | { planned: PlannedCall; kind: ChangeKind; output: Output; dryRun?: DryRun }
  | { done: Output };
