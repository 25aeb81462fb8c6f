import type { Checkpoint } from './heads.ts';
import type { Pruned } from './retention.ts';

/**
 * What Baton keeps: the inbox, the runs, the effects and the record. PostgreSQL or the embedded PGlite, the same SQL.
 * Every function is one transaction. Writers of one kind that wait at the same moment share one (group commit).
 * When the database cannot be reached within its bound, they reject with `StoreUnavailable`.
 */
export interface Store {
  // — the inbox —

  /** Stores a delivery and its line in the record. Resolves after the commit. Rejects with `StoreUnavailable` within 2 s. */
  receive(delivery: Delivery): Promise<Receipt>;
  /**
   * Leases pending events to this process, oldest first: those that nobody holds, and that have no earlier pending event of the
   * same lane held by somebody else. Never one that this process already knows to be its own. At most `limit`, and some megabytes.
   * Processes claim one after the other (advisory lock), so that none sees half of what another one takes.
   */
  claim(limit: number): Promise<StoredEvent[]>;
  /**
   * Says that this process lives: it holds its events for 8 s longer, all by one row. It holds what `receive` and `claim` answered as
   * leased. An event that was stored after `receive` had given up is nobody's, and the next `claim` takes it.
   */
  renew(): Promise<void>;
  /** Hands back what this process holds and has not settled. */
  release(): Promise<void>;
  /** Pending events, and the age of the oldest in seconds. */
  backlog(): Promise<{ pending: number; oldestSeconds: number }>;
  findEvent(seqOrId: string): Promise<EventRow | undefined>;
  /** Newest first, without their bytes. `before` is a seq. */
  listEvents(filter: {
    subject?: string;
    disposition?: Disposition;
    before?: number;
    limit: number;
  }): Promise<ListedEvent[]>;
  /** Makes a settled event pending again, for the same way once more. The record names `actor`. False: no such event. */
  replay(seq: number, actor: string, via: string): Promise<boolean>;

  // — dispatch —

  /**
   * What a decision about this event of this subject needs. One query, whose cost does not grow with the runs that there were.
   */
  situation(subject: string, seq?: number): Promise<Situation>;
  /** The decision, before anything is started: mirror, runs to start (state `starting`), lines for the record. */
  decide(decision: Decision): Promise<void>;
  /** What became of the event. Runs in `started` become `running`. Only while this process holds the lease: else false. */
  settle(settlement: Settlement): Promise<boolean>;

  // — runs —

  findRun(id: string): Promise<RunRow | undefined>;
  /** Runs that have not ended, with what starts them again, oldest first: at most `limit` of those after `after`. */
  liveRuns(page: { after?: LiveRun; limit: number }): Promise<LiveRun[]>;
  /** Temporal knows these runs. */
  seeRuns(ids: string[]): Promise<void>;
  /** A live run was started again: with its line in the record. */
  restartedRun(id: string, entry: Entry): Promise<void>;
  /** Newest first. `before` is the id of a run: those after it in this order. */
  listRuns(filter: { subject?: string; live?: boolean; before?: string; limit: number }): Promise<RunRow[]>;
  /**
   * Marks a live run as ended, writes its line in the record and puts `event` (the engine's own) into the inbox, all or
   * nothing. False, and nothing written, when it had ended before.
   */
  endRun(end: RunEnd): Promise<boolean>;

  /** Live runs that are some seconds old, in the order of their ids, from the one after `id` on. */
  liveRunsAfter(id: string, limit: number): Promise<RunRow[]>;
  /** The runs that are marked as standing still, also those that no longer do and whose page is still to be taken back. */
  listStuckRuns(limit: number): Promise<RunRow[]>;
  /**
   * Marks a run as standing still, or (undefined) as one that does not, with the line for the record. False, and nothing written, where
   * its mark is no longer the one in `run`: another process was first.
   */
  setStuck(run: Pick<RunRow, 'id' | 'stuck'>, stuck: RunStuck | undefined, entry?: Entry): Promise<boolean>;

  // — effects —

  /** Records the intent of a change before it is made. See `Intent`. */
  intend(effect: EffectIntent): Promise<Intent>;
  /** Records what became of it, with its line in the record. */
  conclude(outcome: EffectOutcome): Promise<void>;
  /**
   * The effect of ours that an event tells of, if there is one: same subject, `causes` holds the type as often as events of this
   * type have taken it and once more, and an attempt at it was under way at the time of the event. That is compared by the event's
   * own time, some way apart as clocks are; an event that arrives while or right after an attempt counts however wrong its clock is.
   * The same event gets the same answer again.
   */
  claimEcho(echo: {
    subject: string;
    type: string;
    eventId: string;
    /** When it happened. */
    time: string;
    receivedAt: string;
  }): Promise<Echo | undefined>;

  // — the record —

  /** Appends lines to the record, unlinked; the sealer gives them position and hash. */
  append(entries: Entry[]): Promise<void>;
  /** Links what has been appended. One process at a time does (advisory lock). Returns how many it linked. */
  seal(): Promise<number>;
  /** The last linked line: its number and hash. Before the first one, 0 and zeros. */
  head(): Promise<{ seq: number; hash: string }>;
  /** Lines in order, sealed first. `after` is a seq. */
  readRecord(filter: {
    subject?: string;
    actor?: string;
    after?: number;
    limit: number;
  }): Promise<RecordRow[]>;
  /** Walks the whole chain, from the newest checkpoint on. */
  verifyRecord(): Promise<Verification>;
  /** The hashes of these lines, as far as they are there. */
  hashesAt(seqs: number[]): Promise<{ seq: number; hash: string }[]>;
  /** What of the record was pruned, oldest first. */
  checkpoints(): Promise<Checkpoint[]>;
  /**
   * Takes away a little of what is older than so many days: bytes and envelopes of settled events, effects and runs that have
   * ended, lines of the record behind a checkpoint that is signed where there is a key. One process at a time does. To be called again
   * until nothing is left.
   */
  prune(options: { days: number; secretKey?: string | undefined }): Promise<Pruned>;
  /** Whether the role of this process owns the tables, and so could switch off what guards the record. */
  ownsTables(): Promise<boolean>;

  /** For `/readyz`. Rejects with `StoreUnavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The store cannot be reached, or did not answer in time. What was asked may or may not have happened. `busy`: this one statement
 * lost against others, and the store is well; `full`, `read-only`: it can be read, and nothing can be stored.
 */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
  readonly kind: 'away' | 'busy' | 'full' | 'read-only';
  /** An outage has been told of which this is a part: whoever meets it need not tell it again. */
  told = false;

  constructor(message: string, kind: StoreUnavailable['kind'] = 'away') {
    super(message);
    this.kind = kind;
  }
}

export type Disposition = 'dispatched' | 'duplicate' | 'ignored' | 'stale' | 'parked';

/** One delivery, as it came in. */
export interface Delivery {
  source: string;
  /** The event's own id, or `sha256:<hex of the bytes>` where it has none. */
  eventId: string;
  type: string;
  subject?: string;
  /** When it happened. */
  time: string;
  /** The sender's id of this delivery (`X-Webhook-Id`), for whoever looks for it there. It is not signed and decides nothing. */
  deliveryId?: string;
  body: Uint8Array;
  /** The envelope; undefined where the body could not be read. */
  event?: unknown;
  /** Why it could not be read: it is then parked at once, with this reason. */
  unreadable?: string;
  /** False: this process stores it and leaves it to whoever dispatches. */
  take?: false;
  /** Who sent it and by which way, for the record: `pagerduty`, `webhook`. */
  actor: string;
  via: string;
}

export interface Receipt {
  seq: number;
  duplicate: boolean;
  /** This process holds it and may dispatch it now. False for duplicates, parked ones, and where another holds the lane. */
  leased: boolean;
}

export interface StoredEvent {
  seq: number;
  receivedAt: string;
  /** The envelope that was stored. */
  event: unknown;
  /** How often it has been taken up before. */
  attempts: number;
}

export interface EventRow {
  seq: number;
  source: string;
  eventId: string;
  type: string;
  subject?: string;
  time: string;
  receivedAt: string;
  /** Undefined while pending. */
  disposition?: Disposition;
  reason?: string;
  body: Uint8Array;
  event?: unknown;
  /** Bytes and envelope are gone, after the time for which they are kept. */
  pruned?: true;
}

export type ListedEvent = Omit<EventRow, 'body'>;

export interface Situation {
  /** The newest state that was applied, by the time of its event. */
  incident?: { seenAt: string; status: string };
  /** On this subject: the live ones, the newest of each trigger, and those that this event has begun. Oldest first. */
  runs: RunRow[];
}

export type RunState = 'starting' | 'running' | 'completed' | 'failed' | 'timed out' | 'cancelled';

export interface RunRow {
  /** `<trigger>/<incident id>[/2]`: Temporal's workflow id. */
  id: string;
  trigger: string;
  workflow: string;
  subject?: string;
  target: string;
  /** The event that called for it. */
  eventSeq: number;
  state: RunState;
  /** Said at its end: `completed`, `resolved elsewhere`, … */
  outcome?: string;
  failure?: { class: string; message: string; activity?: string };
  /** Set while it cannot go on. */
  stuck?: RunStuck;
  createdAt: string;
  endedAt?: string;
}

/** Why a live run cannot go on. */
export interface RunStuck {
  /** The code cannot follow its history; its next step fails for another reason, as an unknown workflow; nobody takes it. */
  reason: 'NonDeterminism' | 'WorkflowTaskFailed' | 'NoWorker';
  message: string;
  since: string;
  /** People know. */
  paged?: boolean;
  /** When a process began to tell them. */
  pagingSince?: string;
  /** It goes on, and the page is still to be taken back. */
  over?: boolean;
}

/** A run that has not ended. */
export interface LiveRun extends RunRow {
  input: unknown;
  /** Undefined: it is not known any more why it was started. */
  cause?: unknown;
  /** When Temporal was last known to know it; before that, when it was called for. */
  seenAt: string;
  /** What the incident of its subject is now, as far as it is known. */
  incidentStatus?: string;
  /** Its event is still being dispatched. */
  isDispatching: boolean;
}

/** A line for the record. `subject` is the incident id, or what else it is about. */
export interface Entry {
  at: string;
  /** `trigger:ec2-unhealthy`, `person:ada@example.com`, `baton`, `pagerduty`. */
  actor: string;
  /** `webhook`, `dispatch`, `worker`, `slack`, `cli`, `schedule`. */
  via: string;
  /** Dotted: `event.received`, `event.answered`, `run.started`, `activity.intended`, `activity.completed`, … */
  action: string;
  subject: string;
  detail: Record<string, unknown>;
}

export interface RecordRow extends Entry {
  /** Undefined while unlinked. */
  seq?: number;
  previous?: string;
  hash?: string;
}

export type Verification =
  | { ok: true; rows: number; head: string; pending: number; pruned?: number }
  | { ok: false; seq: number; reason: string };

export interface Decision {
  seq: number;
  /** The incident as this event tells it; left out when the event is stale or carries no incident. */
  incident?: { id: string; status: string; seenAt: string };
  /** With what starts them, so that a run that Temporal loses can be started again. */
  runs: (Omit<RunRow, 'state' | 'createdAt' | 'stuck'> & { input: unknown; cause: unknown })[];
  entries: Entry[];
}

export interface Settlement {
  seq: number;
  disposition: Disposition;
  reason: string;
  started: string[];
  entries: Entry[];
  /** Where nothing is done between deciding and settling, the two are written as one. */
  decision?: Pick<Decision, 'incident' | 'entries'>;
}

export interface RunEnd {
  id: string;
  state: Exclude<RunState, 'starting' | 'running'>;
  outcome: string;
  failure?: RunRow['failure'];
  entry: Entry;
  /** As a delivery without bytes: the envelope is the event. */
  event: Omit<Delivery, 'body'>;
}

export interface EffectIntent {
  /** Run id + activity + the how-manieth call of that activity in the run. */
  key: string;
  runId: string;
  activity: string;
  /** Of the input: the same key with another one is another effect. */
  digest: string;
  /** The incident that it changes, or what else events about it will be about. */
  subject?: string;
  /** No two effects with one target in common are open at a time. */
  targets: readonly string[];
  /** Set for a destructive one. */
  coolDown?: CoolDown;
  /** Event types that will tell us of it, one for each event. */
  /** The answer is to hold what the last effect on the same targets by the same activity gave. */
  once?: boolean;
  causes: readonly string[];
  /** On whose behalf; of a person, an echo is the person's doing. */
  actor: { kind: 'person' | 'token' | 'trigger' | 'baton'; name: string; email?: string };
  entry: Entry;
}

/** How long a target is left alone after a destructive effect. */
export interface CoolDown {
  seconds: number;
  /** The run that made the last one may make this one after it, again and again: it is one plan of a reviewed runbook. */
  repeats: boolean;
}

/** The last destructive effect on a target by another key. */
export interface EarlierEffect {
  target: string;
  runId: string;
  activity: string;
  /** ISO time. */
  at: string;
  /** False: whether it was made is unknown. */
  certain: boolean;
}

/**
 * - `go`: make the change. `attempt` is the how-manieth at this effect. `uncertainSince`: an earlier one began then and may have
 *   made it.
 * - `done`: an earlier attempt of the same key made it, with this result; make no other.
 * - `busy`: another effect on one of the targets is open; try again soon.
 * - `cooling`: destructive, and one of the targets was changed a short time ago, or may have been.
 * - `conflict`: this key is known for another activity or input, and that one was or may have been made.
 * - `ended`: the run has ended, so nothing more is done in its name.
 */
export type Intent =
  | { answer: 'go'; attempt: number; uncertainSince?: string; made?: unknown }
  | { answer: 'done'; result: unknown }
  | { answer: 'busy'; heldBy: string }
  | { answer: 'cooling'; earlier: EarlierEffect }
  | { answer: 'conflict'; activity: string }
  | { answer: 'ended' };

export interface EffectOutcome {
  key: string;
  /** As `intend` gave it. The outcome of an attempt that another one has replaced is only written into the record. */
  attempt: number;
  /**
   * `done`; `none`: this attempt certainly made no change (a later one is still told of an uncertain one before it);
   * `unknown`: it may have been made.
   */
  state: 'done' | 'none' | 'unknown';
  /** Of a `done` one, given back to a later attempt of the same key. JSON, at most 64 KiB. */
  result?: unknown;
  /** Of a `done` one. False: this attempt found the world to be so already. */
  changed: boolean;
  entry: Entry;
}

export interface Echo {
  runId: string;
  activity: string;
  actor: EffectIntent['actor'];
}
