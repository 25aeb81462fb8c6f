import { sql } from 'kysely';
import type { Context } from './context.ts';
import { isUniqueViolation } from './errors.ts';
import { groupCommit } from './group-commit.ts';
import { canonicalJson, cleanText, keyText } from './json.ts';
import { appendLines, appendOwnedLines, bytesOfLines } from './record.ts';
import type { EffectIntent, EffectOutcome, Intent, Store } from './store.ts';
import { StoreUnavailable } from './store.ts';
import type { EffectsTable, LineColumns } from './tables.ts';

/** An effect that is open for longer no longer keeps others from its target: its process is gone, or hangs. */
const blocksForSeconds = 20;
/** How long after its intent an event may tell of an effect. */
const echoesForSeconds = 120;
/** Each further try sees what the one that came first had committed. */
const mostTries = 5;

type EffectsPart = Pick<Store, 'intend' | 'conclude' | 'claimEcho'>;

export function effectsPart({ db, makeLine }: Context): EffectsPart {
  /** Undefined where another process came first at the same moment: then ask again. */
  async function tryToIntend(effect: EffectIntent): Promise<Intent | undefined> {
    const key = cleanText(effect.key);
    const target = effect.target === undefined ? null : keyText(effect.target);
    const subject = effect.subject === undefined ? null : keyText(effect.subject);
    const { rows } = await sql<IntentRow>`
      with before as materialized (
        select state, result from effects where key = ${key}
      ), rival as materialized (
        select key, run_id, intended_at <= now() - make_interval(secs => ${blocksForSeconds}) as stale
        from effects where target = ${target}::text and state = 'open' and key <> ${key}
      ), ended as materialized (
        select from runs where id = ${cleanText(effect.runId)} and ended_at is not null
      ), allowed as materialized (
        select not exists (select from ended)
          and not exists (select from before where state = 'done')
          and not exists (select from rival where not stale) as yes
      ), freed as (
        update effects set state = 'unknown' where key in (select key from rival where stale)
          and (select yes from allowed) returning key
      ), opened as (
        insert into effects (key, run_id, activity, subject, target, causes, actor, attempt, state)
        select ${key}, ${cleanText(effect.runId)}, ${cleanText(effect.activity)}, ${subject}::text, ${target}::text,
          ${canonicalJson(effect.causes)}::jsonb, ${canonicalJson(effect.actor)}::jsonb, ${effect.attempt}::integer, 'open'
        -- The count makes this wait until the stale ones are out of the way.
        from allowed where yes and (select count(*) from freed) >= 0
        on conflict (key) do update set state = 'open', intended_at = now(), attempt = excluded.attempt,
          actor = excluded.actor, target = excluded.target,
          uncertain_since = case when effects.state = 'none' then effects.uncertain_since
            else coalesce(effects.uncertain_since, effects.intended_at) end
          where effects.state <> 'done'
        returning uncertain_since
      ), noted as (
        ${appendLines([makeLine(effect.entry)], sql`exists (select from opened)`)}
      )
      select exists (select from opened) as opened, (select uncertain_since from opened) as uncertain_since,
        (select state from before) as state, (select result from before) as result,
        (select run_id from rival where not stale) as held_by, exists (select from ended) as ended`.execute(
      db,
    );
    return rows[0] && answerOf(rows[0]);
  }

  /**
   * First attempts on free targets, which nearly all are, in one statement. Those that it leaves out have an earlier attempt or a
   * rival, and are looked at one by one.
   */
  async function openAll(effects: EffectIntent[]): Promise<boolean[]> {
    const given = effects.map((effect) => ({
      key: cleanText(effect.key),
      run_id: cleanText(effect.runId),
      activity: cleanText(effect.activity),
      subject: effect.subject === undefined ? null : keyText(effect.subject),
      target: effect.target === undefined ? null : keyText(effect.target),
      causes: effect.causes,
      actor: effect.actor,
      attempt: effect.attempt,
    }));
    const first = new Map(effects.toReversed().map(({ key, entry }) => [cleanText(key), entry]));
    const lines = [...first].reverse().map(([owner, entry]) => ({ owner, line: makeLine(entry) }));
    const { rows } = await sql<{ key: string }>`
      with opened as (
        insert into effects (key, run_id, activity, subject, target, causes, actor, attempt, state)
        select key, run_id, activity, subject, target, causes, actor, attempt, 'open'
        from jsonb_to_recordset(${canonicalJson(given)}::jsonb) as given (key text, run_id text, activity text, subject text,
          target text, causes jsonb, actor jsonb, attempt integer)
        where not exists (select from runs where runs.id = given.run_id and runs.ended_at is not null)
        on conflict do nothing returning key
      ), noted as (
        ${appendOwnedLines(lines, sql`select key from opened`)}
      )
      select key from opened`.execute(db);
    const opened = new Set(rows.map(({ key }) => key));
    // The same key twice in one batch opens once: the second one is looked at again.
    return given.map(({ key }) => opened.delete(key));
  }

  async function concludeAll(batch: { item: EffectOutcome; line: LineColumns }[]): Promise<true[]> {
    const given = batch.map(({ item: { key, state, changed, result } }) => ({
      key: cleanText(key),
      state,
      changed,
      result: state === 'done' && result !== undefined ? JSON.stringify(result) : null,
    }));
    // An attempt that was given up may end after the one that replaced it: what is known to be done stays done.
    await sql`
      with concluded as (
        update effects set state = given.state, changed = given.changed, result = given.result
        from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as given (key text, state text, changed boolean, result text)
        where effects.key = given.key and effects.state <> 'done'
      )
      ${appendLines(batch.map(({ line }) => line))}`.execute(db);
    return batch.map(() => true);
  }

  const open = groupCommit(openAll, () => 1_000);
  const conclude = groupCommit(concludeAll, ({ item, line }) => bytesOfLines([line]) + sizeOf(item.result));

  return {
    async intend(effect) {
      if (await open(effect)) return { answer: 'go' };
      for (let tries = 1; tries <= mostTries; tries += 1) {
        const answer = await tryToIntend(effect).catch((error: unknown) => {
          // Two opened effects on one target at the same moment; the rule of the table let one of them through.
          if (!isUniqueViolation(error)) throw error;
          return undefined;
        });
        if (answer) return answer;
      }
      throw new StoreUnavailable(
        'The store is not available: too many changes of one effect at the same moment',
      );
    },

    async conclude(outcome) {
      await conclude({ item: outcome, line: makeLine(outcome.entry) });
    },

    async claimEcho({ subject, type, eventId, receivedAt }) {
      const event = keyText(eventId);
      // One clock for both times where possible. The store's are finer than `receivedAt`, so the intent is cut to milliseconds.
      const { rows } = await sql<{ run_id: string; activity: string; actor: EffectIntent['actor'] }>`
        with arrival as materialized (
          select coalesce(
            (select received_at from inbox where event_id = ${event} and duplicate_of is null order by seq limit 1),
            ${receivedAt}::timestamptz
          ) as at
        ), echoed as (
          select key from effects cross join arrival
          where subject = ${keyText(subject)} and causes @> jsonb_build_array(${type}::text)
            and state <> 'none' and changed is not false
            and coalesce(taken ->> ${type}::text, ${event}::text) = ${event}::text
            and intended_at >= arrival.at - make_interval(secs => ${echoesForSeconds})
            and date_trunc('milliseconds', coalesce(uncertain_since, intended_at)) <= arrival.at
          order by taken ->> ${type}::text nulls last, intended_at limit 1 for update of effects
        )
        update effects set taken = taken || jsonb_build_object(${type}::text, ${event}::text)
        from echoed where effects.key = echoed.key
        returning run_id, activity, actor`.execute(db);
      const row = rows[0];
      return row && { runId: row.run_id, activity: row.activity, actor: row.actor };
    },
  };
}

interface IntentRow {
  opened: boolean;
  uncertain_since: Date | null;
  state: EffectsTable['state'] | null;
  result: string | null;
  held_by: string | null;
  ended: boolean;
}

function answerOf(row: IntentRow): Intent | undefined {
  if (row.ended) return { answer: 'ended' };
  if (row.state === 'done')
    return { answer: 'done', result: row.result === null ? undefined : JSON.parse(row.result) };
  if (row.held_by !== null) return { answer: 'busy', heldBy: row.held_by };
  if (!row.opened) return undefined;
  if (row.uncertain_since === null) return { answer: 'go' };
  return { answer: 'go', uncertainSince: row.uncertain_since.toISOString() };
}

const sizeOf = (result: unknown) => JSON.stringify(result)?.length ?? 0;
