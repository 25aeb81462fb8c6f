import { type Duration, msToNumber } from '@temporalio/common/lib/time.js';
import { ApplicationFailure, patched, sleep } from '@temporalio/workflow';
import { isLooking, verified } from './run.ts';

interface Limits {
  /** How long it may take in all. */
  timeout: Duration;
  /** How long it must stay healthy, without a break. */
  stableFor: Duration;
  every?: Duration;
}

const notHealthy = 'NotHealthy';

/** Whether that is what went wrong: it was looked at, and is not healthy. The runbook hands over to people then, and the incident stays open. */
export const isNotHealthy = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === notHealthy;

/**
 * Polls until `check` has held for as long as `stableFor`. Throws the final failure `NotHealthy` when the time is over
 * first. The waits are durable, so it goes on after a crash. A run resolves an incident only after one that has passed, or says why there is none.
 * Around what it verifies, `orTakeBack` takes back what did not help.
 */
export async function verify(
  check: () => Promise<boolean>,
  { timeout, stableFor, every = '15 seconds' }: Limits,
): Promise<void> {
  // What was not changed does not get well: one look, as in auto, and the plan goes on as if it had.
  if (isLooking() && patched('looks-once')) return void (await check());
  const end = Date.now() + msToNumber(timeout);
  let healthySince: number | undefined;
  for (;;) {
    const isHealthy = await check();
    const now = Date.now();
    healthySince = isHealthy ? (healthySince ?? now) : undefined;
    if (healthySince !== undefined && now - healthySince >= msToNumber(stableFor)) return verified(true);
    if (now >= end) {
      verified(false);
      throw ApplicationFailure.nonRetryable(`Not healthy for ${stableFor} within ${timeout}`, notHealthy);
    }
    await sleep(every);
  }
}
