import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { testMark } from '../../domain/connection-test.ts';
import { statusOf } from '../failures.ts';
import type { Asked, Tested } from '../provider.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess } from './failures.ts';
import { alertsUnder } from './read-back.ts';

const lookEveryMilliseconds = 1_000;
/** For what has to be sent when the time of the test is over. */
const cleanUpMilliseconds = 10_000;

/**
 * Raises a marked alert, reads it back by REST and resolves it, since the Events API says yes to whatever has the form of an event.
 * Without a routing key there is nothing to test: undefined.
 */
export async function testPagerDutyEvents(
  client: PagerDuty,
  signal: AbortSignal,
  { settings }: Asked,
): Promise<Tested | undefined> {
  if (!settings.PAGERDUTY_ROUTING_KEY) return undefined;
  const dedupKey = `baton-test/${randomUUID()}`;
  const payload = { summary: `${testMark} (${dedupKey})`, source: 'baton', severity: 'info' };
  const raised = { event_action: 'trigger', dedup_key: dedupKey, client: 'Baton', payload };
  const answer = await client.enqueue('/v2/enqueue', raised, signal);
  if (!isSuccess(answer)) {
    const failure = failureFor(answer);
    if (!failure.nonRetryable) throw failure;
    return { outcome: 'rejected', reason: answer.reason };
  }
  try {
    return await readBack(client, dedupKey, signal);
  } finally {
    const resolved = { event_action: 'resolve', dedup_key: dedupKey };
    // Nobody was called for it; what is left open is a low alert that says what it is.
    await client
      .enqueue('/v2/enqueue', resolved, AbortSignal.timeout(cleanUpMilliseconds))
      .catch(() => undefined);
  }
}

async function readBack(client: PagerDuty, dedupKey: string, signal: AbortSignal): Promise<Tested> {
  const accepted = (reason: string): Tested => ({ outcome: 'accepted, not confirmed', reason });
  try {
    while (!signal.aborted) {
      for await (const { service } of alertsUnder(client, dedupKey, signal))
        return {
          outcome: 'confirmed',
          reason: `the alert arrived on the service ${service.name}, and is resolved`,
        };
      await pause(lookEveryMilliseconds, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted && !(error instanceof ApplicationFailure)) throw error;
    // Whoever is not let in at all reads nothing else either.
    if (!signal.aborted && statusOf(error) === 401)
      return { outcome: 'rejected', reason: (error as Error).message };
    if (!signal.aborted) return accepted(`the alert could not be read back: ${(error as Error).message}`);
  }
  return accepted(
    'PagerDuty took the alert, and it did not show up: see whether the key of PAGERDUTY_ROUTING_KEY is still one of an ' +
      'integration, and whether its service is disabled, in maintenance or drops events',
  );
}
