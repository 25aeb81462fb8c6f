import type { ColumnType, Generated } from 'kysely';
import { type Kysely, sql } from 'kysely';
import type { HeldBy, Limits } from '../../domain/guard.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { Entry } from '../../domain/record.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import type { Json } from '../columns.ts';
import type { Context } from '../context.ts';
import { isUniqueViolation } from '../errors.ts';
import { groupCommit } from '../group-commit.ts';
import { canonicalJson, cleanText, exactJson, keyText } from '../json.ts';
import { textsOf } from '../lists.ts';
import type { LineColumns } from '../record/record.ts';
import { appendLines, appendOwnedLines, bytesOfLines } from '../record/record.ts';
import type { UnlessTaken } from '../runs/takeovers.ts';
import type { Tables } from '../tables.ts';
import {
  type Guarded,
  guardColumns,
  guardParts,
  isHeld,
  lockTargets,
  stopped,
  wouldHold,
  wouldHoldOrStop,
} from './guards.ts';
import { isInForce } from './holds.ts';
import { answerOf, type Intent, type IntentRow } from './intent.ts';
import { leftToTell } from './journal.ts';

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
  provider: string;
  /** The workflow of its run, and the service of the run's incident. */
  workflow: string;
  service?: string;
  /** A person has asked for just this, so that the kill switch lets it pass where it is not destructive. */
  isAskedFor?: boolean;
  /** It only calls or informs people, so that only a kill switch that names its provider holds it. */
  onlyTells?: boolean;
  /**
   * Set for a destructive one. `overridden`: people have approved that it is made whatever holds it, but for the kill switch. `unlessTaken`: its
   * trigger leaves it to people once one of them has taken the incident in hand.
   */
  guards?: Limits & { overridden?: boolean; unlessTaken?: UnlessTaken };
  /** The answer is to hold what the last effect on the same targets by the same activity gave. */
  once?: boolean;
  /** Event types that will tell us of it, one for each event. */
  causes: readonly string[];
  /** On whose behalf; of a person, an echo is the person's doing. */
  actor: { kind: 'person' | 'token' | 'trigger' | 'baton'; name: string; email?: string };
  entry: Entry;
}

/** A destructive effect that is not to be made yet. */
export type AskedGuards = Pick<
  EffectIntent,
  'runId' | 'subject' | 'targets' | 'provider' | 'workflow' | 'service'
> & { guards: NonNullable<EffectIntent['guards']> };

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
  /** Of a `done` one: what PagerDuty is to be told of it. It is kept with the outcome, or not at all. */
  journal?: JournalEntry;
  entry: Entry;
}

export interface EffectsTable {
  key: string;
  run_id: string;
  activity: string;
  /** Of the input. */
  digest: string;
  destructive: boolean;
  subject: string | null;
  causes: Json<string[]>;
  actor: Json<EffectIntent['actor']>;
  /** Which attempt it is of, counted here: Temporal counts anew when a run is reset. */
  attempt: number;
  state: 'open' | 'done' | 'none' | 'unknown';
  /** When those attempts began that made the change, or may have made it. Oldest first. */
  acted_at: ColumnType<Date[], string, string>;
  /** JSON text, so that it is given back exactly as it was. */
  result: string | null;
  created_at: Generated<Date>;
  /** The events that told of it, with their types. */
  taken: Json<Record<string, string>>;
}

/** The changes that were made in the outside world, each under its key. */
export interface Effects {
  /** Records the intent of a change before it is made. See `Intent`. */
  intend(effect: EffectIntent): Promise<Intent>;
  /** Which guard would hold a destructive effect now; undefined: none. Nothing is kept of it. `activity` left out: any. */
  wouldHold(asked: AskedGuards): Promise<HeldBy | undefined>;
  /** The same, but that what was made too often is stopped from then on, until a person lifts that. */
  wouldHoldOrStop(asked: AskedGuards): Promise<HeldBy | undefined>;
  /** Records what became of it, with its line in the record. */
  conclude(outcome: EffectOutcome): Promise<void>;
  /** When the first attempt at these effects began that has made one, or may have; undefined: none of them was made. */
  mayBeMadeSince(keys: readonly string[]): Promise<string | undefined>;
  /** The result of the last change of a target by an activity, of any run. */
  lastMade(activity: string, target: string): Promise<unknown>;
  /** The result of the first change about a subject by one of these activities. */
  firstResult(subject: string, activities: readonly string[]): Promise<unknown>;
}

/** An effect that is open for longer no longer keeps others from its targets: its process is gone, or hangs. */
const blocksForSeconds = 20;
/** Each further try sees what the one that came first had committed. */
const mostTries = 5;
/** An outage of hours has hundreds of attempts; of their times the first ones and the last one tell enough. */
const mostTimes = 100;

export function effectsOn(context: Context): Effects {
  const { db, makeLine } = context;
  /** Undefined where another process came first at the same moment: then ask again. */
  async function tryToIntend(effect: EffectIntent, on: Kysely<Tables> = db): Promise<Intent | undefined> {
    const { key, run_id, activity, digest, subject, targets, destructive, once } = columnsOf(effect);
    const guarded = guardedOf(effect);
    const stop = stopped(guarded, makeLine);
    const { rows } = await sql<IntentRow>`
      with wanted as materialized (
        select value as target from jsonb_array_elements_text(${JSON.stringify(targets)}::jsonb)
      ), before as materialized (
        select state, result, acted_at, activity, activity = ${activity} and digest = ${digest} as same
        from effects where key = ${key}
      ), touched as materialized (
        select key, target, open from effect_targets where target = any (array(select target from wanted)) and key <> ${key}
      ), others as materialized (
        select key, run_id, activity, subject, destructive, state, acted_at, result,
          acted_at[cardinality(acted_at)] as last_at
        from effects where key = any (array(select key from touched))
      ), rival as materialized (
        -- One of the future was opened before the clock was set back.
        select key, run_id, abs(extract(epoch from statement_timestamp() - acted_at[cardinality(acted_at)]))
            >= ${blocksForSeconds} as stale
        from touched join others using (key) where open
      ), ${guardParts(guarded)}, made as materialized (
        select result from others where ${once}::boolean and activity = ${activity} and state = 'done'
        order by acted_at[cardinality(acted_at)] desc nulls last limit 1
      ), ended as materialized (
        select from runs where id = ${run_id} and ended_at is not null
      ), allowed as materialized (
        select not exists (select from ended)
          and not exists (select from before where state = 'done' or (not same and cardinality(acted_at) > 0))
          and not exists (select from rival where not stale)
          and not ${isHeld(guarded)} as yes
      ), ${stop.parts}, freed as (
        update effects set state = 'unknown' where key in (select key from rival where stale)
          and (select yes from allowed) returning key
      ), left_alone as (
        update effect_targets set open = false where open and key in (select key from freed) returning key
      ), opened as (
        insert into effects (key, run_id, activity, digest, destructive, subject, causes, actor, attempt, state, acted_at)
        select ${key}, ${run_id}, ${activity}, ${digest}, ${destructive}::boolean, ${subject}::text,
          ${canonicalJson(effect.causes)}::jsonb, ${canonicalJson(effect.actor)}::jsonb, 1, 'open',
          array[statement_timestamp()]
        -- The count makes this wait until the stale ones are out of the way.
        from allowed where yes and (select count(*) from left_alone) >= 0
        on conflict (key) do update set state = 'open', attempt = effects.attempt + 1, actor = excluded.actor,
          activity = excluded.activity, digest = excluded.digest, destructive = excluded.destructive,
          acted_at = effects.acted_at[1:${mostTimes}::integer] || excluded.acted_at
          where effects.state <> 'done'
        returning key, attempt, acted_at
      ), locked as (
        insert into effect_targets (key, target, open) select key, target, true from opened, wanted
        on conflict (key, target) do update set open = true
      ), noted as (
        ${appendLines([makeLine(effect.entry)], sql`exists (select from opened)`)}
      )
      select (select attempt from opened) as attempt,
        (select acted_at[1] from opened where cardinality(acted_at) > 1) as uncertain_since,
        (select state from before) as state, (select result from before) as result,
        (select activity from before where not same and (state = 'done' or cardinality(acted_at) > 0)) as clash,
        (select run_id from rival where not stale limit 1) as held_by,
        ${guardColumns(guarded)}, ${stop.id} as stopped,
        (select result from made) as made,
        exists (select from ended) as ended`.execute(on);
    return rows[0] && answerOf(rows[0], guarded);
  }

  /** One after the other in each process: those that wait for a lock must not hold all connections. */
  let decided: Promise<unknown> = Promise.resolve();

  /**
   * A destructive effect is asked about with its targets and their group locked, so that it sees each earlier one, also one that has begun
   * and ended since the statement began to look.
   */
  function intendAlone(effect: EffectIntent): Promise<Intent | undefined> {
    if (effect.guards === undefined || effect.targets.length === 0) return tryToIntend(effect);
    const decide = () =>
      db.transaction().execute(async (transaction) => {
        await lockTargets(guardedOf(effect), transaction);
        return tryToIntend(effect, transaction);
      });
    const decision = decided.then(decide);
    decided = decision.catch(() => undefined);
    return decision;
  }

  /**
   * First attempts on free targets, which nearly all are, in one statement. Those that it leaves out have an earlier attempt or a
   * rival, and are looked at one by one.
   */
  async function openAll(effects: EffectIntent[]): Promise<boolean[]> {
    const given = effects.map(columnsOf);
    const first = new Map(effects.toReversed().map(({ key, entry }) => [cleanText(key), entry]));
    const lines = [...first].reverse().map(([owner, entry]) => ({ owner, line: makeLine(entry) }));
    const { rows } = await sql<{ key: string }>`
      with given as materialized (
        select * from jsonb_to_recordset(${canonicalJson(given)}::jsonb) as given (key text, run_id text, activity text,
          digest text, subject text, causes jsonb, actor jsonb, targets jsonb, provider text, workflow text, asked_for boolean,
          only_tells boolean)
      ), opened as (
        insert into effects (key, run_id, activity, digest, subject, causes, actor, attempt, state, acted_at)
        select key, run_id, activity, digest, subject, causes, actor, 1, 'open', array[statement_timestamp()] from given
        where run_id not in (
          select id from runs where id = any (array(select run_id from given)) and ended_at is not null)
          and not exists (select from holds where kind = 'kill-switch' and ${isInForce} and not asked_for
            and (holds.provider = given.provider or (holds.provider is null and not only_tells))
            and (holds.workflow is null or holds.workflow = given.workflow))
        on conflict do nothing returning key
      ), locked as (
        insert into effect_targets (key, target, open)
        -- In one order everywhere, so that two statements do not wait for each other.
        select key, jsonb_array_elements_text(targets) as target, true from given where key in (select key from opened)
        order by target
      ), noted as (
        ${appendOwnedLines(lines, sql`select key from opened`)}
      )
      select key from opened`.execute(db);
    const opened = new Set(rows.map(({ key }) => key));
    // The same key twice in one batch opens once: the second one is looked at again.
    return given.map(({ key }) => opened.delete(key));
  }

  async function concludeAll(batch: { item: EffectOutcome; line: LineColumns }[]): Promise<true[]> {
    const given = batch.map(({ item: { key, attempt, state, changed, result, journal } }, place) => ({
      key: cleanText(key),
      attempt,
      place: String(place),
      state,
      acted: state === 'unknown' || (state === 'done' && changed),
      result: state === 'done' && result !== undefined ? JSON.stringify(result) : null,
      journal: journal === undefined ? null : exactJson(journal),
    }));
    const isTold = given.some(({ journal }) => journal !== null);
    const lines = batch.map(({ line }, place) => ({ owner: String(place), line }));
    // An attempt that was given up may end after the one that replaced it began: the effect is then that one's to conclude. What is
    // concluded already was so by this very attempt, and the answer was lost: its line is there, and no other may contradict it.
    await sql`
      with given as materialized (
        select * from jsonb_to_recordset(${JSON.stringify(given)}::jsonb)
          as given (key text, attempt integer, place text, state text, acted boolean, result text, journal text)
      ), concluded as (
        update effects set state = given.state, result = given.result,
          acted_at = case when given.acted then acted_at else acted_at[:cardinality(acted_at) - 1] end
        from given
        where effects.key = any (array(select key from given)) and effects.key = given.key
          and effects.attempt = given.attempt and effects.state in ('open', 'unknown')
        returning effects.key
      ), freed as (
        update effect_targets set open = false where key = any (array(select key from concluded)) and open
      )${isTold ? leftToTell : nothing}
      ${appendOwnedLines(
        lines,
        sql`select place from given where key in (select key from concluded)
          or (key, attempt) not in (select key, attempt from effects where key = any (array(select key from given)))`,
      )}`.execute(db);
    return batch.map(() => true);
  }

  const open = groupCommit(openAll, () => 1_000);
  const conclude = groupCommit(concludeAll, ({ item, line }) => bytesOfLines([line]) + sizeOf(item.result));

  return {
    async intend(effect) {
      if (isPlain(effect) && (await open(effect).catch(orRaced))) return first;
      for (let tries = 1; tries <= mostTries; tries += 1) {
        const answer = await intendAlone(effect).catch(orRaced);
        if (answer) return answer;
      }
      throw new StoreUnavailable(
        'The store is not available: too many changes of one effect at the same moment',
      );
    },

    wouldHold: (asked) => wouldHold(asked, context),
    wouldHoldOrStop: (asked) => wouldHoldOrStop(asked, context),

    async conclude(outcome) {
      await conclude({ item: outcome, line: makeLine(outcome.entry) });
    },

    async mayBeMadeSince(keys) {
      const { rows } = await sql<{ since: Date | null }>`
        select min(coalesce(acted_at[1], created_at)) as since from effects
        where key = any (${textsOf(keys.map(cleanText))}) and (state = 'done' or cardinality(acted_at) > 0)`.execute(
        db,
      );
      return rows[0]?.since?.toISOString();
    },

    async lastMade(activity, target) {
      const { rows } = await sql<{ result: string | null }>`
        select result from effects join effect_targets using (key)
        where target = ${keyText(target)} and activity = ${activity} and state = 'done'
        order by acted_at[cardinality(acted_at)] desc nulls last limit 1`.execute(db);
      const [made] = rows;
      return made?.result ? JSON.parse(made.result) : undefined;
    },

    async firstResult(subject, activities) {
      const { rows } = await sql<{ result: string | null }>`
        select result from effects where subject = ${keyText(subject)} and state = 'done'
          and activity in (select jsonb_array_elements_text(${JSON.stringify(activities)}::jsonb))
        order by created_at limit 1`.execute(db);
      const [made] = rows;
      return made?.result ? JSON.parse(made.result) : undefined;
    },
  };
}

const nothing = sql``;

const first: Intent = { answer: 'go', attempt: 1 };

/** What neither is destructive, nor looks for what was made before. */
const isPlain = ({ guards, once }: EffectIntent) => guards === undefined && once !== true;

/** Two opened effects on one target at the same moment; the rule of the table let one of them through. */
function orRaced(error: unknown): undefined {
  if (!isUniqueViolation(error)) throw error;
}

/** What of an effect is stored as it is. Targets are in one order, in which they are locked. */
const columnsOf = (effect: EffectIntent) => ({
  key: cleanText(effect.key),
  run_id: cleanText(effect.runId),
  activity: cleanText(effect.activity),
  digest: effect.digest,
  destructive: effect.guards !== undefined,
  once: effect.once === true,
  subject: effect.subject === undefined ? null : keyText(effect.subject),
  causes: effect.causes,
  actor: effect.actor,
  targets: [...new Set(effect.targets.map(keyText))].sort(),
  provider: effect.provider,
  workflow: effect.workflow,
  asked_for: effect.isAskedFor === true,
  only_tells: effect.onlyTells === true,
});

function guardedOf(effect: EffectIntent): Guarded {
  const { key, run_id, activity, subject, provider, workflow, targets } = columnsOf(effect);
  const { service, isAskedFor = false, onlyTells = false, guards } = effect;
  return {
    key,
    run_id,
    activity,
    subject,
    provider,
    workflow,
    service: service ?? null,
    isAskedFor,
    onlyTells,
    targets,
    guards,
  };
}

const sizeOf = (result: unknown) => JSON.stringify(result)?.length ?? 0;
