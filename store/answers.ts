import type { Generated } from 'kysely';
import { sql } from 'kysely';
import type { Context } from './context.ts';
import { keyText } from './json.ts';

/** What was answered to a request that its sender may repeat (`Idempotency-Key`). */
export interface AnswersTable {
  /** Whose key it is. */
  principal: string;
  key: string;
  /** Of the request. */
  digest: string;
  at: Generated<Date>;
  /** Null while it is being carried out. */
  status: number | null;
  /** JSON text. Null besides where the answer is not to be kept. */
  answer: string | null;
}

/** A request under its sender's key. */
export interface KeyedRequest {
  principal: string;
  key: string;
  digest: string;
}

/**
 * `go`: it is new. `busy`: it is being carried out. `unknown`: whoever carried it out is gone, and nobody knows how far it came. `other`:
 * the key stands for another request. Else what was answered.
 */
export type Known = 'go' | 'busy' | 'unknown' | 'other' | { status: number; answer: string | null };

export interface Answers {
  /** Takes up a request, or says what is known of it. Keys are forgotten after 24 hours. */
  claimAnswer(request: KeyedRequest): Promise<Known>;
  /** Keeps what was answered. */
  answered(request: KeyedRequest, answer: { status: number; answer: string | null }): Promise<void>;
  /** It came to nothing by a fault of ours: it may be sent again under its key. */
  giveUp(request: KeyedRequest): Promise<void>;
}

const keptHours = 24;
/** Whoever has taken up a request and has not answered for so long is gone. */
const goneSeconds = 120;
const forgottenAtOnce = 100;

interface StoredAnswer {
  digest: string;
  status: number | null;
  answer: string | null;
  gone: boolean;
}

export function answersOn({ db }: Context): Answers {
  return {
    async claimAnswer({ principal, key, digest }) {
      await sql`delete from answers where (principal, key) in (
        select principal, key from answers where at < now() - make_interval(hours => ${keptHours})
        order by at limit ${forgottenAtOnce})`.execute(db);
      const given = sql`${keyText(principal)}, ${keyText(key)}, ${digest}`;
      const { rows: taken } = await sql`
        insert into answers (principal, key, digest) values (${given}) on conflict do nothing returning key`.execute(
        db,
      );
      if (taken.length > 0) return 'go';
      const { rows } = await sql<StoredAnswer>`
        select digest, status, answer, at < now() - make_interval(secs => ${goneSeconds}) as gone from answers
        where principal = ${keyText(principal)} and key = ${keyText(key)}`.execute(db);
      const [known] = rows;
      // Given up at this very moment.
      if (!known) return 'busy';
      if (known.digest !== digest) return 'other';
      if (known.status !== null) return { status: known.status, answer: known.answer };
      return known.gone ? 'unknown' : 'busy';
    },

    async answered({ principal, key, digest }, { status, answer }) {
      await sql`update answers set status = ${status}, answer = ${answer}
        where principal = ${keyText(principal)} and key = ${keyText(key)} and digest = ${digest}`.execute(db);
    },

    async giveUp({ principal, key, digest }) {
      await sql`delete from answers
        where principal = ${keyText(principal)} and key = ${keyText(key)} and digest = ${digest} and status is null`.execute(
        db,
      );
    },
  };
}
