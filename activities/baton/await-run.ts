import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { runStates } from '../../domain/run.ts';
import { connectionName, defineActivity } from '../activity.ts';

const lookEveryMilliseconds = 500;

const run = z.object({
  id: z.string(),
  state: z.enum(runStates),
  outcome: z.string().optional(),
  failure: z.string().optional().describe('Why it failed'),
  steps: z
    .array(z.string())
    .describe('The activities that it has called, of a change that is only looked at too'),
});

/**
 * Waits until a trigger's run on an incident has ended: for its end as long as `endsBefore`, and for the event that begins it only as long as
 * `beginsBefore`. That nothing came of it is an answer, too: `heard` says whether an event of the incident arrived, `answer` what the trigger
 * said to it.
 */
export const awaitBatonRun = defineActivity({
  name: 'awaitBatonRun',
  kind: 'read',
  provider: 'baton',
  summary: 'Waits until the run of a trigger on an incident has ended',
  permissions: ['incidents.read'],
  input: z.object({
    connection: connectionName,
    subject: z.string().min(1).max(200).describe('The incident, as lists tell it'),
    trigger: z.string().min(1).max(64),
    beginsBefore: z.iso.datetime(),
    endsBefore: z.iso.datetime(),
  }),
  output: z.object({
    heard: z.boolean(),
    answer: z.object({ answer: z.string(), reason: z.string() }).optional(),
    run: run.optional(),
  }),
  example: {
    subject: 'Q1DWGPWQ3Y9XJR',
    trigger: 'ec2-unhealthy',
    beginsBefore: '2026-11-20T09:02:00.000Z',
    endsBefore: '2026-11-20T09:10:00.000Z',
  },
  async run({ subject, trigger, beginsBefore, endsBefore }, { baton, attempt: { signal, looksOnce } }) {
    for (;;) {
      const found = await baton.foundOut(subject, trigger);
      const { run: begun, answer } = found;
      const isOver = begun ? begun.state !== 'starting' && begun.state !== 'running' : answer !== undefined;
      const patience = Date.parse(begun ? endsBefore : beginsBefore);
      if (isOver || looksOnce || Date.now() >= patience) return found;
      await pause(lookEveryMilliseconds, undefined, { signal });
    }
  },
});
