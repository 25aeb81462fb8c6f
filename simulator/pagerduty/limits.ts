import { z } from 'zod';
import type { Limit } from '../limits.ts';
import { parseBody } from './events.ts';

const withKey = z.object({ routing_key: z.string() });
const isOfEvents = (path: string) => path.startsWith('/events/');

/** https://developer.pagerduty.com/docs/rest-api-rate-limits and https://developer.pagerduty.com/docs/events-api-v2-overview */
export const pagerDutyLimits: readonly Limit[] = [
  {
    of: ({ path, headers }) => (isOfEvents(path) ? undefined : headers.authorization),
    most: 960,
    seconds: 60,
    tell(response, left, resetSeconds) {
      response.setHeader('ratelimit-limit', '960');
      response.setHeader('ratelimit-remaining', String(left));
      response.setHeader('ratelimit-reset', String(resetSeconds));
    },
    refuse: (response) =>
      void response.status(429).json({ error: { message: 'Rate Limit Exceeded', code: 2020 } }),
  },
  {
    of: (request) =>
      isOfEvents(request.path) ? withKey.safeParse(parseBody(request)).data?.routing_key : undefined,
    most: 120,
    seconds: 60,
    refuse: (response) =>
      void response.status(429).json({
        status: 'throttle exceeded',
        message: 'Requests for this service are arriving too quickly.',
      }),
  },
];
