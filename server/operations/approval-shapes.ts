import { z } from 'zod';

/** Parts of approvals, as operations answer with them and lines of the record hold them. */

export const states = ['pending', 'approved', 'refused', 'expired', 'superseded', 'withdrawn'] as const;

const texts = z.array(z.string()).readonly();

export const inverseShape = z.union([
  z.object({ activity: z.string(), input: z.record(z.string(), z.unknown()) }),
  z.object({ none: z.string().describe('Why it cannot be taken back') }),
]);

export const dryRunShape = z
  .object({
    outcome: z.enum(['accepted', 'refused', 'unknown']),
    said: z.string(),
    after: z.unknown().exactOptional().describe('What it would be then, as far as the provider tells it'),
  })
  .describe('What the provider said when it was asked whether it would do it; not in the digest');

export const callShape = z.object({
  activity: z.string(),
  input: z.record(z.string(), z.unknown()),
  connection: z.string(),
  targets: texts,
  summary: z.string(),
  calls: texts.describe('Each call to the provider, in its own words'),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  inverse: inverseShape.describe('What takes it back'),
  digest: z.string(),
  dryRun: dryRunShape.exactOptional(),
});

export const answerShape = z.object({
  by: z.string(),
  name: z.string(),
  via: z.enum(['slack', 'cli', 'api', 'console']),
  at: z.string(),
  decision: z.enum(['approved', 'refused']),
  reason: z.string().exactOptional(),
});

export const approversShape = z.object({
  userIds: texts.exactOptional(),
  userGroup: z.string().exactOptional(),
  pagerDutyTeam: z.string().exactOptional(),
  onCallOf: z.union([z.string(), z.object({ service: z.string(), level: z.int() })]).exactOptional(),
  role: z.enum(['approver', 'operator', 'admin']).exactOptional(),
});
