import { z } from 'zod';
import type { Event } from '../../domain/event.ts';
import { defaultConnection } from '../../domain/subject.ts';
import { readPagerDutyEvent } from '../pagerduty/event.ts';
import { Refusal } from '../refusal.ts';

const envelope = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string().optional(),
  time: z.string(),
  data: z.unknown(),
});

/** An event that somebody gives to try triggers on: the envelope as it is stored, or a webhook of PagerDuty as it came. */
export function readGivenEvent(json: unknown): Event {
  const stored = envelope.safeParse(json);
  // The types of `data` were checked when it was stored; one of somebody's own is as good as it is.
  if (stored.success) return json as Event;
  const read = readPagerDutyEvent(json, defaultConnection, new Date().toISOString());
  if ('event' in read) return read.event;
  throw new Refusal(
    400,
    'Not an event',
    `The event cannot be understood: ${read.unreadable}. Give a webhook of PagerDuty, or an event as events.show tells it.`,
  );
}
