import type { Generated, GeneratedAlways } from 'kysely';
import { type Selectable, sql } from 'kysely';
import type { Hold, HoldKind, HoldScope } from '../../domain/guard.ts';
import type { Entry } from '../../domain/record.ts';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { cleanText, keyText } from '../json.ts';
import { appendLines } from '../record/record.ts';

export interface HoldsTable {
  id: GeneratedAlways<number>;
  kind: HoldKind;
  provider: string | null;
  workflow: string | null;
  service: string | null;
  activity: string | null;
  target: string | null;
  reason: string;
  by: string;
  from_at: Generated<Date>;
  until_at: Time | null;
  lifted_at: Time | null;
  lifted_by: string | null;
  lifted_because: string | null;
}

export type NewHold = { [Part in keyof HoldScope]?: string | undefined } & {
  kind: 'kill-switch' | 'freeze';
  reason: string;
  by: string;
  /** Left out: from now on, by the clock of the database. */
  from?: string | undefined;
  until?: string | undefined;
};

/** What holds changes back, until its time is over or a person lifts it. What is lifted or over is kept, for a look back. */
export interface Holds {
  /** In force before the call ends, for every worker. With its line in the record. */
  setHold(hold: NewHold, lineOf: (id: number) => Entry): Promise<Hold>;
  /** Undefined: there is none. One that was lifted before, or is over, stays as it is. */
  liftHold(id: number, by: string, because: string, line: Entry): Promise<Hold | undefined>;
  /** Newest first. `live`: those that hold now, or will. */
  listHolds(page: {
    live: boolean;
    kind?: HoldKind | undefined;
    before?: number | undefined;
    limit: number;
  }): Promise<Hold[]>;
}

export const holdSteps = [
  `create table holds (
    id bigint generated always as identity primary key,
    kind text not null,
    provider text,
    workflow text,
    service text,
    activity text,
    target text,
    reason text not null,
    by text not null,
    from_at timestamptz not null default now(),
    until_at timestamptz,
    lifted_at timestamptz,
    lifted_by text,
    lifted_because text
  )`,
  `create index holds_live on holds (id) where lifted_at is null`,
  // When a target was last let go again, from which on it is counted anew.
  `create index holds_lifted on holds (kind, workflow, activity, target) where lifted_at is not null`,
  // Only failed runs are in it, so that the end of any other costs nothing.
  `create index runs_failed on runs (workflow, ended_at) where state in ('failed', 'timed out')`,
];

export const isInForce = sql`lifted_at is null and from_at <= statement_timestamp()
  and (until_at is null or until_at > statement_timestamp())`;

export function holdsOn({ db, scrub, makeLine }: Context): Holds {
  return {
    setHold({ kind, provider, workflow, service, activity, target, reason, by, from, until }, lineOf) {
      const orNull = (value: string | undefined) => (value === undefined ? null : cleanText(value));
      return db.transaction().execute(async (transaction) => {
        const { rows } = await sql<HoldRow>`
          insert into holds (kind, provider, workflow, service, activity, target, reason, by, from_at, until_at)
          values (${kind}, ${orNull(provider)}, ${orNull(workflow)}, ${service === undefined ? null : keyText(service)},
            ${orNull(activity)}, ${target === undefined ? null : keyText(target)}, ${cleanText(scrub(reason))}, ${by},
            coalesce(${from ?? null}::timestamptz, now()), ${until ?? null}::timestamptz)
          returning *`.execute(transaction);
        const hold = holdOf(rows[0] as HoldRow);
        await appendLines([makeLine(lineOf(hold.id))]).execute(transaction);
        return hold;
      });
    },

    async liftHold(id, by, because, line) {
      const { rows } = await sql<HoldRow>`
        with lifted as (
          update holds set lifted_at = now(), lifted_by = ${by}, lifted_because = ${cleanText(scrub(because))}
          where id = ${id} and lifted_at is null and (until_at is null or until_at > now()) returning *
        ), noted as (${appendLines([makeLine(line)], sql`exists (select from lifted)`)})
        select * from lifted union all select * from holds where id = ${id} and not exists (select from lifted)`.execute(
        db,
      );
      return rows[0] && holdOf(rows[0]);
    },

    async listHolds({ live, kind, before, limit }) {
      let query = db.selectFrom('holds').selectAll().orderBy('id', 'desc').limit(limit);
      if (before !== undefined) query = query.where('id', '<', before);
      if (kind !== undefined) query = query.where('kind', '=', kind);
      if (live)
        query = query.where(
          sql<boolean>`lifted_at is null and (until_at is null or until_at > statement_timestamp())`,
        );
      return (await query.execute()).map(holdOf);
    },
  };
}

type HoldRow = Selectable<HoldsTable>;

function holdOf(row: HoldRow): Hold {
  const { id, kind, reason, by, provider, workflow, service, activity, target } = row;
  const time = (name: 'until' | 'liftedAt', value: Date | null) =>
    value === null ? {} : { [name]: value.toISOString() };
  return {
    id: Number(id),
    kind,
    reason,
    by,
    from: row.from_at.toISOString(),
    ...(provider === null ? {} : { provider }),
    ...(workflow === null ? {} : { workflow }),
    ...(service === null ? {} : { service }),
    ...(activity === null ? {} : { activity }),
    ...(target === null ? {} : { target }),
    ...time('until', row.until_at),
    ...time('liftedAt', row.lifted_at),
    ...(row.lifted_by === null ? {} : { liftedBy: row.lifted_by }),
    ...(row.lifted_because === null ? {} : { liftedBecause: row.lifted_because }),
  };
}
