import { WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import type { RunRow } from '../../domain/run.ts';
import { Refusal } from '../refusal.ts';
import { callMilliseconds } from '../temporal/runs.ts';
import { isTemporalAway } from '../temporal/temporal-state.ts';
import { reachable } from './begin-run.ts';
import { defineOperation } from './operation.ts';
import { findRun } from './scope.ts';
import { idOfRun, reasonInput } from './shapes.ts';

/** Throws where a run has ended. */
export function checkStoppable({ id, state }: Pick<RunRow, 'id' | 'state'>): void {
  if (state !== 'starting' && state !== 'running')
    throw new Refusal(409, 'Ended', `The run ${id} has ended: ${state}. There is nothing to stop.`);
}

export const stopRun = defineOperation({
  name: 'runs.stop',
  kind: 'change',
  right: 'runs.stop',
  route: 'POST /runs/{+id}/stop',
  summary: 'Stops a run. It finishes what it has begun at a provider',
  within: ['workflows', 'services'],
  input: z.strictObject({ ...idOfRun, reason: reasonInput }),
  output: z.object({ id: z.string(), stopping: z.literal(true), subject: z.string().optional() }),
  subject: ({ id }, output) => output?.subject ?? id,
  async run({ id }, context) {
    const run = await findRun(id, context);
    checkStoppable(run);
    const { subject } = run;
    const { client } = reachable(context);
    const seenSoon = new Refusal(
      409,
      'Ended',
      `Temporal knows no live run ${id}. Its end will soon be seen here.`,
    );
    try {
      await client.withDeadline(Date.now() + callMilliseconds, async () => {
        const handle = client.workflow.getHandle(id);
        // Temporal takes the cancellation of a run that has ended, and nothing comes of it.
        if ((await handle.describe()).status.name !== 'RUNNING') throw seenSoon;
        await handle.cancel();
      });
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw seenSoon;
      if (isTemporalAway(error))
        throw new Refusal(503, 'Temporal is away', 'The run could not be told to stop. Try again.', 5);
      throw error;
    }
    return { id, stopping: true as const, ...(subject === undefined ? {} : { subject }) };
  },
});
