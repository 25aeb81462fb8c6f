import { type RawBuilder, sql } from 'kysely';
import { breakerAfter } from '../../domain/guard.ts';
import { isWatching } from '../../domain/mode.ts';
import type { RunEnd } from '../../domain/run-end.ts';
import type { Context } from '../context.ts';
import { cleanText } from '../json.ts';
import { appendOwnedLines } from '../record/record.ts';
import { hasLooked, isOfDrill } from './cause.ts';

const { failures, hours } = breakerAfter;
const reason = `${failures} runs in a row have failed within ${hours} hours`;

/** Runs that only looked say nothing of what the workflow does, nor do those of drills of how things are. */
const acted = sql`not ${hasLooked} and not ${isOfDrill}`;

/**
 * The parts of the statement that ends runs (`ended`) which open the breaker of a workflow whose runs fail one after the other: a hold on
 * all that it would destroy, until a person lifts it, from when on it is counted anew. Nothing is looked at where no run has failed.
 */
export function breakerParts(ends: readonly RunEnd[], makeLine: Context['makeLine']): RawBuilder<unknown> {
  const failed = ends.filter(
    ({ state, mode, drill }) => (state === 'failed' || state === 'timed out') && !isWatching(mode) && !drill,
  );
  const byWorkflow = new Map(failed.map(({ workflow, id }) => [cleanText(workflow), id]));
  const lines = [...byWorkflow].map(([workflow, id]) => ({
    owner: workflow,
    line: makeLine({
      at: new Date().toISOString(),
      actor: 'baton',
      via: 'worker',
      action: 'hold.set',
      subject: workflow,
      detail: { kind: 'breaker', workflow, reason, run: id },
    }),
  }));
  return sql`failing as (
        select workflow, count(*)::integer as now, coalesce((select max(lifted_at) from holds
          where kind = 'breaker' and holds.workflow = ended.workflow), '-infinity') as lifted
        from ended where state in ('failed', 'timed out') and ${acted}
          and workflow in (select jsonb_array_elements_text(${JSON.stringify(lines.map(({ owner }) => owner))}::jsonb)) group by workflow
      ), tripped as (
        insert into holds (kind, workflow, reason, by)
        select 'breaker', workflow, ${reason}, 'baton' from failing
        where not exists (select from holds where kind = 'breaker' and holds.workflow = failing.workflow and lifted_at is null)
          and (now >= ${failures} or exists (
            select from (
              select ended_at as at from runs where runs.workflow = failing.workflow and state in ('failed', 'timed out') and ${acted}
                and ended_at > greatest(statement_timestamp() - make_interval(hours => ${hours}::integer), lifted)
              order by ended_at desc offset greatest(${failures - 1} - now, 0) limit 1
            ) as first
            where not exists (
              select from runs where runs.workflow = failing.workflow and state in ('completed', 'cancelled') and ${acted} and ended_at > first.at
                and created_at > statement_timestamp() - make_interval(hours => ${hours}::integer)
            )
          ))
        returning workflow
      ), tripped_lines as (${appendOwnedLines(lines, sql`select workflow from tripped`)})`;
}
