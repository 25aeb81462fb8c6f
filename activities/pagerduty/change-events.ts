import { z } from 'zod';
import { decorative, listOf } from '../lenient.ts';

/** A change event as REST lists it. */
export const restChangeEvent = z.object({
  id: z.string(),
  summary: decorative(z.string()),
  source: decorative(z.string()),
  timestamp: decorative(z.string()),
  custom_details: decorative(z.record(z.string(), z.unknown())),
  links: listOf(z.object({ href: z.string(), text: decorative(z.string()) })),
  correlation_reason: decorative(z.object({ reason: decorative(z.string()) })),
});
