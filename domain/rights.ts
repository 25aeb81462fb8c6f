/** Who may do what. The one table: the API, the command, Slack, the console and agents all ask it. What is not in it is refused. */

export const roles = ['viewer', 'responder', 'approver', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

const all: readonly Role[] = roles;
const responders: readonly Role[] = ['responder', 'approver', 'operator', 'admin'];
const operators: readonly Role[] = ['operator', 'admin'];

/** Each right, with the roles that have it. */
export const rights = {
  /** Who one is oneself, and what one has done: the record's lines of one's own. */
  'me.read': all,
  /** Incidents, events, runs, triggers, workflows, activities. */
  'incidents.read': all,
  /** Acknowledge, resolve, add a note. */
  'incidents.change': responders,
  /** Workflows of reads and changes. */
  'runs.start': responders,
  /** Workflows besides that may do what is neither harmless nor reversible. */
  'runs.startDestructive': ['approver', 'operator', 'admin'],
  'runs.stop': responders,
  'events.replay': responders,
  /** Engage the kill switch. */
  'changes.halt': responders,
  /** Never on one's own request, and within the plan's approvers. */
  'approvals.decide': ['approver', 'admin'],
  /** Within those whom the question asks. It changes nothing but the way that a run goes. */
  'questions.answer': responders,
  /** Answer a run that waits for an operator. */
  'runs.unpark': operators,
  /** Release the kill switch, set and lift freeze windows. */
  'changes.allow': operators,
  /** Enable and disable triggers, pause and resume schedules. */
  'triggers.switch': operators,
  /** Their names. */
  'connections.list': responders,
  'connections.test': operators,
  /** Add, rotate, remove. */
  'connections.change': ['admin'],
  /** The whole record: search, export, verify. */
  'record.read': operators,
  'settings.read': operators,
  /** People, roles, tokens, retention. */
  'people.manage': ['admin'],
  /** Play with the simulated providers, and stop the worker beside them. */
  'simulator.use': ['admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Right = keyof typeof rights;

/**
 * Rights over one thing that has a workflow or a service, which a scope can bound. The others are over the whole of Baton, and whoever is
 * bounded has none of them: else a token for one workflow could make itself one for all.
 */
const scoped: ReadonlySet<Right> = new Set<Right>([
  'incidents.read',
  'incidents.change',
  'runs.start',
  'runs.startDestructive',
  'runs.stop',
  'events.replay',
  'approvals.decide',
  'questions.answer',
  'runs.unpark',
  'triggers.switch',
]);

/** To what the rights of a token or a person are limited. Left out: everything. */
export interface Scope {
  workflows?: readonly string[];
  /** PagerDuty services, by id. */
  services?: readonly string[];
}

/** What something belongs to, as far as a scope asks. */
export interface Resource {
  workflow?: string | undefined;
  service?: string | undefined;
}

/** Who asks, once that is certain. */
export interface Principal {
  kind: 'person' | 'token' | 'baton';
  /** For the record: an e-mail address, or a token's name. */
  name: string;
  role: Role;
  scope?: Scope;
  /** As people call them, where the door knows it. */
  calledName?: string;
  /**
   * Under what else Baton knows whoever it is, as record entries name who acted: other addresses of a person, their user in Slack, the
   * owner of a token.
   */
  alsoKnownAs?: readonly string[];
  /** A run asks, on its own behalf. `chain`: the triggers that have led to it, its own last. */
  run?: { id: string; chain: readonly string[] };
}

/** As record entries name who acted: `person:ada@example.com`, `token:ci`, `baton`. */
export const actorOf = ({ kind, name }: Pick<Principal, 'kind' | 'name'>): string =>
  kind === 'baton' ? kind : `${kind}:${name}`;

export const hasRight = (role: Role, right: Right): boolean =>
  (rights[right] as readonly Role[]).includes(role);

/** The highest of some roles, in the order of their list. */
export const highestOf = (given: readonly Role[]): Role | undefined =>
  roles.findLast((role) => given.includes(role));

/** Whether a scope can bound this right to some workflows or services. */
export const isScoped = (right: Right): boolean => scoped.has(right);

/**
 * Whether something is within a scope: in each list that there is. What does not say what it belongs to is within no list. A list that is
 * answered leaves out what is not within; asked for by its id it is not found, so that nobody learns that it exists.
 */
export const isInScope = (scope: Scope | undefined, { workflow, service }: Resource): boolean =>
  isIn(scope?.workflows, workflow) && isIn(scope?.services, service);

const isIn = (list: readonly string[] | undefined, value: string | undefined): boolean =>
  list === undefined || (value !== undefined && list.includes(value));

/** `hidden`: it is outside of the scope, and to be answered as if it did not exist. */
export type Authorization = { allowed: true } | { allowed: false; hidden: boolean; reason: string };

/**
 * Whether somebody may do something, and in words why not. Without a resource: whether they may do it to anything at all; what the
 * operation then finds is to be held to `isInScope`.
 */
export function authorize(principal: Principal, right: Right, resource?: Resource): Authorization {
  const refuse = (reason: string, hidden = false): Authorization => ({ allowed: false, hidden, reason });
  const { role, scope } = principal;
  if (!hasRight(role, right)) return refuse(`${right} needs ${rolesWith(right)}; ${whoIs(principal)}`);
  const isBounded = scope?.workflows !== undefined || scope?.services !== undefined;
  if (isBounded && right !== 'me.read' && !isScoped(right))
    return refuse(
      `${right} is over the whole of Baton, and ${limited(principal)} limited to some workflows or services. Ask an admin for ${principal.kind === 'person' ? 'access' : 'a token'} without that limit.`,
    );
  if (resource && isScoped(right) && !isInScope(scope, resource))
    return refuse(`It is outside of what ${limited(principal)} limited to.`, true);
  return { allowed: true };
}

const limited = ({ kind }: Principal) => (kind === 'person' ? 'you are' : 'this token is');

const rolesWith = (right: Right) => new Intl.ListFormat('en', { type: 'disjunction' }).format(rights[right]);

const whoIs = ({ kind, name, role }: Principal) =>
  kind === 'person'
    ? `you are ${role}. An admin can change that: baton people set ${name} --role <role>`
    : `this token is ${role}. An admin can make another: baton tokens create`;

/**
 * Whether what is to be given to another is no more than what the giver has: no right besides, and no wider scope.
 */
export function isWithin(asked: { role: Role; scope?: Scope | undefined }, giver: Principal): boolean {
  const given = Object.keys(rights) as Right[];
  return (
    given.every((right) => !hasRight(asked.role, right) || hasRight(giver.role, right)) &&
    isNarrower(asked.scope?.workflows, giver.scope?.workflows) &&
    isNarrower(asked.scope?.services, giver.scope?.services)
  );
}

const isNarrower = (inner: readonly string[] | undefined, outer: readonly string[] | undefined): boolean =>
  outer === undefined || inner?.every((each) => outer.includes(each)) === true;
