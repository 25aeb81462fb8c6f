import { type Generated, type Selectable, sql } from 'kysely';
import { type Lowering, type LowerMode, lowerModes } from '../../domain/mode.ts';
import type { Entry } from '../../domain/record.ts';
import type { Context } from '../context.ts';
import { cleanText } from '../json.ts';
import { appendLines } from '../record/record.ts';
import { isOfDrill } from './cause.ts';

/** One row for each mode that a trigger was lowered to, so that what is undone leaves the others as they were. */
export interface LoweredTriggersTable {
  trigger: string;
  mode: LowerMode;
  by: string;
  reason: string;
  at: Generated<Date>;
}

export const loweringSteps: string[] = [
  `create table lowered_triggers (
    trigger text not null,
    mode text not null,
    by text not null,
    reason text not null,
    at timestamptz not null default now(),
    primary key (trigger, mode)
  )`,
  `alter table runs add column verified boolean`,
  // The newest runs of a trigger that have looked whether they have helped.
  `create index runs_verified on runs (trigger, ended_at) where verified is not null`,
];

/** Triggers that were lowered. Which of it counts their files say too: see `loweringOf`. */
export interface Lowerings {
  lowerings(): Promise<Lowering[]>;
  /** Lowers a trigger, with its line in the record. */
  lowerTrigger(lowering: Omit<Lowering, 'at'>, entry: Entry): Promise<void>;
  /** Takes back that a trigger was switched off. False, and nothing written: it was not. */
  enableTrigger(trigger: string, entry: Entry): Promise<boolean>;
  /**
   * Lowers the trigger where so many of its runs in a row have not helped, since it was last lowered. False, and nothing written, where they
   * have not.
   */
  lowerAfterFailures(lowering: Omit<Lowering, 'at'>, failures: number, entry: Entry): Promise<boolean>;
  /** The lowest mode that the trigger of a run was lowered to after the run began. */
  loweredSince(runId: string): Promise<Lowering | undefined>;
}

/** A run may begin by what its server knew of lowerings some moments ago. */
const knownForSeconds = 10;

export function loweringsOn({ db, scrub, makeLine }: Context): Lowerings {
  return {
    async lowerings() {
      const rows = await db.selectFrom('lowered_triggers').selectAll().execute();
      return rows.map(loweringIn);
    },

    async lowerTrigger({ trigger, mode, by, reason }, entry) {
      await sql`
        with lowered as (
          insert into lowered_triggers (trigger, mode, by, reason)
          values (${trigger}, ${mode}, ${cleanText(by)}, ${cleanText(scrub(reason))})
          on conflict (trigger, mode) do update set by = excluded.by, reason = excluded.reason, at = now()
          returning trigger
        ) ${appendLines([makeLine(entry)], sql`exists (select from lowered)`)}`.execute(db);
    },

    async enableTrigger(trigger, entry) {
      const { rows } = await sql`
        with enabled as (
          delete from lowered_triggers where trigger = ${trigger} and mode = 'off' returning trigger
        ), noted as (${appendLines([makeLine(entry)], sql`exists (select from enabled)`)})
        select trigger from enabled`.execute(db);
      return rows.length > 0;
    },

    async lowerAfterFailures({ trigger, mode, by, reason }, failures, entry) {
      const { rows } = await sql`
        with newest as (
          select verified from runs where trigger = ${cleanText(trigger)} and verified is not null and not ${isOfDrill} and created_at > coalesce(
            (select max(at) from lowered_triggers where trigger = ${cleanText(trigger)}), '-infinity')
          order by ended_at desc limit ${failures}
        ), lowered as (
          insert into lowered_triggers (trigger, mode, by, reason)
          select ${cleanText(trigger)}, ${mode}, ${by}, ${cleanText(reason)}
          where (select count(*) = ${failures} and not bool_or(verified) from newest)
          on conflict (trigger, mode) do update set by = excluded.by, reason = excluded.reason, at = now()
          returning trigger
        ), noted as (${appendLines([makeLine(entry)], sql`exists (select from lowered)`)})
        select trigger from lowered`.execute(db);
      return rows.length > 0;
    },

    async loweredSince(runId) {
      const { rows } = await sql<Selectable<LoweredTriggersTable>>`
        select lowered_triggers.* from runs join lowered_triggers using (trigger)
        where runs.id = ${cleanText(runId)} and at > created_at - make_interval(secs => ${knownForSeconds})
        order by array_position(${sql.val(`{${lowerModes.join(',')}}`)}::text[], mode) limit 1`.execute(db);
      return rows[0] && loweringIn(rows[0]);
    },
  };
}

const loweringIn = ({ at, ...row }: Selectable<LoweredTriggersTable>): Lowering => ({
  ...row,
  at: at.toISOString(),
});
