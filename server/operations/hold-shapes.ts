import { z } from 'zod';
import { type Hold, holdKinds } from '../../domain/guard.ts';
import type { Principal } from '../../domain/rights.ts';

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

/**
 * What somebody may know of what holds changes back. Whoever is limited sees what holds for all, or for what is theirs, and neither a target nor
 * who has set it.
 */
export function holdsFor({ scope }: Principal, holds: readonly Hold[]): Hold[] {
  if (!scope) return [...holds];
  const { workflows, services } = scope;
  const isTheirs = ({ workflow, service, target }: Hold) =>
    target === undefined &&
    (workflow === undefined || workflows === undefined || workflows.includes(workflow)) &&
    (service === undefined || services === undefined || services.includes(service));
  return holds.filter(isTheirs).map((hold) => ({ ...hold, by: 'an operator' }));
}
