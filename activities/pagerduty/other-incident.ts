import { z } from 'zod';
import { decorative } from '../lenient.ts';
import { cut } from './text.ts';

/** An incident that PagerDuty names beside another one: it tells little of it. */
export const otherIncident = z.object({
  id: z.string(),
  title: z.string(),
  createdAt: z.string().optional(),
  url: z.string().optional().describe('Where people see it'),
});

export const restOtherIncident = z.object({
  id: z.string(),
  title: decorative(z.string()),
  created_at: decorative(z.string()),
  html_url: decorative(z.string()),
});

export const toOtherIncident = ({
  id,
  title,
  created_at,
  html_url,
}: z.output<typeof restOtherIncident>): z.output<typeof otherIncident> => ({
  id,
  title: cut(title ?? '', 1024),
  ...(created_at ? { createdAt: created_at } : {}),
  ...(html_url ? { url: html_url } : {}),
});
