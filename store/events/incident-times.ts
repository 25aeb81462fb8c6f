import { sql } from 'kysely';
import type { Context } from '../context.ts';
import { allOf, textsOf, type WithinServices } from '../lists.ts';

/** How long an incident has waited for people, as its stored events tell. */
export interface IncidentTimes {
  id: string;
  createdAt: string;
  acknowledgedAt?: string;
  resolvedAt?: string;
  /** Baton has changed something on its behalf. */
  automated: boolean;
}

export interface TimesOfIncidents {
  /** Of the newest incidents that began since then; those whose beginning no stored event tells are left out. */
  timesOfIncidents(filter: WithinServices & { since: string; limit: number }): Promise<IncidentTimes[]>;
}

interface Stored {
  id: string;
  created: string;
  acknowledged: string | null;
  resolved: string | null;
  automated: boolean;
}

export function incidentTimesOn({ db }: Context): TimesOfIncidents {
  return {
    async timesOfIncidents({ services, since, limit }) {
      const found = allOf([
        services && sql`service = any (${textsOf(services)})`,
        sql`data->>'createdAt' >= ${since}`,
        sql`not coalesce((data->>'drill')::boolean, false)`,
      ]);
      const { rows } = await sql<Stored>`
        select id, data->>'createdAt' as created,
          (select min(time) from inbox where subject = looked.id and type = 'pagerduty.incident.acknowledged') as acknowledged,
          case when status = 'resolved' then
            (select max(time) from inbox where subject = looked.id and type = 'pagerduty.incident.resolved') end as resolved,
          exists (select from effects where subject = looked.id and state = 'done' and cardinality(acted_at) > 0) as automated
        from (select id, status, data from incidents where ${found} order by place desc limit ${limit}) as looked`.execute(
        db,
      );
      return rows.map(({ id, created, acknowledged, resolved, automated }) => ({
        id,
        createdAt: created,
        ...(acknowledged === null ? {} : { acknowledgedAt: acknowledged }),
        ...(resolved === null ? {} : { resolvedAt: resolved }),
        automated,
      }));
    },
  };
}
