import type { Response } from 'express';
import type { Limit } from '../limits.ts';
import { argumentsOf } from './method.ts';

const refuse = (response: Response, waitSeconds: number) =>
  void response
    .status(429)
    .setHeader('retry-after', String(waitSeconds))
    .json({ ok: false, error: 'ratelimited' });

/** A message a second in a channel, with some at once, and the second tier. https://docs.slack.dev/apis/web-api/rate-limits */
export const slackLimits: readonly Limit[] = [
  {
    of: (request) =>
      request.path === '/api/chat.postMessage' ? String(argumentsOf(request).channel) : undefined,
    most: 12,
    seconds: 8,
    refuse,
  },
  {
    of: ({ path }) => (path === '/api/conversations.create' ? path : undefined),
    most: 20,
    seconds: 60,
    refuse,
  },
];
