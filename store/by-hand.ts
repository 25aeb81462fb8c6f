import { sql } from 'kysely';
import type { Entry } from '../domain/record.ts';
import type { RunRow } from '../domain/run.ts';
import type { Context } from './context.ts';
import { exactJson, keyText } from './json.ts';
import { appendLines } from './record.ts';

/** A run that somebody starts, with what starts it again. */
export type RunByHand = Pick<RunRow, 'id' | 'trigger' | 'workflow' | 'subject' | 'target'> & {
  input: unknown;
  cause: unknown;
};

export interface ByHand {
  /** Keeps a run that is to be started, in the state `starting`, with its line in the record. False, and nothing kept, where it is there. */
  beginRun(run: RunByHand, entry: Entry): Promise<boolean>;
  /** Temporal has the run. */
  runBegan(id: string): Promise<void>;
}

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
      return rows[0]?.is_new ?? false;
    },

    async runBegan(id) {
      await sql`update runs set state = 'running', seen_at = now() where id = ${id} and state = 'starting'`.execute(
        db,
      );
    },
  };
}
