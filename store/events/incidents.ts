import type { GeneratedAlways, RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Incident, IncidentStatus } from '../../domain/incident.ts';
import { defaultConnection, incidentOfSubject } from '../../domain/subject.ts';
import type { Json, Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { cleanText, keyText } from '../json.ts';
import { allOf, looksAtMost, type Page, pageOf, textsOf, type WithinServices } from '../lists.ts';

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

/** Where an incident stands in a list: by its number among them all, in an order by state within those of one rank. */
export interface IncidentPlace {
  place: number;
  rank?: number | undefined;
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
  /** By when they were first seen. `q` is a part of the title, the number, or the id with or without its account. */
  pageOfIncidents(
    filter: WithinServices & {
      statuses?: readonly string[] | undefined;
      q?: string | undefined;
      /** Only these, by their ids. */
      ids?: readonly string[] | undefined;
      /** Only those that are assigned to this user of PagerDuty, or are among `ids`. */
      assignee?: string | undefined;
      /** `state`: triggered, then acknowledged, then resolved ones, each newest first. Left out: newest first. */
      order?: 'newest' | 'oldest' | 'state' | undefined;
      before?: IncidentPlace | undefined;
      limit: number;
    },
  ): Promise<Page<IncidentRow, IncidentPlace>>;
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

/** Triggered ones come first, resolved ones last. */
const rankOf = sql`case status when 'triggered' then 0 when 'acknowledged' then 1 else 2 end`;

const orders = {
  newest: sql`place desc`,
  oldest: sql`place`,
  state: sql`${rankOf}, place desc`,
} as const;

function afterPlace(order: keyof typeof orders, { place, rank = 0 }: IncidentPlace): RawBuilder<unknown> {
  if (order === 'newest') return sql`place < ${place}`;
  if (order === 'oldest') return sql`place > ${place}`;
  return sql`(${rankOf} > ${rank} or (${rankOf} = ${rank} and place < ${place}))`;
}

export function incidentsOn({ db }: Context): Incidents {
  async function lastLooked(
    found: RawBuilder<unknown>,
    order: RawBuilder<unknown>,
  ): Promise<IncidentPlace | undefined> {
    const { rows } = await sql<IncidentPlace>`
      select place, ${rankOf} as rank from incidents where ${found} order by ${order} offset ${looksAtMost - 1} limit 1`.execute(
      db,
    );
    return rows[0];
  }

  return {
    async pageOfIncidents({ statuses, services, q, ids, assignee, order = 'newest', before, limit }) {
      const isOpen = statuses !== undefined && !statuses.includes('resolved');
      const sorting = orders[order];
      const found = allOf([
        isOpen && sql`status <> 'resolved'`,
        services && sql`service = any (${textsOf(services)})`,
        before !== undefined && afterPlace(order, before),
      ]);
      const isAssigned =
        assignee !== undefined && sql`data->'assignees' @> ${JSON.stringify([{ id: assignee }])}::jsonb`;
      const isListed = ids && sql`id = any (${textsOf(ids)})`;
      const wanted = allOf([
        statuses && sql`status = any (${textsOf(statuses)})`,
        isAssigned && isListed ? sql`(${isAssigned} or ${isListed})` : isAssigned || isListed,
        q !== undefined &&
          sql`(strpos(lower(data->>'title'), lower(${cleanText(q)})) > 0 or id = ${keyText(q)}
            or split_part(id, '/', 2) = ${keyText(q)} or data->>'number' = ${cleanText(q.replace(/^#/, ''))})`,
      ]);
      const { rows } = await sql<StoredIncident & { rank: number }>`
        select ${columns}, rank from (
          select * from (
            select *, ${rankOf} as rank from incidents where ${found} order by ${sorting} limit ${looksAtMost}
          ) as looked where ${wanted} order by ${sorting} limit ${limit + 1}
        ) as shown order by ${sorting}`.execute(db);
      const isLimited = [statuses, q, ids, assignee].some((each) => each !== undefined);
      const end = isLimited && rows.length <= limit ? await lastLooked(found, sorting) : undefined;
      return pageOf(rows, limit, {
        rowOf: incidentRow,
        placeOf: ({ place, rank }) => ({ place, rank }),
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
