import { z } from 'zod';

/** A change event as REST lists it. */
export const restChangeEvent = z.object({
  id: z.string(),
  summary: z.string().nullish(),
  source: z.string().nullish(),
  timestamp: z.string().nullish(),
  custom_details: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  links: z
    .array(z.object({ href: z.string(), text: z.string().nullish() }))
    .nullish()
    .catch(undefined),
  correlation_reason: z.object({ reason: z.string().nullish() }).nullish(),
});
