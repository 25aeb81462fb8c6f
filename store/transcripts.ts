import { type GeneratedAlways, sql } from 'kysely';
import type { Transcript } from '../domain/transcript.ts';
import type { Time } from './columns.ts';
import type { Context } from './context.ts';
import { cleanText, keyText } from './json.ts';

export interface TranscriptsTable {
  /** The order in which they were kept. */
  seq: GeneratedAlways<number>;
  subject: string;
  digest: string;
  /** JSON text of the `Transcript`. */
  transcript: string;
  kept_at: Time;
}

export const transcriptSteps: string[] = [
  `create table transcripts (
    seq bigint generated always as identity primary key,
    subject text not null,
    digest text not null,
    transcript text not null,
    kept_at timestamptz not null default now(),
    unique (subject, digest)
  )`,
  `create index transcripts_kept_at on transcripts (kept_at)`,
];

export interface KeptTranscript extends Transcript {
  keptAt: string;
}

/** What was said in rooms whose text no issue has. */
export interface Transcripts {
  /** Keeps one of an incident, once for each digest: its secrets masked, then cut. */
  keepTranscript(subject: string, transcript: Transcript): Promise<void>;
  /** Those of an incident, the newest first. */
  transcriptsOf(subject: string, limit: number): Promise<KeptTranscript[]>;
}

/** In characters, of one text. */
const longest = 64 * 1024;

export function transcriptsOn({ db, scrub }: Context): Transcripts {
  return {
    async keepTranscript(subject, transcript) {
      const text = scrub(transcript.markdown);
      const kept: Transcript = {
        ...transcript,
        markdown: text.slice(0, longest),
        truncated: transcript.truncated || text.length > longest,
      };
      await sql`insert into transcripts (subject, digest, transcript)
        values (${keyText(subject)}, ${cleanText(transcript.digest)}, ${cleanText(JSON.stringify(kept))})
        on conflict do nothing`.execute(db);
    },

    async transcriptsOf(subject, limit) {
      const { rows } = await sql<{ transcript: string; kept_at: Date }>`
        select transcript, kept_at from transcripts where subject = ${keyText(subject)}
        order by seq desc limit ${limit}`.execute(db);
      return rows.map(({ transcript, kept_at }) => ({
        ...(JSON.parse(transcript) as Transcript),
        keptAt: kept_at.toISOString(),
      }));
    },
  };
}
