import { sql } from 'kysely';
import type { Entry } from '../../domain/record.ts';
import type { RunRow } from '../../domain/run.ts';
import type { Context } from '../context.ts';
import { canonicalJson, exactJson, keyText } from '../json.ts';
import { appendLines } from '../record/record.ts';
import type { RunsTable } from './runs.ts';

/** A run that somebody starts, with what starts it again. */
export type RunByHand = Pick<RunRow, 'id' | 'trigger' | 'workflow' | 'subject' | 'target'> & {
  input: unknown;
  cause: unknown;
};

export interface ByHand {
  /**
   * Keeps a run that is to be started, in the state `starting`, with its line in the record. Nothing is kept where a run has this id: it is
   * the `same` one where it does the same with the same input.
   */
  beginRun(run: RunByHand, entry: Entry): Promise<'new' | 'same' | 'other'>;
  /** Temporal has the run. */
  runBegan(id: string): Promise<void>;
}

/** The fields of an input may come in any order. */
const wordsOf = ({ input, ...run }: Pick<RunsTable, 'workflow' | 'subject' | 'target' | 'input'>): string =>
  canonicalJson({ ...run, input: input === null ? null : JSON.parse(input) });

/** No event has called for it. */
const noEvent = 0;

export function byHandOn({ db, makeLine }: Context): ByHand {
  return {
    async beginRun({ id, trigger, workflow, subject, target, input, cause }, entry) {
      const about = subject === undefined ? null : keyText(subject);
      const { rows } = await sql<{ is_new: boolean }>`
        with begun as (
          insert into runs (id, trigger, workflow, subject, target, event_seq, state, input, cause)
          values (${id}, ${trigger}, ${workflow}, ${about}, ${target}, ${noEvent}, 'starting', ${exactJson(input)}, ${exactJson(cause)})
          on conflict do nothing returning id
        ), noted as (${appendLines([makeLine(entry)], sql`exists (select from begun)`)})
        select exists (select from begun) as is_new`.execute(db);
      if (rows[0]?.is_new) return 'new';
      const known = await db
        .selectFrom('runs')
        .select(['workflow', 'subject', 'target', 'input'])
        .where('id', '=', id)
        .executeTakeFirst();
      const asked = { workflow, subject: about, target, input: exactJson(input) };
      return known && wordsOf(known) === wordsOf(asked) ? 'same' : 'other';
    },

    async runBegan(id) {
      await sql`update runs set state = 'running', seen_at = now() where id = ${id} and state = 'starting'`.execute(
        db,
      );
    },
  };
}
