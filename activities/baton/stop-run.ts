import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { ask } from './ask.ts';

const shown = z.object({ id: z.string(), state: z.string(), subject: z.string().optional() });

const inverse = { none: 'a run that was stopped is over; another one can be started' } as const;

/** As by `baton runs stop`. A run that has ended is left as it is. Whether the person may, Baton's roles say; a `refusal` is an answer. */
export const stopBatonRun = defineActivity({
  name: 'stopBatonRun',
  kind: 'change',
  provider: 'baton',
  summary: 'Stops a run in somebody’s name',
  permissions: ['runs.stop'],
  targets: ({ runId }) => [`run:${runId}`],
  input: z.object({
    connection: connectionName,
    actor,
    runId: z.string().min(1).max(500),
    reason: z.string().min(1).max(500),
  }),
  output: z.object({
    changed: z.boolean(),
    refusal: z.string().optional(),
    subject: z.string().optional().describe('The incident that it ran on, if any'),
  }),
  example: { runId: 'ec2-unhealthy/Q1DWGPWQ3Y9XJR', reason: 'it restarts the wrong instance' },
  inverse,
  async look({ actor, runId, reason }, context) {
    const result = await ask(context, { operation: 'runs.show', input: { id: runId }, by: actor }, shown);
    if ('refusal' in result) return { done: { changed: false, ...result } };
    const { state, subject } = result.answer;
    const about = subject === undefined ? {} : { subject };
    if (state !== 'starting' && state !== 'running') {
      const isOurs = state === 'cancelled' && context.attempt.uncertainSince !== undefined;
      return {
        done: isOurs
          ? { changed: true, ...about }
          : { changed: false, refusal: `the run has ended: ${state}` },
      };
    }
    return {
      plan: {
        summary: `Stops the run ${runId} for ${actor?.name ?? 'nobody'}`,
        calls: [`runs.stop id=${runId} reason=${JSON.stringify(reason)}`],
        values: {},
        before: { state },
        after: { state: 'cancelled' },
        inverse,
        output: { changed: true, ...about },
      },
    };
  },
  async act({ output }, { actor, runId, reason }, context) {
    const asked = { operation: 'runs.stop', input: { id: runId, reason }, by: actor };
    const result = await ask(context, asked, z.unknown());
    return 'refusal' in result ? { changed: false, ...result } : output;
  },
});
