import type { GeneratedAlways, RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Incident, IncidentStatus } from '../domain/incident.ts';
import { defaultConnection, incidentOfSubject } from '../domain/subject.ts';
import type { Json, Time } from './columns.ts';
import type { Context } from './context.ts';
import { cleanText, keyText } from './json.ts';
import { allOf, looksAtMost, type Page, pageOf, textsOf, type WithinServices } from './lists.ts';

export interface IncidentsTable {
  /** The subject of its events. */
  id: string;
  status: string;
  /** The time of the newest event that was applied. */
  seen_at: Time;
  /** Its number among them all, in the order in which they were first seen. */
  place: GeneratedAlways<number>;
  /** Its service's id; of another account than `default`, `<connection>/<id>`. Kept when `data` goes. */
  service: string | null;
  /** As its newest event tells it. Null where no event is kept, and of a resolved one after the time for which events are kept. */
  data: Json<Incident | null>;
  /** As its newest event told it, by the policy of then. Null: no event has told since there are urgent ones. */
  urgent: boolean | null;
  /** The runs that it has joined in a storm. */
  gathered_by: string[] | null;
}

/** An incident as Baton knows it. */
export interface IncidentRow {
  /** The subject of its events. */
  id: string;
  /** The account that it is of. */
  connection: string;
  status: IncidentStatus;
  /** When its newest state was told. */
  seenAt: string;
  /** Of its account, `<connection>/<id>` where that is not `default`. */
  service?: string;
  /** Undefined where its events are not kept any more. */
  incident?: Incident;
  /** The runs of other incidents that it has joined in a storm. */
  gatheredBy?: string[];
  /** How many runs on it have not ended. */
  liveRuns: number;
}

/** A change that was made on behalf of an incident, or may have been made. */
export interface EffectRow {
  key: string;
  run: string;
  activity: string;
  /** `done`: it was made; `unknown`: nobody can tell; `open`: it is being made. */
  state: 'open' | 'done' | 'unknown';
  /** When the attempts began that made it, or may have. */
  at: string[];
  targets: string[];
  result?: unknown;
}

export interface Incidents {
  /** Newest first: by when they were first seen. `q` is a part of the title, or the id with or without its account. */
  pageOfIncidents(
    filter: WithinServices & {
      statuses?: readonly string[] | undefined;
      q?: string | undefined;
      before?: number | undefined;
      limit: number;
    },
  ): Promise<Page<IncidentRow, number>>;
  findIncident(id: string): Promise<IncidentRow | undefined>;
  /** Of these subjects, the incidents of the services. */
  subjectsOf(services: readonly string[], subjects: readonly string[]): Promise<string[]>;
  /** The changes on behalf of an incident: those of unknown outcome first, then the newest. */
  changesOf(subject: string, limit: number): Promise<EffectRow[]>;
}

interface StoredIncident {
  id: string;
  status: IncidentStatus;
  seen_at: Date;
  place: number;
  service: string | null;
  data: Incident | null;
  gathered_by: string[] | null;
  live_runs: number;
}

const columns = sql.raw(`id, status, seen_at, place, service, data, gathered_by,
  (select count(*) from runs where runs.subject = shown.id and state in ('starting', 'running')) as live_runs`);

export function incidentsOn({ db }: Context): Incidents {
  async function lastLooked(found: RawBuilder<unknown>): Promise<number | undefined> {
    const { rows } = await sql<{ place: number }>`
      select place from incidents where ${found} order by place desc offset ${looksAtMost - 1} limit 1`.execute(
      db,
    );
    return rows[0]?.place;
  }

  return {
    async pageOfIncidents({ statuses, services, q, before, limit }) {
      const isOpen = statuses !== undefined && !statuses.includes('resolved');
      const found = allOf([
        isOpen && sql`status <> 'resolved'`,
        services && sql`service = any (${textsOf(services)})`,
        before !== undefined && sql`place < ${before}`,
      ]);
      const wanted = allOf([
        statuses && sql`status = any (${textsOf(statuses)})`,
        q !== undefined &&
          sql`(strpos(lower(data->>'title'), lower(${cleanText(q)})) > 0 or id = ${keyText(q)} or split_part(id, '/', 2) = ${keyText(q)})`,
      ]);
      const { rows } = await sql<StoredIncident>`
        select ${columns} from (
          select * from (
            select * from incidents where ${found} order by place desc limit ${looksAtMost}
          ) as looked where ${wanted} order by place desc limit ${limit + 1}
        ) as shown order by place desc`.execute(db);
      const isLimited = statuses !== undefined || q !== undefined;
      const end = isLimited && rows.length <= limit ? await lastLooked(found) : undefined;
      return pageOf(rows, limit, {
        rowOf: incidentRow,
        placeOf: ({ place }) => place,
        ...(end === undefined ? {} : { end }),
      });
    },

    async findIncident(id) {
      const { rows } = await sql<StoredIncident>`
        select ${columns} from incidents as shown where id = ${keyText(id)}`.execute(db);
      return rows[0] && incidentRow(rows[0]);
    },

    async subjectsOf(services, subjects) {
      const { rows } = await sql<{ id: string }>`
        select id from incidents where id = any (${textsOf(subjects.map(keyText))})
          and service = any (${textsOf(services)})`.execute(db);
      return rows.map(({ id }) => id);
    },

    async changesOf(subject, limit) {
      const { rows } = await sql<
        Omit<EffectRow, 'run' | 'at' | 'result'> & { run_id: string; acted_at: Date[]; result: string | null }
      >`
        select key, run_id, activity, state, acted_at, result,
          coalesce((select jsonb_agg(target order by target) from effect_targets where effect_targets.key = shown.key), '[]') as targets
        from (
          select * from effects where subject = ${keyText(subject)} and cardinality(acted_at) > 0 and state <> 'none'
          order by state = 'unknown' desc, created_at desc, key limit ${limit}
        ) as shown order by state = 'unknown' desc, created_at desc, key`.execute(db);
      return rows.map(({ run_id, acted_at, result, ...row }) => ({
        ...row,
        run: run_id,
        at: acted_at.map((at) => at.toISOString()),
        ...(result === null ? {} : { result: JSON.parse(result) as unknown }),
      }));
    },
  };
}

function incidentRow({
  id,
  status,
  seen_at,
  service,
  data,
  gathered_by,
  live_runs,
}: StoredIncident): IncidentRow {
  return {
    id,
    connection: incidentOfSubject(id)?.connection ?? defaultConnection,
    status,
    seenAt: seen_at.toISOString(),
    ...(service === null ? {} : { service }),
    ...(data === null ? {} : { incident: data }),
    ...(gathered_by === null ? {} : { gatheredBy: gathered_by }),
    liveRuns: live_runs,
  };
}
