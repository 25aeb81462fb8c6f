/** Who may do what. The one table: the API, the command, Slack, the console and agents all ask it. What is not in it is refused. */

export const roles = ['viewer', 'responder', 'approver', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

const all: readonly Role[] = roles;
const responders: readonly Role[] = ['responder', 'approver', 'operator', 'admin'];
const operators: readonly Role[] = ['operator', 'admin'];

/** Each right, with the roles that have it. */
export const rights = {
  /** Incidents, events, runs, triggers, workflows, activities. */
  'incidents.read': all,
  /** Acknowledge, resolve, add a note. */
  'incidents.change': responders,
  'runs.start': responders,
  'runs.stop': responders,
  'events.replay': responders,
  'changes.halt': responders,
  /** Never on one's own request, and within the plan's approvers. */
  'approvals.decide': ['approver', 'admin'],
  'runs.unpark': operators,
  'changes.allow': operators,
  'triggers.switch': operators,
  'connections.list': responders,
  'connections.test': operators,
  'connections.change': ['admin'],
  'record.read': operators,
  'settings.read': operators,
  'people.manage': ['admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Right = keyof typeof rights;

/** To what a token's rights are limited. Left out: everything. */
export interface Scope {
  workflows?: readonly string[];
  /** PagerDuty services, by id. */
  services?: readonly string[];
}

/** Who asks, once that is certain. */
export interface Principal {
  kind: 'person' | 'token' | 'baton';
  /** For the record: an e-mail address, or a token's name. */
  name: string;
  role: Role;
  scope?: Scope;
}

export const hasRight = (role: Role, right: Right): boolean =>
  (rights[right] as readonly Role[]).includes(role);
