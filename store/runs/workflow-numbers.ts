import { sql } from 'kysely';
import type { Context } from '../context.ts';
import { allOf, textsOf, type WithinServices } from '../lists.ts';
import { hasLooked, isOfDrill } from './cause.ts';

/** What became of the runs of a workflow. */
export interface WorkflowRuns {
  workflow: string;
  runs: number;
  live: number;
  completed: number;
  failed: number;
  /** Somebody stopped them, here or in Temporal. */
  stopped: number;
  /** They have looked whether what they did has helped, and it has. */
  helped: number;
  notHelped: number;
  /** People refused what they wanted to do. */
  refused: number;
  /** The incident was resolved, or merged into another one, before they had changed anything. */
  notNeeded: number;
  /** Those that were stopped, refused or not needed, each once. */
  falsePositives: number;
}

export interface NumbersOfWorkflows {
  /** Of the runs that began since then, by workflow. Those in plan mode, those that observe and those of drills are left out. */
  runsByWorkflow(filter: WithinServices & { since: string }): Promise<WorkflowRuns[]>;
  /** Which of these incidents each workflow had runs on. */
  incidentsByWorkflow(ids: readonly string[], since: string): Promise<{ workflow: string; id: string }[]>;
}

const isRefused = sql`exists (select from approvals where approvals.run_id = runs.id and approvals.state = 'refused')`;
const isStopped = sql`state = 'cancelled'`;
/** The words of `endedBy` in `workflows/kit/run.ts`. */
const isNotNeeded = sql`(outcome = 'resolved elsewhere' or outcome like 'merged into %') and not exists (
  select from effects where effects.run_id = runs.id and effects.state = 'done' and cardinality(acted_at) > 0)`;

export function numbersOfWorkflowsOn({ db }: Context): NumbersOfWorkflows {
  const began = (since: string) =>
    sql`created_at >= ${since}::timestamptz and not ${hasLooked} and not ${isOfDrill}`;
  return {
    async runsByWorkflow({ services, since }) {
      const asked = allOf([
        began(since),
        services && sql`subject in (select id from incidents where service = any (${textsOf(services)}))`,
      ]);
      const { rows } = await sql<WorkflowRuns>`
        select workflow, count(*)::int as runs,
          count(*) filter (where ended_at is null)::int as live,
          count(*) filter (where state = 'completed')::int as completed,
          count(*) filter (where state in ('failed', 'timed out'))::int as failed,
          count(*) filter (where ${isStopped})::int as stopped,
          count(*) filter (where verified)::int as helped,
          count(*) filter (where not verified)::int as "notHelped",
          count(*) filter (where refused)::int as refused,
          count(*) filter (where not_needed)::int as "notNeeded",
          count(*) filter (where refused or not_needed or ${isStopped})::int as "falsePositives"
        from (
          select workflow, state, ended_at, verified, ${isRefused} as refused, ${isNotNeeded} as not_needed
          from runs where ${asked}
        ) as looked group by workflow order by workflow`.execute(db);
      return rows;
    },

    async incidentsByWorkflow(ids, since) {
      const { rows } = await sql<{ workflow: string; id: string }>`
        select distinct workflow, subject as id from runs
        where subject = any (${textsOf(ids)}) and ${began(since)}`.execute(db);
      return rows;
    },
  };
}
