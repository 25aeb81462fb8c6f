import { z } from 'zod';
import type { KeptText } from '../domain/kept-text.ts';

/** The field `kept` of a result that has only a part of a text: where the whole is. Missing: nothing was cut, or it could not be kept. */
export const kept = z
  .object({
    digest: z.string().describe('SHA-256 of the whole text'),
    bytes: z.number().describe('Of the whole text'),
    title: z.string(),
    truncated: z.boolean().describe('Also what is kept is only a part'),
    url: z.string().optional(),
  })
  .optional() satisfies z.ZodType<KeptText | undefined>;
