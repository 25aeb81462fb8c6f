import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import type { PagerDuty } from './client.ts';
import { dedupKey, pagerDutyId, time } from './input.ts';
import { alertsUnder } from './read-back.ts';

/** PagerDuty takes its time from the 202 to the alert. */
const lookAfterSeconds = [2, 5, 10, 30] as const;
/** PagerDuty tells times in whole seconds. */
const roundedMilliseconds = 1_000;

const input = z.object({
  connection: connectionName,
  dedupKey,
  status: z.enum(['triggered', 'resolved']).describe('What is to be seen'),
  since: time.optional().describe('When it was raised: an alert that has been resolved since was there'),
  serviceId: pagerDutyId.optional().describe('The only service that counts'),
});

/**
 * Looks by REST whether an alert was raised, or is open no more: a 202 of the Events API proves neither. That it cannot be looked at (no
 * token, no right, PagerDuty away) is an answer too, as whoever waits for it has other things to do. https://developer.pagerduty.com/docs/events-api-v2-overview
 */
export const awaitPagerDutyAlert = defineActivity({
  name: 'awaitPagerDutyAlert',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Waits until an alert is seen to be raised or resolved: after 2, 5, 10 and 30 s',
  permissions: ['incidents.read'],
  input,
  output: z.object({
    confirmed: z.boolean(),
    readable: z.boolean().describe('False: whether it is so cannot be told'),
    reason: z.string(),
  }),
  example: { dedupKey: 'baton/checkout-latency/shop/checkout', status: 'resolved' },
  async run(asked, { pagerduty, attempt: { signal, looksOnce } }) {
    const client = await pagerduty(asked.connection);
    const seconds = looksOnce ? [0] : lookAfterSeconds;
    let last: Look = { confirmed: false, readable: false, reason: 'nobody has looked' };
    let waited = 0;
    for (const after of seconds) {
      await pause(((after - waited) * 1000) / client.timeScale, undefined, { signal });
      waited = after;
      last = await look(client, asked, signal);
      if (last.confirmed || last.isFinal) break;
    }
    const { confirmed, readable, reason } = last;
    return { confirmed, readable, reason };
  },
});

interface Look {
  confirmed: boolean;
  readable: boolean;
  reason: string;
  /** Another look would say the same. */
  isFinal?: boolean;
}

async function look(
  client: PagerDuty,
  { dedupKey: key, status, since, serviceId }: z.output<typeof input>,
  signal: AbortSignal,
): Promise<Look> {
  try {
    for await (const { isOpen, createdAt, service } of alertsUnder(client, key, signal)) {
      if (serviceId !== undefined && service.id !== serviceId) continue;
      const isNew = since !== undefined && isAfter(createdAt, since);
      if (status === 'triggered' && (isOpen || isNew))
        return { confirmed: true, readable: true, reason: `it is on the service ${service.name}` };
      if (status === 'resolved' && isOpen)
        return {
          confirmed: false,
          readable: true,
          reason: `it is still open on the service ${service.name}`,
        };
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof ApplicationFailure)) throw error;
    return {
      confirmed: false,
      readable: false,
      reason: `it could not be read back: ${error.message}`,
      isFinal: error.nonRetryable === true,
    };
  }
  return status === 'resolved'
    ? { confirmed: true, readable: true, reason: 'none is open' }
    : {
        confirmed: false,
        readable: true,
        reason:
          'it did not show up: see whether its service is disabled, in maintenance or drops events, and whether the key of ' +
          'PAGERDUTY_ROUTING_KEY is still one of an integration',
      };
}

const isAfter = (createdAt: string | undefined, since: string) =>
  createdAt !== undefined && Date.parse(createdAt) >= Date.parse(since) - roundedMilliseconds;
