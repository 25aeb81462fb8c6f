import { z } from 'zod';
import type { RunCause } from '../../domain/incident.ts';

/** The cause of a run as it is kept. */
export const causeOf = z.custom<RunCause>(
  (value) =>
    z
      .object({ trigger: z.string(), eventId: z.string(), whenResolved: z.enum(['stop', 'continue']) })
      .safeParse(value).success,
);
