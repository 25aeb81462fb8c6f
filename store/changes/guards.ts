import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { EarlierEffect, HeldBy, HoldKind, Limits } from '../../domain/guard.ts';
import type { Takeover } from '../../domain/takeover.ts';
import type { Context } from '../context.ts';
import { keyText } from '../json.ts';
import { appendOwnedLines } from '../record/record.ts';
import { takeoverOf } from '../runs/takeovers.ts';
import type { Tables } from '../tables.ts';
import type { AskedGuards, EffectIntent } from './effects.ts';
import { isInForce } from './holds.ts';

/** What the guards are asked about. */
export interface Guarded {
  key: string | null;
  run_id: string;
  /** Null: any. */
  activity: string | null;
  subject: string | null;
  provider: string;
  workflow: string;
  service: string | null;
  isAskedFor: boolean;
  onlyTells: boolean;
  targets: string[];
  guards: EffectIntent['guards'] | undefined;
}

/**
 * The parts of a statement that ask every guard. They stand after `touched` (other effects on the same targets, each with its target) and
 * `others` (those effects), and before whatever asks `isHeld`.
 */
export function guardParts(asked: Guarded): RawBuilder<unknown> {
  const { key, run_id, activity, subject, provider, workflow, service, targets, guards } = asked;
  const isDestructive = guards !== undefined;
  const isGuarded = isDestructive && guards.overridden !== true;
  const { seconds, repeats } = guards?.coolDown ?? { seconds: 0, repeats: true };
  const { times, days } = limitsOf(guards);
  const wanted = JSON.stringify(targets);
  return sql`hold as materialized (
      select id, kind, reason, by, until_at from holds
      where ${isInForce}
        and (${isGuarded}::boolean or (kind = 'kill-switch' and (${isDestructive}::boolean or not ${asked.isAskedFor}::boolean)))
        and (kind = 'kill-switch' or ${isGuarded}::boolean)
        and (kind <> 'kill-switch' or provider is not null or not ${asked.onlyTells}::boolean)
        and (provider is null or provider = ${provider}) and (workflow is null or workflow = ${workflow})
        and (service is null or service = ${service}::text)
        and (activity is null or ${activity}::text is null or activity = ${activity}::text)
        and (target is null or target in (select jsonb_array_elements_text(${wanted}::jsonb)))
      order by kind = 'kill-switch' desc, id limit 1
    ), earlier as materialized (
      select target, run_id, activity, last_at as at, state = 'done' as certain,
        exists (select from runs where id = others.run_id and ended_at is null) as live
      from touched join others using (key)
      where ${isGuarded}::boolean and destructive and last_at > statement_timestamp() - make_interval(secs => ${seconds})
        and (run_id <> ${run_id} or (activity = ${activity}::text and not ${repeats}::boolean))
      order by at desc limit 1
    ), attempts as materialized (
      select target, activity, count(distinct attempt) filter (where subject = ${subject}::text) as of_incident,
        count(distinct attempt) filter (where last_at > statement_timestamp() - interval '1 day') as of_day,
        min(last_at) filter (where last_at > statement_timestamp() - interval '1 day') as since,
        count(distinct attempt) filter (where last_at > statement_timestamp() - make_interval(days => ${days}::integer)
          and last_at > coalesce(lifted, '-infinity')) as of_days
      from (
        select target, activity, subject, last_at, case when ${repeats}::boolean then run_id else key end as attempt,
          (select max(lifted_at) from holds where kind = 'repeats' and holds.activity = others.activity
            and holds.target = touched.target) as lifted
        from touched join others using (key)
        where ${isGuarded}::boolean and destructive and last_at is not null
          and (${activity}::text is null or activity = ${activity}::text)
          and not (${repeats}::boolean and run_id = ${run_id})
      ) as tries group by target, activity
    ), over as materialized (
      select target, of_incident, of_day, of_days, since from attempts
      where of_days >= ${times} or of_incident >= ${limitsOf(guards).perIncident} or of_day >= ${limitsOf(guards).perDay}
      order by of_days >= ${times} desc, of_day desc limit 1
    ), spread as materialized (
      select count(*)::integer as changed, min(at) as since from (
        select target, max(acted_at[cardinality(acted_at)]) as at from effect_targets join effects using (key)
        where ${isGuarded}::boolean
          and target in (select jsonb_array_elements_text(${JSON.stringify(groupOf(guards))}::jsonb))
          and target not in (select jsonb_array_elements_text(${wanted}::jsonb))
          and key is distinct from ${key}::text and destructive
          and acted_at[cardinality(acted_at)] > statement_timestamp() - make_interval(secs => ${seconds})
        group by target
      ) as lately
    ), taken as materialized (
      select * from (${takeoverOf(guards?.unlessTaken, run_id)}) as newest
      where ${isGuarded && guards.unlessTaken !== undefined}::boolean
    )`;
}

/** More than may be changed of a group: by itself, or with what was changed lately. */
const isTooWide = (guards: Guarded['guards'], targets: readonly string[]) =>
  guards?.group !== undefined && guards.overridden !== true
    ? sql`(select changed from spread) + ${targets.length}::integer > ${guards.group.most}::integer`
    : sql`false`;

export const isHeld = ({ guards, targets }: Guarded) =>
  sql`(exists (select from hold) or exists (select from earlier) or exists (select from over) or exists (select from taken) or ${isTooWide(guards, targets)})`;

/** What an answer of `guardParts` is made of. */
export const guardColumns = ({ guards, targets }: Guarded) => sql`
  (select to_jsonb(hold) from hold) as hold, (select to_jsonb(earlier) from earlier) as earlier,
  (select to_jsonb(over) from over) as over, (select to_jsonb(taken) from taken) as taken,
  (select to_jsonb(spread) from spread where ${isTooWide(guards, targets)}) as spread`;

export interface GuardRow {
  hold: { id: number; kind: HoldKind; reason: string; by: string; until_at: string | null } | null;
  earlier: (Omit<EarlierEffect, 'runId'> & { run_id: string }) | null;
  over: { target: string; of_incident: number; of_day: number; of_days: number; since: string | null } | null;
  spread: { changed: number; since: string | null } | null;
  taken: Takeover | null;
}

export function heldBy(
  { hold, earlier, over, spread, taken }: GuardRow,
  { guards, targets }: Guarded,
): HeldBy | undefined {
  const limits = limitsOf(guards);
  if (hold) {
    const { id, kind, reason, by, until_at: until } = hold;
    return { guard: kind, hold: { id, reason, by, ...(until === null ? {} : { until: iso(until) }) } };
  }
  if (over && over.of_days >= limits.times)
    return { guard: 'repeats', hold: { reason: tooOften(limits), by: 'baton' } };
  if (earlier)
    return {
      guard: 'cool-down',
      earlier: earlierOf(earlier),
      seconds: guards?.coolDown.seconds ?? 0,
    };
  if (over && over.of_incident >= limits.perIncident)
    return { guard: 'attempts', target: over.target, made: over.of_incident, within: 'incident' };
  if (over)
    return {
      guard: 'attempts',
      target: over.target,
      made: over.of_day,
      within: 'day',
      since: iso(over.since ?? ''),
    };
  if (spread)
    return {
      guard: 'blast-radius',
      asked: targets.length,
      changed: spread.changed,
      most: guards?.group?.most ?? 0,
      of: groupOf(guards).length,
      seconds: guards?.coolDown.seconds ?? 0,
      ...(spread.since === null ? {} : { since: iso(spread.since) }),
    };
  // The last one: people may be asked all the same, and their approval overrides the others too.
  if (taken) return { guard: 'person', ...taken, at: iso(taken.at) };
  return undefined;
}

/**
 * Stops what was made too often: a hold on each such target, with its line. It is written where the change would else be made, and only once.
 */
export function stopped(
  { activity, run_id, targets, guards }: Guarded,
  makeLine: Context['makeLine'],
): { parts: RawBuilder<unknown>; id: RawBuilder<unknown> } {
  const { times } = limitsOf(guards);
  const reason = tooOften(limitsOf(guards));
  const lines = targets.map((target) => ({
    owner: target,
    line: makeLine({
      at: new Date().toISOString(),
      actor: 'baton',
      via: 'worker',
      action: 'hold.set',
      subject: target,
      detail: { kind: 'repeats', target, reason, run: run_id, ...(activity === null ? {} : { activity }) },
    }),
  }));
  return {
    parts: sql`stopped as (
        insert into holds (kind, activity, target, reason, by)
        select 'repeats', activity, target, ${reason}, 'baton' from attempts
        where of_days >= ${times} and not exists (select from hold)
        returning id, target
      ), told as (${appendOwnedLines(lines, sql`select target from stopped`)})`,
    id: sql`(select min(id) from stopped)`,
  };
}

/** One look, that keeps nothing. */
export async function wouldHold(
  asked: AskedGuards,
  { db }: Pick<Context, 'db'>,
): Promise<HeldBy | undefined> {
  const guarded = guardedBy(asked);
  const { rows } = await sql<GuardRow>`${lookAt(guarded)} select ${guardColumns(guarded)}`.execute(db);
  return rows[0] && heldBy(rows[0], guarded);
}

/** The same, but that what was made too often is stopped, as by the change itself: so that a person can lift it. */
export async function wouldHoldOrStop(
  asked: AskedGuards,
  { db, makeLine }: Pick<Context, 'db' | 'makeLine'>,
): Promise<HeldBy | undefined> {
  const held = await wouldHold(asked, { db });
  if (held?.guard !== 'repeats' || held.hold.id !== undefined) return held;
  const guarded = guardedBy(asked);
  const stop = stopped(guarded, makeLine);
  return db.transaction().execute(async (transaction) => {
    await lockTargets(guarded, transaction);
    const { rows } = await sql<GuardRow & { stopped: string | null }>`
      ${lookAt(guarded)}, ${stop.parts} select ${guardColumns(guarded)}, ${stop.id} as stopped`.execute(
      transaction,
    );
    const [row] = rows;
    return row && withStop(heldBy(row, guarded), row.stopped);
  });
}

/** With the id of the hold that was set just now. */
export const withStop = (held: HeldBy | undefined, id: string | null): HeldBy | undefined =>
  held && id !== null && 'hold' in held ? { ...held, hold: { ...held.hold, id: Number(id) } } : held;

/** Until the transaction ends, nobody else decides about a destructive change of these targets. */
export async function lockTargets(guarded: Guarded, transaction: Kysely<Tables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(value, 7229003))
    from jsonb_array_elements_text(${JSON.stringify(lockedFor(guarded))}::jsonb)`.execute(transaction);
}

function guardedBy(asked: AskedGuards): Guarded {
  return {
    key: null,
    run_id: asked.runId,
    activity: null,
    subject: asked.subject === undefined ? null : keyText(asked.subject),
    provider: asked.provider,
    workflow: asked.workflow,
    service: asked.service ?? null,
    isAskedFor: false,
    onlyTells: false,
    targets: [...new Set(asked.targets.map(keyText))].sort(),
    guards: asked.guards,
  };
}

/** The parts of a look that opens nothing. */
const lookAt = (guarded: Guarded) => sql`
    with touched as materialized (
      select key, target, open from effect_targets
      where target in (select jsonb_array_elements_text(${JSON.stringify(guarded.targets)}::jsonb))
    ), others as materialized (
      select key, run_id, activity, subject, destructive, state, acted_at[cardinality(acted_at)] as last_at
      from effects where key = any (array(select key from touched))
    ), ${guardParts(guarded)}`;

/** All that is locked while a destructive effect is decided: one order for all, so that two do not wait for each other. */
const lockedFor = ({ targets, guards }: Guarded): string[] =>
  [...new Set([...targets, ...groupOf(guards)])].sort();

const groupOf = (guards: Limits | undefined) => (guards?.group?.targets ?? []).map(keyText);

/** What is bounded by no limit is bounded by a number that is never reached. */
function limitsOf(guards: Limits | undefined) {
  const { perIncident = never, perDay = never, stopsAfter = { times: never, days: 1 } } = guards ?? {};
  return { perIncident, perDay, ...stopsAfter };
}
const never = 2_000_000_000;

const tooOften = ({ times, days }: { times: number; days: number }) =>
  `${times} times within ${days} days: what comes back again and again is not mended by it`;

function earlierOf({ run_id, at, ...rest }: NonNullable<GuardRow['earlier']>): EarlierEffect {
  return { ...rest, runId: run_id, at: iso(at) };
}

const iso = (time: string) => new Date(time).toISOString();
