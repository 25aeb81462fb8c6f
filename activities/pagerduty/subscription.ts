import { z } from 'zod';
import { decorative } from '../lenient.ts';

/** A webhook subscription as PagerDuty tells it, into what counts of it. */
export const subscription = z
  .object({
    id: z.string(),
    active: decorative(z.boolean()),
    delivery_method: z.object({ url: z.string(), temporarily_disabled: decorative(z.boolean()) }),
  })
  .transform(({ id, active, delivery_method: { url, temporarily_disabled: isDisabled } }) => ({
    id,
    url,
    active: active !== false,
    disabled: isDisabled === true,
  }));

export const shownSubscription = z.object({
  id: z.string(),
  url: z.string(),
  active: z.boolean().describe('False: somebody has switched it off'),
  disabled: z
    .boolean()
    .describe('PagerDuty has, for a day, as its webhooks were refused: what happens meanwhile is lost'),
});
