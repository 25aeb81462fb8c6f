import { z } from 'zod';
import { agreementsIn } from '../../domain/agreement.ts';
import { runModes } from '../../domain/mode.ts';
import { defineOperation } from './operation.ts';
import { findTrigger, myTriggers } from './triggers.ts';

/** The newest ones, where there are more. */
const mostRuns = 2_000;
const dayMs = 86_400_000;

export const triggersAgreement = defineOperation({
  name: 'triggers.agreement',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /agreement',
  summary: `How often people did what triggers would have done, with the incidents: of the newest ${mostRuns} runs that watched, proposed or asked`,
  within: ['workflows'],
  input: z.strictObject({
    trigger: z.string().min(1).max(200).optional().describe('Only this one'),
    since: z
      .string()
      .regex(/^[1-9]\d{0,3}d$/, 'is no number of days, such as 90d')
      .default('90d')
      .describe('How many days back'),
  }),
  output: z.object({
    items: z.array(
      z
        .object({
          trigger: z.string(),
          done: z.int().describe('Changes that people approved, or made by hand'),
          refused: z.int(),
          notKnown: z.int(),
          rate: z.number().exactOptional().describe('Done, of those that are known'),
          runs: z.array(
            z.object({
              incident: z.string(),
              run: z.string(),
              mode: z.enum(runModes),
              at: z.string(),
              changes: z.array(
                z.object({
                  activity: z.string(),
                  targets: z.array(z.string()).readonly(),
                  verdict: z.enum(['done', 'refused', 'not known']),
                  by: z.string().exactOptional(),
                }),
              ),
            }),
          ),
        })
        .meta({ id: 'Agreement' }),
    ),
  }),
  async run({ trigger, since }, context) {
    const asked = trigger === undefined ? await myTriggers(context) : [await findTrigger(trigger, context)];
    const triggers = asked.map(({ name }) => name);
    const from = new Date(Date.now() - Number.parseInt(since, 10) * dayMs).toISOString();
    const lines = await context.store.linesOfAskedRuns({ triggers, since: from, limit: mostRuns });
    // The same incident may have runs of other triggers.
    const items = agreementsIn(lines, from).filter((each) => triggers.includes(each.trigger));
    return { items };
  },
});
