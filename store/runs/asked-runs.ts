import { sql } from 'kysely';
import { agreementActions } from '../../domain/agreement.ts';
import { type Mode, modes } from '../../domain/mode.ts';
import type { RecordRow } from '../../domain/record.ts';
import type { Context } from '../context.ts';
import { keyText } from '../json.ts';
import { textsOf } from '../lists.ts';
import { recordRow, type StoredLine } from '../record/record.ts';
import { isAsking, modeInCause } from './cause.ts';

/** In which modes runs are, and what those did that do not act by themselves alone: they watch, propose or ask. */
export interface AskedRuns {
  /** Those on an incident but rehearsals, the newest of them, oldest first: by which trigger, in which mode. */
  modesOn(subject: string): Promise<{ trigger: string; mode: Mode }[]>;
  /**
   * The lines about what these triggers' newest runs watched, proposed or asked for, at most `limit` of them since then, oldest first; and
   * about all else that was done there. Those that are not linked yet are not among them.
   */
  linesOfAskedRuns(filter: {
    triggers: readonly string[];
    since: string;
    limit: number;
  }): Promise<RecordRow[]>;
}

/** An incident has a run or two of each trigger. */
const mostOnIncident = 20;

export function askedRunsOn({ db }: Context): AskedRuns {
  return {
    async modesOn(subject) {
      const { rows } = await sql<{ trigger: string; mode: Mode }>`
        select trigger, coalesce(${modeInCause}, 'auto') as mode from runs
        where subject = ${keyText(subject)} and coalesce(${modeInCause}, 'auto') = any (${textsOf(modes)})
        order by created_at desc limit ${mostOnIncident}`.execute(db);
      return rows.toReversed();
    },

    async linesOfAskedRuns({ triggers, since, limit }) {
      const { rows } = await sql<StoredLine>`
        with asking as materialized (
          -- By itself: a plan for any limit would go through all runs by their time, and read the cause of each.
          select coalesce(subject, id) as subject, created_at from runs
          where trigger = any (${textsOf(triggers)}) and created_at >= ${since}::timestamptz and ${isAsking}
        ), asked as materialized (
          select subject from asking order by created_at desc limit ${limit}
        )
        select seq, at, actor, via, action, subject, detail, previous, hash from record
        where subject = any (array(select distinct subject from asked)) and action = any (${textsOf(agreementActions)})
          and (action not like 'activity.%' or detail like '%"kind":"destructive"%')
        order by seq`.execute(db);
      return rows.map(recordRow);
    },
  };
}
