import { sql, type Transaction } from 'kysely';
import { restorableDays } from './connections/connections.ts';
import type { Context } from './context.ts';
import { repeatMinutes } from './events/repeats.ts';
import { arrayOf } from './json.ts';
import { checkChain, noLine } from './record/chain.ts';
import { signSegment } from './record/heads.ts';
import type { Tables } from './tables.ts';

/** What is taken away once it has been kept for long enough. */
export interface Retention {
  /**
   * Takes away a little of what is older than so many days: bytes and envelopes of settled events, what is told of incidents
   * that are resolved, effects, what subscribers were told, runs that have ended with what they have asked people, transcripts, kept texts, lines
   * of the record behind a checkpoint that is signed where there is a key; and, whatever the days are, what can be restored of removed
   * connections no more. One process at a time does. To be called again until nothing is left.
   */
  prune(options: { days: number; secretKey?: string | undefined }): Promise<Pruned>;
}

/** How much of each was taken away. */
export interface Pruned {
  events: number;
  incidents: number;
  effects: number;
  runs: number;
  transcripts: number;
  texts: number;
  deliveries: number;
  lines: number;
  /** There may be more, though nothing was taken away. */
  more: boolean;
}

/** In one transaction. Small, so that no webhook waits for it. */
const mostAtOnce = 500;
/** They may be long, and a statement has less than a second. */
const mostTextsAtOnce = 20;
/** The name of the advisory lock under which one process at a time prunes. */
const pruneLock = 7_229_004;
const dayMilliseconds = 24 * 3_600_000;
/** Of deliveries that were taken. */
const takenDays = 7;

/** Live: it may still need what belongs to it. */
const live = sql.raw(`('starting', 'running')`);

/** Takes away what is older than it has to be kept. Ids stay: an event that comes again after years is still a duplicate. */
export function retentionOn({ db }: Context): Retention {
  /** Where this pass over the inbox goes on; undefined: from the beginning. */
  let goesOnFrom: number | undefined;
  /** An event had to be left alone, so the next pass begins before it. */
  let leftOne = false;

  const alone = (step: (transaction: Transaction<Tables>) => Promise<number>): Promise<number> =>
    db.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ mine: boolean }>`
        select pg_try_advisory_xact_lock(${pruneLock}) as mine`.execute(transaction);
      return rows[0]?.mine ? step(transaction) : 0;
    });

  /** In the order of the inbox. Pending events, and those of live runs, are left. */
  async function pruneEvents(days: number, transaction: Transaction<Tables>): Promise<number> {
    const from = goesOnFrom ?? sql`(select inbox_seq from retention)`;
    if (goesOnFrom === undefined) leftOne = false;
    const { rows } = await sql<{ seq: number; ripe: boolean; kept: boolean; pruned: boolean }>`
      select seq, pruned, received_at < now() - make_interval(days => ${days}) as ripe,
        disposition is null or exists (select from runs where event_seq = inbox.seq and state in ${live}) as kept
      from inbox where seq > ${from} order by seq limit ${mostAtOnce}`.execute(transaction);
    const firstLeft = rows.findIndex(({ ripe, kept }) => kept || !ripe);
    const done = firstLeft === -1 ? rows : rows.slice(0, firstLeft);
    const last = done.at(-1);
    if (!leftOne && last) await sql`update retention set inbox_seq = ${last.seq}`.execute(transaction);
    if (firstLeft !== -1) leftOne = true;
    // Numbers follow the time nearly always: where all these are young, so are those after them.
    const goesOn = rows.length === mostAtOnce && rows.some(({ ripe }) => ripe);
    goesOnFrom = goesOn ? rows.at(-1)?.seq : undefined;
    const seqs = arrayOf(
      rows.flatMap(({ seq, ripe, kept, pruned }) => (ripe && !kept && !pruned ? [seq] : [])),
    );
    // What was told by two ways is not told again after so long.
    await sql`delete from twins where seq = any (${seqs}::bigint[])`.execute(transaction);
    const { numAffectedRows } = await sql`
      update inbox set body = '', event = null, pruned = true
      where seq = any (${seqs}::bigint[]) and disposition is not null`.execute(transaction);
    return Number(numAffectedRows ?? 0);
  }

  /** Titles and names. Ids, states and services stay: who may see an incident does not change. */
  async function pruneIncidents(days: number, transaction: Transaction<Tables>): Promise<number> {
    await sql`
      delete from takeovers where (incident, event_id) in (
        select incident, event_id from takeovers join incidents on incidents.id = takeovers.incident
        where at < now() - make_interval(days => ${days}) and status = 'resolved'
        order by at limit ${mostAtOnce})`.execute(transaction);
    const { numAffectedRows } = await sql`
      update incidents set data = null where id in (
        select id from incidents where status = 'resolved' and data is not null
          and seen_at < now() - make_interval(days => ${days})
        order by seen_at limit ${mostAtOnce})`.execute(transaction);
    return Number(numAffectedRows ?? 0);
  }

  async function pruneEffects(days: number, transaction: Transaction<Tables>): Promise<number> {
    const { rows } = await sql`
      with gone as (
        delete from effects where key in (
          select key from effects old where created_at < now() - make_interval(days => ${days})
            and not now() - make_interval(days => ${days}) <= any (acted_at)
            and not exists (select from runs where runs.id = old.run_id and runs.ended_at is null offset 0)
          order by created_at limit ${mostAtOnce})
        returning key
      ), freed as (
        delete from effect_targets where key = any (array(select key from gone))
      )
      select key from gone`.execute(transaction);
    return rows.length;
  }

  async function pruneRuns(days: number, transaction: Transaction<Tables>): Promise<number> {
    const { rows } = await sql`
      with gone as (
        delete from runs where id in (
          select id from runs old where created_at < now() - make_interval(days => ${days})
            and state not in ${live} and ended_at < now() - make_interval(days => ${days})
          order by created_at limit ${mostAtOnce})
        returning id
      ), unasked as (
        delete from approvals where run_id = any (array(select id from gone))
      ), unanswered as (
        delete from questions where run_id = any (array(select id from gone))
      ), uncalled as (
        delete from callbacks where run_id = any (array(select id from gone))
      )
      select id from gone`.execute(transaction);
    return rows.length;
  }

  async function pruneTranscripts(days: number, transaction: Transaction<Tables>): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from transcripts where seq in (
        select seq from transcripts where kept_at < now() - make_interval(days => ${days})
        order by kept_at limit ${mostAtOnce})`.execute(transaction);
    return Number(numAffectedRows ?? 0);
  }

  /** A live run may name those of its subject, and its own. */
  async function pruneTexts(days: number, transaction: Transaction<Tables>): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from kept_texts where seq in (
        select seq from kept_texts old where kept_at < now() - make_interval(days => ${days})
          and not exists (select from runs where runs.subject = old.subject and state in ${live})
          and not exists (select from runs where runs.id = old.subject and state in ${live})
        order by kept_at limit ${mostTextsAtOnce})`.execute(transaction);
    return Number(numAffectedRows ?? 0);
  }

  /** What was taken is kept for a week at most, should its receiver lose it. */
  async function pruneDeliveries(days: number, transaction: Transaction<Tables>): Promise<number> {
    // A state at a time, as the index has them.
    const gone = async (state: 'delivered' | 'exhausted', after: number) => {
      const { numAffectedRows } = await sql`
        delete from deliveries where id in (
          select id from deliveries where state = ${state} and settled_at < now() - make_interval(days => ${after})
          order by settled_at limit ${mostAtOnce})`.execute(transaction);
      return Number(numAffectedRows ?? 0);
    };
    return (await gone('delivered', Math.min(days, takenDays))) + (await gone('exhausted', days));
  }

  /** Values of connections that can be restored no more, what is known of what setup has made for them, and consents that did not come in time. */
  async function pruneConnections(transaction: Transaction<Tables>): Promise<number> {
    await sql`delete from consents where expires_at <= now()`.execute(transaction);
    await sql`
      delete from removed_connections
      where removed_at <= now() - make_interval(days => ${restorableDays})`.execute(transaction);
    await sql`
      delete from set_up where connection not in (select name from connections union select name from removed_connections)
        and at <= now() - make_interval(days => ${restorableDays})`.execute(transaction);
    await sql`
      delete from set_up_adopted
      where connection not in (select name from connections union select name from removed_connections)`.execute(
      transaction,
    );
    return 0;
  }

  /** After so long nothing is taken for a repeat any more. */
  async function pruneRepeats(transaction: Transaction<Tables>): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from repeats where (source, about) in (
        select source, about from repeats where first_at < now() - make_interval(mins => ${2 * repeatMinutes})
        order by first_at limit ${mostAtOnce})`.execute(transaction);
    return Number(numAffectedRows ?? 0);
  }

  /** The oldest lines, as one segment. One that is not whole stays: it shows what somebody did to it. */
  async function pruneLines(
    days: number,
    secretKey: string | undefined,
    transaction: Transaction<Tables>,
  ): Promise<number> {
    const before = await transaction
      .selectFrom('record_checkpoints')
      .select(['last_seq as seq', 'last_hash as hash'])
      .orderBy('last_seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    const head = before ?? noLine;
    const lines = await transaction
      .selectFrom('record')
      .selectAll()
      .where('seq', '>', head.seq)
      .orderBy('seq')
      .limit(mostAtOnce)
      .execute();
    const cutoff = new Date(Date.now() - days * dayMilliseconds).toISOString();
    const young = lines.findIndex(({ at }) => at >= cutoff);
    const ripe = young === -1 ? lines : lines.slice(0, young);
    const last = ripe.at(-1);
    if (!last) return 0;
    const check = checkChain(ripe, head);
    if (!check.ok)
      throw new Error(
        `The record is not pruned, since it is not whole: at line ${check.seq}: ${check.reason}`,
      );
    const segment = {
      firstSeq: head.seq + 1,
      lastSeq: last.seq,
      lastHash: last.hash,
      lines: ripe.length,
      at: new Date().toISOString(),
    };
    const signature = secretKey === undefined ? null : signSegment(secretKey, segment);
    const { rows } = await sql<{ pruned: number }>`
      select prune_record(${segment.lastSeq}, ${segment.at}, ${signature}) as pruned`.execute(transaction);
    return rows[0]?.pruned ?? 0;
  }

  /** A step that was rolled back is made again: else the next one would go on behind events that are still whole. */
  async function goOnPruningEvents(days: number): Promise<number> {
    const before = { goesOnFrom, leftOne };
    try {
      return await alone((transaction) => pruneEvents(days, transaction));
    } catch (error) {
      ({ goesOnFrom, leftOne } = before);
      throw error;
    }
  }

  return {
    async prune({ days, secretKey }): Promise<Pruned> {
      await alone(pruneConnections);
      const repeats = await alone(pruneRepeats);
      return {
        events: await goOnPruningEvents(days),
        incidents: await alone((transaction) => pruneIncidents(days, transaction)),
        effects: await alone((transaction) => pruneEffects(days, transaction)),
        runs: await alone((transaction) => pruneRuns(days, transaction)),
        transcripts: await alone((transaction) => pruneTranscripts(days, transaction)),
        texts: await alone((transaction) => pruneTexts(days, transaction)),
        deliveries: await alone((transaction) => pruneDeliveries(days, transaction)),
        lines: await alone((transaction) => pruneLines(days, secretKey, transaction)),
        more: goesOnFrom !== undefined || repeats > 0,
      };
    },
  };
}
