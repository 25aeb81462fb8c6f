import { z } from 'zod';
import { decorative, membersOf } from '../lenient.ts';
import type { PagerDuty, Query } from './client.ts';
import { named, person, reference } from './incident.ts';
import { readPages } from './pages.ts';

export const onCallSchema = z.object({
  user: person,
  level: z.number(),
  escalationPolicy: named,
  schedule: named.optional(),
  /** Missing where somebody is on call for good. */
  start: z.string().optional(),
  end: z.string().optional(),
});

const restOnCall = z.object({
  user: reference,
  escalation_level: z.number(),
  escalation_policy: reference,
  schedule: decorative(reference),
  start: decorative(z.string()),
  end: decorative(z.string()),
});

const toOnCall = (rest: z.output<typeof restOnCall>): z.infer<typeof onCallSchema> => ({
  user: rest.user,
  level: rest.escalation_level,
  escalationPolicy: rest.escalation_policy,
  ...(rest.schedule ? { schedule: rest.schedule } : {}),
  ...(rest.start ? { start: rest.start } : {}),
  ...(rest.end ? { end: rest.end } : {}),
});

const page = z
  .object({ oncalls: membersOf(restOnCall.transform(toOnCall)) })
  .transform(({ oncalls }) => oncalls);

/** Who is on call, the first level first. */
export async function readOnCalls(pagerduty: PagerDuty, query: Query, signal: AbortSignal) {
  const { items, truncated } = await readPages(
    pagerduty,
    '/oncalls',
    { ...query, 'include[]': ['users'] },
    page,
    signal,
  );
  return { onCalls: items.toSorted((one, other) => one.level - other.level), truncated };
}
