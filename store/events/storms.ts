import { sql } from 'kysely';
import type { Context } from '../context.ts';
import { groupCommit } from '../group-commit.ts';
import { cleanText, keyText } from '../json.ts';

/** An event that told of a new incident. */
export interface NewIncident {
  subject: string;
  /** When it happened. */
  time: string;
  /** It is not known yet what becomes of it. */
  isPending: boolean;
}

export interface AskedNewIncidents {
  /** What they have in common (`stormOf`). */
  storm: string;
  /** Only what was stored before this number. */
  before: number;
  most: number;
}

/** The new incidents in the order in which they were stored, which is the same whoever asks and whenever. */
export interface Storms {
  /**
   * The newest of them, newest first. All that were stored before are there: new incidents of one storm get their numbers one after the
   * other. One query, whose cost does not grow with the storm.
   */
  newIncidents(asked: AskedNewIncidents): Promise<NewIncident[]>;
  /** The newest incidents that have joined this run. Looks through all that have joined any, so only for what is rare. */
  gatheredBy(run: string, limit: number): Promise<string[]>;
}

export const stormSteps = [
  // Null, and in no index, for all but new incidents.
  `alter table inbox add column storm text`,
  `create index inbox_storm on inbox (storm, seq) where storm is not null and duplicate_of is null`,
  // The runs that an incident has joined in place of having its own.
  `alter table incidents add column gathered_by text[]`,
  `create index incidents_gathered on incidents (place) where gathered_by is not null`,
];

export function stormsOn({ db }: Context): Storms {
  async function askAll(batch: AskedNewIncidents[]): Promise<NewIncident[][]> {
    const asked = JSON.stringify(
      batch.map((each, place) => ({ ...each, storm: keyText(each.storm), place })),
    );
    const { rows } = await sql<NewIncident & { place: number }>`
      select place, subject, "time", "isPending" from jsonb_to_recordset(${asked}::jsonb)
        as asked (place integer, storm text, before bigint, most integer)
      cross join lateral (
        select seq, subject, "time", disposition is null as "isPending" from inbox
        where inbox.storm = asked.storm and inbox.storm is not null and duplicate_of is null and seq < asked.before
          and subject is not null
        order by seq desc limit asked.most
      ) as told
      order by place, seq desc`.execute(db);
    const byPlace = Map.groupBy(rows, ({ place }) => place);
    return batch.map((_, place) =>
      (byPlace.get(place) ?? []).map(({ subject, time, isPending }) => ({ subject, time, isPending })),
    );
  }

  return {
    newIncidents: groupCommit(askAll, () => 100),
    async gatheredBy(run, limit) {
      const { rows } = await sql<{ id: string }>`
        select id from incidents where gathered_by is not null and ${cleanText(run)} = any (gathered_by) order by place desc limit ${limit}`.execute(
        db,
      );
      return rows.map(({ id }) => id);
    },
  };
}
