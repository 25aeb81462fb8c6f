import { type RawBuilder, sql } from 'kysely';
import type { Entry, RecordRow } from '../../domain/record.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import type { Context } from '../context.ts';
import { groupCommit } from '../group-commit.ts';
import { arrayOf, keyText } from '../json.ts';
import { checkChain, type Head, noLine } from './chain.ts';
import type { Checkpoint } from './heads.ts';
import { actorKey } from './lines.ts';

export type Verification =
  | { ok: true; rows: number; head: string; pending: number; pruned?: number }
  | { ok: false; seq: number; reason: string };

/** A segment of the record that was taken away after the time for which it is kept. */
export interface CheckpointsTable {
  first_seq: number;
  last_seq: number;
  last_hash: string;
  lines: number;
  /** When it was taken away. */
  at: string;
  /** Null where there was no key. */
  signature: string | null;
}

/** A line of the record, all of it text: it is hashed as it stands. */
export interface LineColumns {
  at: string;
  actor: string;
  via: string;
  action: string;
  subject: string;
  detail: string;
}

/** The append-only record. */
export interface RecordLog {
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
  /** Whether the role of this process owns the tables, and so could switch off what guards the record. */
  ownsTables(): Promise<boolean>;
}

/** Linked in one transaction: more would keep those waiting who have a webhook to answer. */
const sealAtOnce = 200;
const verifyAtOnce = 2000;

const lineColumns = sql.raw('at, actor, via, action, subject, detail');
const lineTypes = sql.raw('at text, actor text, via text, action text, subject text, detail text');

/** The statement that appends lines, for use within another one. `condition` says whether they are appended at all. */
export function appendLines(
  lines: LineColumns[],
  condition: RawBuilder<unknown> = sql`true`,
): RawBuilder<unknown> {
  return sql`insert into record_queue (${lineColumns})
    select ${lineColumns} from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as line (${lineTypes})
    where ${condition}`;
}

/** A line that belongs to something else in the same statement. */
export interface OwnedLine {
  owner: string;
  line: LineColumns;
}

/** The statement that appends those lines whose owner is among `owners`, in the order given, for use within another one. */
export function appendOwnedLines(lines: OwnedLine[], owners: RawBuilder<unknown>): RawBuilder<unknown> {
  const rows = lines.map(({ owner, line }, place) => ({ ...line, owner, place }));
  return sql`insert into record_queue (${lineColumns})
    select ${lineColumns} from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as line (${lineTypes}, owner text, place integer)
    where owner in (${owners}) order by place`;
}

const headOf = (db: Context['db']): Promise<Head> =>
  db.selectFrom('record_head').select(['seq', 'hash']).executeTakeFirstOrThrow();

/** About what lines weigh in a statement. */
export const bytesOfLines = (lines: readonly LineColumns[]) =>
  lines.reduce((bytes, { detail }) => bytes + detail.length + 200, 0);

export function recordOn({ db, makeLine, scrub }: Context): RecordLog {
  const write = appendOnce(db);
  const append = groupCommit(async (batch: LineColumns[][]) => {
    const lines = batch.flat();
    if (lines.length > 0) await write(lines);
    return batch.map(() => true);
  }, bytesOfLines);

  async function lastPruned(): Promise<Head> {
    const { rows } = await sql<Head>`
      select last_seq as seq, last_hash as hash from record_checkpoints order by last_seq desc limit 1`.execute(
      db,
    );
    return rows[0] ?? noLine;
  }

  async function verifyFrom(pruned: Head): Promise<Verification> {
    const { rows } = await sql<Head & { last: number; pending: number; gaps: number }>`
      select seq, hash, coalesce((select max(seq) from record), ${pruned.seq}::bigint) as last,
        (select count(*) from record_queue) as pending,
        (select count(*) from (
          select first_seq, lag(last_seq, 1, 0::bigint) over (order by first_seq) as before from record_checkpoints
        ) as segment where first_seq <> before + 1) as gaps
      from record_head`.execute(db);
    const known = rows[0];
    // It is there from the first start on: without it nothing would be looked at, and all would seem well.
    if (!known) return { ok: false, seq: 1, reason: 'the head of the record is missing' };
    if (known.gaps > 0) return { ok: false, seq: 1, reason: 'a checkpoint of pruned lines is missing' };
    let head = pruned;
    for (;;) {
      const page = await db
        .selectFrom('record')
        .selectAll()
        .where('seq', '>', head.seq)
        .where('seq', '<=', known.seq)
        .orderBy('seq')
        .limit(verifyAtOnce)
        .execute();
      if (page.length === 0) break;
      const check = checkChain(page, head);
      if (!check.ok) return check;
      head = check.head;
    }
    return compareEnds(head, known, pruned);
  }

  return {
    async append(entries) {
      await append(entries.map(makeLine));
    },

    async seal() {
      const { rows } = await sql<{ linked: number }>`select seal_record(${sealAtOnce}) as linked`.execute(db);
      return rows[0]?.linked ?? 0;
    },

    head: () => headOf(db),

    async readRecord({ subject, actor, after, limit }) {
      const only = sql`${subject === undefined ? sql`true` : sql`subject = ${keyText(scrub(subject))}`}
        and ${actor === undefined ? sql`true` : sql`actor = ${actorKey(actor, scrub)}`}`;
      // One statement, so that no line is missed that is linked between two.
      const { rows } = await sql<StoredLine>`
        select seq, ${lineColumns}, previous, hash from (
          (select seq, null::bigint as id, ${lineColumns}, previous, hash from record
            where seq > ${after ?? 0} and ${only} order by seq limit ${limit})
          union all
          (select null, id, ${lineColumns}, null, null from record_queue where ${only} order by id limit ${limit})
        ) as line order by seq nulls last, id limit ${limit}`.execute(db);
      return rows.map(recordRow);
    },

    async verifyRecord() {
      for (;;) {
        const before = await lastPruned();
        const verification = await verifyFrom(before);
        // What was pruned while it was read is not missing.
        if (verification.ok || (await lastPruned()).seq === before.seq) return verification;
      }
    },

    async checkpoints() {
      const rows = await db.selectFrom('record_checkpoints').selectAll().orderBy('first_seq').execute();
      return rows.map(({ first_seq, last_seq, last_hash, lines, at, signature }) => ({
        firstSeq: first_seq,
        lastSeq: last_seq,
        lastHash: last_hash,
        lines,
        at,
        ...(signature !== null && { signature }),
      }));
    },

    hashesAt: (seqs) =>
      db
        .selectFrom('record')
        .select(['seq', 'hash'])
        .where(sql<boolean>`seq = any (${arrayOf(seqs)}::bigint[])`)
        .execute(),

    async ownsTables() {
      const { rows } = await sql<{ owns: boolean }>`
        select pg_has_role(relowner, 'usage') as owns from pg_class where oid = 'record'::regclass`.execute(
        db,
      );
      return rows[0]?.owns ?? false;
    },
  };
}

/** Lines of unknown outcome that are remembered. */
const mostUnsure = 10_000;

/**
 * Appends lines. Where a commit's answer was lost they may be in the record, and whoever asked for them may ask again: a line that
 * comes again after that, equal to the millisecond, is appended only if it is not there.
 */
function appendOnce(db: Context['db']): (lines: LineColumns[]) => Promise<void> {
  const unsure = new Set<string>();
  const keyOf = ({ at, actor, via, action, subject, detail }: LineColumns) =>
    JSON.stringify([at, actor, via, action, subject, detail]);
  return async (lines) => {
    const keys = unsure.size === 0 ? [] : lines.map(keyOf).filter((key) => unsure.has(key));
    try {
      if (keys.length === 0) await appendLines(lines).execute(db);
      else
        await appendMissing(lines.map((line) => ({ ...line, again: unsure.has(keyOf(line)) }))).execute(db);
      for (const key of keys) unsure.delete(key);
    } catch (error) {
      if (error instanceof StoreUnavailable && error.kind === 'away')
        for (const line of lines) if (unsure.size < mostUnsure) unsure.add(keyOf(line));
      throw error;
    }
  };
}

function appendMissing(lines: (LineColumns & { again: boolean })[]): RawBuilder<unknown> {
  const isIn = (table: string) =>
    sql`exists (select from ${sql.table(table)} as known where known.subject = line.subject and known.at = line.at
      and known.action = line.action and known.actor = line.actor and known.via = line.via and known.detail = line.detail)`;
  return sql`insert into record_queue (${lineColumns})
    select ${lineColumns} from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as line (${lineTypes}, again boolean)
    where not again or not (${isIn('record_queue')} or ${isIn('record')})`;
}

/** What the chain alone cannot show: lines cut off at its end, or put there by somebody else than the sealer. */
function compareEnds(
  head: Head,
  known: Head & { last: number; pending: number },
  pruned: Head,
): Verification {
  if (head.seq < known.seq) {
    const reason = `lines ${head.seq + 1} to ${known.seq} are missing at the end`;
    return { ok: false, seq: head.seq + 1, reason };
  }
  if (head.hash !== known.hash) {
    return { ok: false, seq: head.seq, reason: `line ${head.seq} is not the one that was linked last` };
  }
  if (known.last > known.seq) {
    const reason = `line ${known.seq + 1} was not put there by the sealer`;
    return { ok: false, seq: known.seq + 1, reason };
  }
  return {
    ok: true,
    rows: known.seq - pruned.seq,
    head: known.hash,
    pending: known.pending,
    ...(pruned.seq > 0 && { pruned: pruned.seq }),
  };
}

export interface StoredLine extends LineColumns {
  seq: number | null;
  previous: string | null;
  hash: string | null;
}

export function recordRow({ seq, previous, hash, detail, ...line }: StoredLine): RecordRow {
  return {
    ...line,
    detail: JSON.parse(detail),
    ...(seq !== null && { seq }),
    ...(previous !== null && { previous }),
    ...(hash !== null && { hash }),
  };
}
