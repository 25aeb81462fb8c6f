import { z } from 'zod';
import { holdKinds } from '../../domain/guard.ts';

/** To what a hold is limited. */
export const holdScope = {
  provider: z.string().exactOptional(),
  workflow: z.string().exactOptional(),
  service: z.string().exactOptional().describe("Of the run's incident"),
  activity: z.string().exactOptional(),
  target: z.string().exactOptional(),
};

export const holdShape = z
  .object({
    id: z.int(),
    kind: z.enum(holdKinds),
    ...holdScope,
    reason: z.string(),
    by: z.string().describe('Whoever set it'),
    from: z.string(),
    until: z.string().exactOptional().describe('Left out: until a person lifts it'),
    liftedAt: z.string().exactOptional(),
    liftedBy: z.string().exactOptional(),
    liftedBecause: z.string().exactOptional(),
  })
  .meta({ id: 'Hold' });
