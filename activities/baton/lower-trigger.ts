import { z } from 'zod';
import { lowerModes, standings } from '../../domain/mode.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { ask } from './ask.ts';

const lowered = z.object({ standing: z.enum(standings) });
const inverse = { none: 'a trigger is raised only by a reviewed line of its file' } as const;

/** As by `baton triggers lower`, in somebody's name. Whether they may, and that it never raises, the operation says; a `refusal` is an answer. */
export const lowerBatonTrigger = defineActivity({
  name: 'lowerBatonTrigger',
  kind: 'change',
  provider: 'baton',
  summary: 'Lowers a trigger at once in somebody’s name',
  permissions: ['triggers.switch'],
  targets: ({ trigger }) => [`trigger:${trigger}`],
  input: z.object({
    connection: connectionName,
    actor,
    trigger: z.string().min(1).max(200),
    to: z.enum(lowerModes),
    reason: z.string().min(1).max(500),
  }),
  output: z.object({
    changed: z.boolean(),
    standing: z.enum(standings).optional().describe('How far its runs may go from now on'),
    refusal: z.string().optional(),
  }),
  example: { trigger: 'ec2-unhealthy', to: 'observe', reason: 'it rebooted the wrong one' },
  inverse,
  async look({ actor, trigger, to, reason }) {
    return {
      plan: {
        summary: `Lowers the trigger ${trigger} to ${to} for ${actor?.name ?? 'nobody'}`,
        calls: [`triggers.lower name=${trigger} to=${to} reason=${JSON.stringify(reason)}`],
        values: {},
        inverse,
        output: { changed: true, standing: to },
      },
    };
  },
  async act(_, { actor, trigger, to, reason }, context) {
    const asked = { operation: 'triggers.lower', input: { name: trigger, to, reason }, by: actor };
    const result = await ask(context, asked, lowered);
    return 'refusal' in result ? { changed: false, ...result } : { changed: true, ...result.answer };
  },
});
