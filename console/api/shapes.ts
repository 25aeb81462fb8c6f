/** What the API answers, as far as the console shows it. `/openapi.json` has all of it. */

export interface Page<Item> {
  items: Item[];
  next?: string;
}

/** Each action, with `true` or in words why not. Missing where the server does not say. */
export type Can = Readonly<Record<string, true | string>>;

export interface Me {
  kind: 'person' | 'token' | 'baton';
  name: string;
  role: string;
  rights: string[];
  can?: Can;
  /** The providers that are simulated. */
  simulated?: readonly string[];
}

export interface Reference {
  id: string;
  name: string;
}

/** Something that waits for whoever asks. */
export interface ForMe {
  kind: 'approval' | 'answer' | 'parked';
  id: string;
  run: string;
  summary: string;
  until: string;
}

export interface WaitsFor {
  kind: 'approval' | 'answer' | 'parked';
  id: string;
  summary: string;
  whoMay: string;
  since: string;
  until: string;
}

export interface Doing {
  activity: string;
  attempt: number;
  since?: string;
  retryAt?: string;
  failure?: string;
}

export interface ListedIncident extends Incident {
  /** Its live runs. */
  runs?: Run[];
  needsMe?: ForMe[];
}

export interface Incident {
  id: string;
  connection: string;
  status: 'triggered' | 'acknowledged' | 'resolved';
  seenAt: string;
  service?: string;
  liveRuns: number;
  gatheredBy?: string[];
  can?: Can;
  incident?: {
    title?: string;
    number?: number;
    urgency?: string;
    priority?: Reference;
    service?: Reference;
    assignees?: Reference[];
    escalationPolicy?: Reference;
    createdAt?: string;
    url?: string;
    mergedInto?: Reference;
  };
}

export interface Failure {
  class: string;
  message: string;
  activity?: string;
}

export interface Parked {
  step: string;
  input: Record<string, unknown>;
  failure: { class: string; message: string };
  uncertainSince?: string;
  question: string;
  whoMay: string;
  askedAt: string;
  expiresAt: string;
  can?: Can;
}

export interface Run {
  id: string;
  trigger: string;
  workflow: string;
  subject?: string;
  target: string;
  eventSeq: number;
  state: 'starting' | 'running' | 'completed' | 'failed' | 'timed out' | 'cancelled';
  outcome?: string;
  failure?: Failure;
  stuck?: { reason: string; message: string; since: string; over?: boolean };
  parked?: Parked[];
  waitsFor?: WaitsFor[];
  doing?: Doing[];
  /** For what it waits by itself. */
  waiting?: { for: string; until?: string };
  event?: { id: string; type: string };
  operation?: string;
  actor?: string;
  worker?: { build: string; commit?: string };
  mode?: string;
  createdAt: string;
  endedAt?: string;
  can?: Can;
}

export interface Effect {
  key: string;
  run: string;
  activity: string;
  state: 'open' | 'done' | 'unknown';
  at: string[];
  targets: string[];
  result?: unknown;
}

export interface ShownIncident {
  id: string;
  incident?: Incident;
  can?: Can;
  runs: Run[];
  changed: Effect[];
  why: {
    event: string;
    type: string;
    at: string;
    answers: { trigger: string; answer: 'matched' | 'joined' | 'no' | 'failed'; reason: string }[];
    hold?: { disposition: string; reason: string };
  }[];
}

export type ApprovalState = 'pending' | 'approved' | 'refused' | 'expired' | 'superseded' | 'withdrawn';

export interface ListedApproval {
  id: string;
  state: ApprovalState;
  summary: string;
  subject?: string;
  runId: string;
  workflow: string;
  approved: number;
  required: number;
  askedAt: string;
  expiresAt: string;
  closedAt?: string;
  can?: Can;
}

export interface Call {
  activity: string;
  input: Record<string, unknown>;
  connection: string;
  targets: string[];
  summary: string;
  calls: string[];
  before?: unknown;
  after?: unknown;
  inverse: { activity: string; input: Record<string, unknown> } | { none: string };
  digest: string;
  dryRun?: { outcome: string; said: string };
}

export interface Approval extends ListedApproval {
  trigger: string;
  calls: Call[];
  digest: string;
  whoMay: string;
  requestedBy: string[];
  requesterMayApprove: boolean;
  reasonRequired: boolean;
  overridesGuards: boolean;
  answers: { by: string; name: string; via: string; at: string; decision: string; reason?: string }[];
  closedBecause?: string;
}

export interface Line {
  seq?: number;
  at: string;
  actor: string;
  via: string;
  action: string;
  subject: string;
  detail: Record<string, unknown>;
}

export interface BatonEvent {
  seq: number;
  source: string;
  eventId: string;
  type: string;
  subject?: string;
  time: string;
  receivedAt: string;
  disposition?: string;
  reason?: string;
  event?: unknown;
  pruned?: true;
  body?: string;
  encoding?: string;
}

export interface Trigger {
  name: string;
  on: string[];
  workflow: string;
  mode: string;
  reviewed?: string;
  standing: string;
  lowered?: { by: string; at: string; reason: string };
  schedule?: { cron: string; timeZone?: string };
  can?: Can;
  answers?: { at: string; event: string; subject: string; answer: string; reason: string }[];
}

export type Show = 'all' | 'story' | 'people' | 'changes' | 'decisions' | 'problems';

/** A step of an incident's story. */
export interface Entry {
  id: string;
  seq?: number;
  at: string;
  kind: string;
  show: string[];
  actor: string;
  text: string;
  run?: string;
  activity?: string;
  target?: string;
  links: { text: string; url: string }[];
  detail?: unknown;
}

export interface Timeline extends Page<Entry> {
  id: string;
  position: string;
  counts: Partial<Record<Show, number>>;
  warnings: string[];
  triggeredAt?: string;
  acknowledgedAt?: string;
  acknowledgedBy?: string;
  acknowledgedAfterSeconds?: number;
  resolvedAt?: string;
  resolvedBy?: string;
  resolvedAfterSeconds?: number;
  withAutomation?: boolean;
}

export interface ListedQuestion {
  id: string;
  state: string;
  summary: string;
  isParked?: true;
  subject?: string;
  runId: string;
  workflow: string;
  askedAt: string;
  expiresAt: string;
  closedAt?: string;
  can?: Can;
}

export interface FormField {
  name: string;
  label?: string;
  type: 'text' | 'longText' | 'number' | 'integer' | 'boolean' | 'choice';
  required: boolean;
  description?: string;
  choices?: string[];
}

export interface Question extends ListedQuestion {
  trigger: string;
  form: { options: { value: string; label: string; description?: string }[] } | { fields: FormField[] };
  parked?: {
    step: string;
    input: Record<string, unknown>;
    failure: { class: string; message: string };
    uncertainSince?: string;
  };
  whoMay: string;
  answers: { name: string; at: string; via: string; values: Record<string, unknown>; reason?: string }[];
  closedBecause?: string;
}

export interface Workflow {
  name: string;
  triggers: string[];
  summary?: string;
  kind?: string;
  /** JSON schema; missing where nobody can start it by hand. */
  input?: unknown;
  can?: Can;
}

/** What a connection of a provider is made of. */
export interface Provider {
  name: string;
  title: string;
  values: {
    name: string;
    about: string;
    isSecret: boolean;
    oneOf?: string[];
    /** The secrets that are sent where it says. */
    gets?: string[];
  }[];
}

export interface ShownConnection {
  name: string;
  provider: string;
  variables: { name: string; isSecret: boolean; value?: string; ends?: string }[];
}

export const roles = ['viewer', 'responder', 'approver', 'operator', 'admin'];

export interface Person {
  email: string;
  /** What counts. */
  role?: string;
  groupRole?: string;
  givenRole?: string;
  /** To what they are limited, by kind. */
  scope?: Readonly<Record<string, readonly string[]>>;
  slackUser?: string;
  signedInAt?: string;
}

export interface Simulator {
  stories: { name: string; about: string }[];
  providers: { provider: string; faults: { fault: string; times: number }[] }[];
  worker?: 'running' | 'stopped';
  ledger: { at: string; provider: string; effect: string; target: string; key?: string; by?: string }[];
}
