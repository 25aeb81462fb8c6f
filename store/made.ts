import { sql } from 'kysely';
import type { Made } from '../domain/made.ts';
import type { Inverse } from '../domain/plan.ts';
import type { Context } from './context.ts';
import { cleanText } from './json.ts';

/** The changes that were made, with what takes each of them back. */
export interface MadeChanges {
  /** Undefined: there is no such effect, or it changed nothing, or what became of it is not known. */
  findMade(key: string): Promise<Made | undefined>;
}

const untold: Inverse = { none: 'the record does not tell how it is taken back' };

export function madeOn({ db }: Context): MadeChanges {
  return {
    async findMade(key) {
      const { rows } = await sql<{
        run: string;
        activity: string;
        targets: string[];
        subject: string;
        at: Date;
        inverse: Inverse | null;
      }>`
        with made as materialized (
          select key, run_id, activity, subject, acted_at[cardinality(acted_at)] as at,
            array[subject, run_id, (select runs.subject from runs where runs.id = run_id)] as subjects
          from effects where key = ${cleanText(key)} and state = 'done' and cardinality(acted_at) > 0
        ), told as (
          select line.subject, line.detail::jsonb as detail from made cross join lateral (
            select subject, detail, at from record where action = 'activity.completed' and subject = any (made.subjects)
            union all
            select subject, detail, at from record_queue where action = 'activity.completed' and subject = any (made.subjects)
          ) as line
          where line.detail::jsonb ->> 'key' = made.key order by line.at desc limit 1
        )
        select run_id as run, activity, at, coalesce((select subject from told), subject, run_id) as subject,
          coalesce((select jsonb_agg(target order by target) from effect_targets where effect_targets.key = made.key), '[]') as targets,
          (select detail -> 'inverse' from told) as inverse
        from made`.execute(db);
      const [made] = rows;
      return made && { ...made, key, at: made.at.toISOString(), inverse: made.inverse ?? untold };
    },
  };
}
