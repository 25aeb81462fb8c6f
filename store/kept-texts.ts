import { createHash } from 'node:crypto';
import { type GeneratedAlways, sql } from 'kysely';
import type { KeptText, TextToKeep } from '../domain/kept-text.ts';
import type { Time } from './columns.ts';
import type { Context } from './context.ts';
import { cleanText, keyText } from './json.ts';
import { type Page, pageOf } from './lists.ts';

export interface KeptTextsTable {
  /** The order in which they were kept. */
  seq: GeneratedAlways<number>;
  subject: string;
  digest: string;
  title: string;
  text: string;
  /** Of the whole text. */
  bytes: number;
  truncated: boolean;
  /** The last time that it was to be kept. */
  kept_at: Time;
}

export const keptTextSteps: string[] = [
  `create table kept_texts (
    seq bigint generated always as identity primary key,
    subject text not null,
    digest text not null,
    title text not null,
    text text not null,
    bytes bigint not null,
    truncated boolean not null,
    kept_at timestamptz not null default now(),
    unique (subject, digest)
  )`,
  `create index kept_texts_subject on kept_texts (subject, seq)`,
  `create index kept_texts_digest on kept_texts (digest, seq)`,
  `create index kept_texts_kept_at on kept_texts (kept_at)`,
];

/** A kept text without the text. */
export interface ListedText extends KeptText {
  /** The incident, or the run where it is about none. */
  subject: string;
  keptAt: string;
}

export interface ReadText extends ListedText {
  text: string;
}

/** Texts that are too long for a run's history. */
export interface KeptTexts {
  /**
   * Keeps one, once for each subject and digest: its secrets masked, then cut. Undefined where so much is kept of the subject that it has no
   * more room.
   */
  keepText(subject: string, text: TextToKeep): Promise<KeptText | undefined>;
  /** Those of a subject, the newest first. */
  pageOfTexts(asked: {
    subject: string;
    before?: number | undefined;
    limit: number;
  }): Promise<Page<ListedText, number>>;
  /** Of what the text with this digest is kept, the newest first. */
  subjectsOfText(digest: string): Promise<string[]>;
  readText(subject: string, digest: string): Promise<ReadText | undefined>;
}

/** In characters, of one text. A statement has less than a second. */
export const longestText = 4 * 1024 * 1024;
/** In bytes, of all texts of one subject: a run that reads again and again is not to fill the disk. */
const mostOfSubject = 64 * 1024 * 1024;
/** Secrets are shorter than this. */
const margin = 64 * 1024;
const longestTitle = 200;
const subjectsLooked = 1_000;

interface StoredText {
  seq: number;
  subject: string;
  digest: string;
  title: string;
  bytes: number;
  truncated: boolean;
  kept_at: Date;
}

const listed = ({ subject, digest, title, bytes, truncated, kept_at }: StoredText): ListedText => ({
  subject,
  digest,
  title,
  bytes,
  truncated,
  keptAt: kept_at.toISOString(),
});

export function keptTextsOn({ db, scrub }: Context): KeptTexts {
  /**
   * Cut first: to mask a text of any length would take too long. A secret that the cut goes through is not recognised, so what stands next
   * to the cut goes too.
   */
  function cutAndMasked(text: string, keepsEnd: boolean): string {
    if (text.length <= longestText) return scrub(text).slice(0, longestText);
    if (keepsEnd) return scrub(text.slice(-longestText)).slice(margin).slice(-longestText);
    return scrub(text.slice(0, longestText)).slice(0, -margin).slice(0, longestText);
  }

  return {
    async keepText(subject, { title, text, truncated = false, keepsEnd = false }) {
      const { rows } = await sql<Pick<StoredText, 'digest' | 'title' | 'bytes' | 'truncated'>>`
        with given as (
          select ${keyText(subject)}::text as subject, ${createHash('sha256').update(text).digest('hex')}::text as digest,
            ${cleanText(scrub(title)).slice(0, longestTitle).toWellFormed()}::text as title,
            ${cleanText(cutAndMasked(text, keepsEnd))}::text as text, ${Buffer.byteLength(text)}::bigint as bytes,
            ${truncated || text.length > longestText}::boolean as truncated
        )
        insert into kept_texts (subject, digest, title, text, bytes, truncated)
        select subject, digest, title, text, bytes, truncated from given
        where exists (select from kept_texts old where old.subject = given.subject and old.digest = given.digest)
          or (select coalesce(sum(octet_length(old.text)), 0) from kept_texts old where old.subject = given.subject)
            + octet_length(given.text) <= ${mostOfSubject}
        on conflict (subject, digest) do update set kept_at = now()
        returning digest, title, bytes::float8 as bytes, truncated`.execute(db);
      return rows[0];
    },

    async pageOfTexts({ subject, before, limit }) {
      const { rows } = await sql<StoredText>`
        select seq::float8 as seq, subject, digest, title, bytes::float8 as bytes, truncated, kept_at from kept_texts
        where subject = ${keyText(subject)} and (${before ?? null}::bigint is null or seq < ${before ?? null}::bigint)
        order by kept_texts.seq desc limit ${limit + 1}`.execute(db);
      return pageOf(rows, limit, { rowOf: listed, placeOf: ({ seq }) => seq });
    },

    async subjectsOfText(digest) {
      const { rows } = await sql<{ subject: string }>`
        select subject from kept_texts where digest = ${cleanText(digest)}
        order by seq desc limit ${subjectsLooked}`.execute(db);
      return rows.map(({ subject }) => subject);
    },

    async readText(subject, digest) {
      const { rows } = await sql<StoredText & { text: string }>`
        select seq::float8 as seq, subject, digest, title, text, bytes::float8 as bytes, truncated, kept_at
        from kept_texts where subject = ${keyText(subject)} and digest = ${cleanText(digest)}`.execute(db);
      const [row] = rows;
      return row && { ...listed(row), text: row.text };
    },
  };
}
