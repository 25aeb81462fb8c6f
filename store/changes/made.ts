import { type RawBuilder, sql } from 'kysely';
import type { Made, MadeHere } from '../../domain/made.ts';
import type { Inverse } from '../../domain/plan.ts';
import type { Context } from '../context.ts';
import { cleanText } from '../json.ts';

/** The changes that were made, with what takes each of them back. */
export interface MadeChanges {
  /** Undefined: there is no such effect, or it changed nothing, or what became of it is not known. */
  findMade(key: string): Promise<Made | undefined>;
  /** What a run has made, or may have, the newest first. */
  listMade(run: string): Promise<MadeHere[]>;
}

const untold: Inverse = { none: 'the record does not tell how it is taken back' };

/** A run makes no more than a handful of changes; of one that makes thousands the newest are enough. */
const mostOfRun = 200;

interface MadeRow extends Omit<Made, 'at' | 'inverse' | 'approval'> {
  at: Date;
  certain: boolean;
  inverse: Inverse | null;
  approval: string | null;
}

export function madeOn({ db }: Context): MadeChanges {
  /** Newest first. Their lines stand under the subject of the change or of the run. */
  async function made(which: RawBuilder<unknown>): Promise<MadeRow[]> {
    const { rows } = await sql<MadeRow>`
      with made as materialized (
        select key, run_id, activity, subject, state = 'done' as certain, acted_at[cardinality(acted_at)] as at,
          array[subject, run_id, (select runs.subject from runs where runs.id = run_id)] as subjects
        from effects where ${which} and cardinality(acted_at) > 0
        order by acted_at[cardinality(acted_at)] desc, key desc limit ${mostOfRun}
      ), told as (
        select distinct on (made.key) made.key, line.subject, line.detail::jsonb as detail from made cross join lateral (
          select subject, detail, at from record where action = 'activity.completed' and subject = any (made.subjects)
          union all
          select subject, detail, at from record_queue where action = 'activity.completed' and subject = any (made.subjects)
        ) as line
        where line.detail::jsonb ->> 'key' = made.key order by made.key, line.at desc
      )
      select made.key, run_id as run, activity, at, certain, coalesce(told.subject, made.subject, run_id) as subject,
        coalesce((select jsonb_agg(target order by target) from effect_targets where effect_targets.key = made.key), '[]') as targets,
        told.detail -> 'inverse' as inverse, told.detail ->> 'approval' as approval
      from made left join told on told.key = made.key order by at desc, made.key desc`.execute(db);
    return rows;
  }

  return {
    async findMade(key) {
      const [found] = await made(sql`key = ${cleanText(key)} and state = 'done'`);
      if (!found) return undefined;
      const { certain: _, approval, inverse, at, ...rest } = found;
      return {
        ...rest,
        at: at.toISOString(),
        inverse: inverse ?? untold,
        ...(approval === null ? {} : { approval }),
      };
    },

    async listMade(run) {
      const found = await made(sql`run_id = ${cleanText(run)} and state <> 'none'`);
      return found.map(({ key, activity, targets, inverse, certain }) => ({
        key,
        activity,
        targets,
        inverse: inverse ?? untold,
        certain,
      }));
    },
  };
}
