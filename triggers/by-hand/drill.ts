import { z } from 'zod';
import { drill } from '../../workflows/drill.ts';
import { drills } from '../drills/index.ts';
import { defineStartable } from '../startable.ts';

const find = (name: string) => drills.find((each) => each.name === name);

export const drillByHand = defineStartable({
  run: drill,
  summary: 'Sends a marked incident through PagerDuty to a runbook, looks how that ends, and closes it',
  // The run that it sets off goes as far as its trigger lets it.
  kind: 'destructive',
  input: z.strictObject({
    name: z
      .string()
      .refine((name) => find(name) !== undefined, {
        error: `is none of the drills there are: ${drills.map(({ name }) => name).join(', ') || 'none'}`,
      })
      .describe('Of the drill, as triggers/drills declares it'),
  }),
  target: ({ name }) => name,
  workflowInput({ name }) {
    const found = find(name);
    if (!found) throw new Error(`There is no drill ${name}`);
    return found.input;
  },
});
