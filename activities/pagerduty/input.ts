import { z } from 'zod';

/** PagerDuty's ids and incident numbers. They become part of a path, so nothing else may. */
export const pagerDutyId = z.string().regex(/^[\w-]{1,64}$/, 'must be an id of PagerDuty');

/** A time with its zone; PagerDuty is told it in UTC. */
export const time = z.iso.datetime({ offset: true });

export const dedupKey = z
  .string()
  .min(1)
  .max(255)
  .describe('Names the alert: the same key joins the open one');

export const links = z.array(
  z.object({ href: z.url({ protocol: /^https?$/ }), text: z.string().optional() }),
);

/** Whole seconds with a Z: the change event lists refuse any other form. */
export const utcSeconds = (at: Date) => `${at.toISOString().slice(0, 19)}Z`;
