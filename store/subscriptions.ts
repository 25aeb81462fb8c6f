import { type Generated, type GeneratedAlways, sql } from 'kysely';
import {
  type KnownRun,
  type LifecycleEvent,
  type LifecycleLine,
  lifecycleTypes,
} from '../domain/lifecycle.ts';
import type { Entry } from '../domain/record.ts';
import type { Time } from './columns.ts';
import type { Context } from './context.ts';
import { canonicalJson, cleanText } from './json.ts';
import { textsOf } from './lists.ts';
import { appendLines } from './record/record.ts';

export interface SubscriptionsTable {
  name: string;
  /** The number of the last line of the record that it has been asked about. */
  cursor: number;
  since: Generated<Date>;
  stopped_at: Time | null;
  stopped_because: string | null;
}

export interface DeliveriesTable {
  id: GeneratedAlways<number>;
  subscription: string;
  /** The CloudEvent: its id, its type without `baton.`, and its JSON. */
  event_id: string;
  type: string;
  event: string;
  state: Generated<'waiting' | 'delivered' | 'exhausted'>;
  attempts: Generated<number>;
  /** Until then nobody sends it: somebody does so now, or it is too soon. */
  due_at: Generated<Date>;
  made_at: Generated<Date>;
  settled_at: Time | null;
  /** Why the last attempt has failed. */
  reason: string | null;
}

export const subscriptionSteps = [
  `create table subscriptions (
    name text primary key,
    cursor bigint not null,
    since timestamptz not null default now(),
    stopped_at timestamptz,
    stopped_because text
  )`,
  `create table deliveries (
    id bigint generated always as identity primary key,
    subscription text not null,
    event_id text not null,
    type text not null,
    event text not null,
    state text not null default 'waiting',
    attempts integer not null default 0,
    due_at timestamptz not null default now(),
    made_at timestamptz not null default now(),
    settled_at timestamptz,
    reason text,
    unique (subscription, event_id)
  )`,
  `create index deliveries_due on deliveries (subscription, due_at) where state = 'waiting'`,
  `create index deliveries_state on deliveries (subscription, state, id)`,
  `create index deliveries_settled on deliveries (state, settled_at) where settled_at is not null`,
];

/** An event that a subscriber is to be told of, by this process and now. */
export interface ToDeliver {
  id: number;
  event: LifecycleEvent;
  /** 1 for the first. */
  attempt: number;
}

/** How a subscription stands. */
export interface SubscriptionState {
  name: string;
  /** When it began. */
  since: string;
  stopped?: { at: string; because: string };
  waiting: number;
  exhausted: number;
  /** Why the newest of those that wait has not been taken. */
  reason?: string;
}

/** A delivery that was not taken. */
export interface FailedDelivery {
  id: number;
  subscription: string;
  event: string;
  type: string;
  subject: string;
  /** Of the event. */
  time: string;
  attempts: number;
  failedAt: string;
  reason: string;
}

/** Which deliveries are to be made again. */
export interface Replayed {
  subscription: string;
  /** One of them. Left out: all. */
  id?: number | undefined;
  /** Of events that became known then or later. */
  since?: string | undefined;
  /** Those that were taken too, as far as they are kept. */
  taken?: boolean | undefined;
}

/** What subscribers are told, and how far each of them has been told. */
export interface KeptSubscriptions {
  /**
   * Asks a subscription about the next lines of the record, and keeps the events that it wants. One that is new begins with the next line. One
   * process at a time asks for it. Gives whether there may be more.
   */
  fanOut(
    subscription: string,
    eventOf: (line: LifecycleLine, run: KnownRun | undefined) => LifecycleEvent | undefined,
  ): Promise<boolean>;
  /** Takes up to so many that are due, the oldest first; no other process takes them for so many seconds. None of a stopped one. */
  takeDeliveries(subscription: string, most: number, seconds: number): Promise<ToDeliver[]>;
  /** It was taken. */
  delivered(delivery: ToDeliver): Promise<void>;
  /** It was not taken, and is tried again so much later. */
  deliverLater(delivery: ToDeliver, seconds: number, reason: string): Promise<void>;
  /** It was not taken, and is tried no more. */
  exhaust(delivery: ToDeliver, reason: string, entry: Entry): Promise<void>;
  /** Its receiver wants no more: what is kept and what comes waits. The delivery that it said so to waits as well. */
  stopSubscription(name: string, because: string, delivery: ToDeliver, entry: Entry): Promise<void>;
  /** Goes on where it was stopped. False, and nothing written: it was not. */
  resumeSubscription(name: string, entry: Entry): Promise<boolean>;
  subscriptionStates(): Promise<SubscriptionState[]>;
  /** Newest first. */
  pageOfFailedDeliveries(filter: {
    subscription?: string | undefined;
    before?: number | undefined;
    limit: number;
  }): Promise<{ items: FailedDelivery[]; next?: number }>;
  /** Makes them due now, with all of their attempts before them. Gives how many, and writes the line where there is one at least. */
  replayDeliveries(replayed: Replayed, entryOf: (deliveries: number) => Entry): Promise<number>;
}

/** A statement has less than a second. */
const replayedAtOnce = 2_000;
/** So many numbers of the record are looked at in one transaction. */
const linesAtOnce = 500;
const told = new Set<string>(lifecycleTypes);

export function subscriptionsOn({ db, makeLine, scrub }: Context): KeptSubscriptions {
  return {
    fanOut: (name, eventOf) =>
      db.transaction().execute(async (transaction) => {
        await sql`
          insert into subscriptions (name, cursor) select ${name}, seq from record_head
          where not exists (select from subscriptions where name = ${name}) on conflict do nothing`.execute(
          transaction,
        );
        // What is locked is being asked by another process. The head is read before the lines: no line before it is missing.
        const places = await sql<{ cursor: number; head: number }>`
          select cursor, (select seq from record_head) as head from subscriptions
          where name = ${name} and stopped_at is null for update skip locked`.execute(transaction);
        const [place] = places.rows;
        if (!place || place.head <= place.cursor) return false;
        const last = Math.min(place.head, place.cursor + linesAtOnce);
        const { rows } = await sql<StoredLine>`
          select at, action, subject, detail, hash from record
          where seq > ${place.cursor} and seq <= ${last} order by seq`.execute(transaction);
        const lines = rows.flatMap(readLine);
        const runIds = [
          ...new Set(lines.flatMap(({ detail: { run } }) => (typeof run === 'string' ? [run] : []))),
        ];
        const runs = await sql<StoredRun>`
          select id, workflow, trigger, target, input, cause from runs
          where id = any (${textsOf(runIds)})`.execute(transaction);
        const known = new Map(runs.rows.map((row) => [row.id, knownRun(row)]));
        const events = lines.flatMap((line) => eventOf(line, known.get(String(line.detail.run))) ?? []);
        const made = events.map((event) => ({
          event_id: event.id,
          type: event.type.slice('baton.'.length),
          event: canonicalJson(event, scrub),
        }));
        await sql`
          with moved as (update subscriptions set cursor = ${last} where name = ${name})
          insert into deliveries (subscription, event_id, type, event)
          select ${name}, event_id, type, event
          from jsonb_to_recordset(${JSON.stringify(made)}::jsonb) as made (event_id text, type text, event text)
          on conflict do nothing`.execute(transaction);
        return last < place.head;
      }),

    async takeDeliveries(subscription, most, seconds) {
      const { rows } = await sql<{ id: number; event: string; attempts: number }>`
        with due as (
          select id from deliveries where subscription = ${subscription} and state = 'waiting' and due_at <= now()
            and not exists (select from subscriptions where name = ${subscription} and stopped_at is not null)
          order by due_at, id limit ${most} for update skip locked
        )
        update deliveries set attempts = attempts + 1, due_at = now() + make_interval(secs => ${seconds})
        from due where due.id = deliveries.id
        returning deliveries.id, event, attempts`.execute(db);
      return rows
        .map(({ id, event, attempts }) => ({
          id,
          event: JSON.parse(event) as LifecycleEvent,
          attempt: attempts,
        }))
        .sort((one, other) => one.id - other.id);
    },

    async delivered({ id, attempt }) {
      await sql`update deliveries set state = 'delivered', settled_at = now(), reason = null
        where id = ${id} and attempts = ${attempt} and state = 'waiting'`.execute(db);
    },

    async deliverLater({ id, attempt }, seconds, reason) {
      await sql`update deliveries set due_at = now() + make_interval(secs => ${seconds}), reason = ${cleanText(scrub(reason))}
        where id = ${id} and attempts = ${attempt} and state = 'waiting'`.execute(db);
    },

    async exhaust({ id, attempt }, reason, entry) {
      await sql`
        with exhausted as (
          update deliveries set state = 'exhausted', settled_at = now(), reason = ${cleanText(scrub(reason))}
          where id = ${id} and attempts = ${attempt} and state = 'waiting' returning id
        ) ${appendLines([makeLine(entry)], sql`exists (select from exhausted)`)}`.execute(db);
    },

    async stopSubscription(name, because, { id, attempt }, entry) {
      const reason = cleanText(scrub(because));
      await sql`
        with stopped as (
          update subscriptions set stopped_at = now(), stopped_because = ${reason}
          where name = ${name} and stopped_at is null returning name
        ), kept as (
          update deliveries set due_at = now(), attempts = attempts - 1, reason = ${reason}
          where id = ${id} and attempts = ${attempt} and state = 'waiting'
        ) ${appendLines([makeLine(entry)], sql`exists (select from stopped)`)}`.execute(db);
    },

    async resumeSubscription(name, entry) {
      const { rows } = await sql`
        with resumed as (
          update subscriptions set stopped_at = null, stopped_because = null
          where name = ${name} and stopped_at is not null returning name
        ), noted as (${appendLines([makeLine(entry)], sql`exists (select from resumed)`)})
        select name from resumed`.execute(db);
      return rows.length > 0;
    },

    async subscriptionStates() {
      const { rows } = await sql<{
        name: string;
        since: Date;
        stopped_at: Date | null;
        stopped_because: string | null;
        waiting: number;
        exhausted: number;
        reason: string | null;
      }>`
        select name, since, stopped_at, stopped_because,
          (select count(*) from deliveries where subscription = name and state = 'waiting') as waiting,
          (select count(*) from deliveries where subscription = name and state = 'exhausted') as exhausted,
          (select reason from deliveries where subscription = name and state = 'waiting' and reason is not null
            order by id desc limit 1) as reason
        from subscriptions order by name`.execute(db);
      return rows.map(({ name, since, stopped_at, stopped_because, waiting, exhausted, reason }) => ({
        name,
        since: since.toISOString(),
        ...(stopped_at ? { stopped: { at: stopped_at.toISOString(), because: stopped_because ?? '' } } : {}),
        waiting,
        exhausted,
        ...(reason === null ? {} : { reason }),
      }));
    },

    async pageOfFailedDeliveries({ subscription, before, limit }) {
      const { rows } = await sql<StoredFailure>`
        select id, subscription, event_id, type, event, attempts, settled_at, reason from deliveries
        where state = 'exhausted' and (${subscription ?? null}::text is null or subscription = ${subscription ?? null})
          and (${before ?? null}::bigint is null or id < ${before ?? null})
        order by id desc limit ${limit + 1}`.execute(db);
      const items = rows.slice(0, limit).map(failedDelivery);
      const last = items.at(-1);
      return { items, ...(rows.length > limit && last ? { next: last.id } : {}) };
    },

    async replayDeliveries({ subscription, id, since, taken = false }, entryOf) {
      // What is sent meanwhile is not sent again: each step goes on behind the one before.
      const stepAfter = (last: number) =>
        db.transaction().execute(async (transaction) => {
          const { rows } = await sql<{ id: number }>`
            update deliveries set state = 'waiting', attempts = 0, due_at = now(), settled_at = null where id in (
              select id from deliveries
              where id > ${last} and subscription = ${subscription} and (state = 'exhausted' or (${taken} and state = 'delivered'))
                and (${id ?? null}::bigint is null or id = ${id ?? null})
                and (${since ?? null}::timestamptz is null or made_at >= ${since ?? null}::timestamptz)
              order by id limit ${replayedAtOnce})
            returning id::float8 as id`.execute(transaction);
          if (rows.length > 0) await appendLines([makeLine(entryOf(rows.length))]).execute(transaction);
          return rows.map((row) => row.id);
        });
      let replayed = 0;
      for (let ids = await stepAfter(0); ids.length > 0; ids = await stepAfter(Math.max(...ids)))
        replayed += ids.length;
      return replayed;
    },
  };
}

interface StoredLine {
  at: string;
  action: string;
  subject: string;
  detail: string;
  hash: string;
}

const readLine = ({ action, detail, ...line }: StoredLine): LifecycleLine[] =>
  told.has(action)
    ? [{ ...line, action: action as LifecycleLine['action'], detail: JSON.parse(detail) }]
    : [];

interface StoredRun extends Omit<KnownRun, 'input' | 'cause'> {
  input: string | null;
  cause: string | null;
}

const knownRun = ({ input, cause, ...run }: StoredRun): KnownRun => ({
  ...run,
  input: input === null ? undefined : JSON.parse(input),
  cause: cause === null ? undefined : JSON.parse(cause),
});

interface StoredFailure {
  id: number;
  subscription: string;
  event_id: string;
  type: string;
  event: string;
  attempts: number;
  settled_at: Date | null;
  reason: string | null;
}

function failedDelivery({ event_id, event, settled_at, reason, ...row }: StoredFailure): FailedDelivery {
  const { subject, time } = JSON.parse(event) as LifecycleEvent;
  return {
    ...row,
    event: event_id,
    subject,
    time,
    failedAt: settled_at?.toISOString() ?? '',
    reason: reason ?? '',
  };
}
