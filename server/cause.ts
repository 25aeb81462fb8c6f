import { z } from 'zod';
import type { RunCause } from '../domain/incident.ts';
import { startedByIn } from '../domain/run-beginning.ts';

/** The cause of a run as it is kept. */
export const causeOf = z.custom<RunCause>(
  (value) =>
    z
      .object({ trigger: z.string(), eventId: z.string(), whenResolved: z.enum(['stop', 'continue']) })
      .safeParse(value).success,
);

/** What the engine's events say of a run by its cause. */
export const toldOf = (cause: RunCause | undefined) => ({
  connection: cause?.connection,
  mode: cause?.mode,
  incident: cause?.incident,
  tags: cause?.tags,
  chain: cause?.chain,
  startedBy: cause && startedByIn(cause),
});
