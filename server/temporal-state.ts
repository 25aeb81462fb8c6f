import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';

/** Whether Temporal answers, as the dispatcher and `/readyz` see it. */
export interface TemporalState {
  readonly up: boolean;
  /** ISO time of the last change. */
  readonly since: string;
  /** A call was answered. */
  seen(): void;
  /** A call was not answered: resolves when Temporal answers again, or when waiting is over. */
  untilBack(error: unknown): Promise<void>;
  stopWaiting(): void;
}

/** gRPC codes after which the same call may succeed: cancelled, deadline, not found (a namespace), exhausted, aborted, unavailable. */
const passing = new Set([1, 4, 8, 10, 14]);

/** An error that says nothing about the call, only that Temporal or the way to it is not there now. */
export function isTemporalAway(error: unknown): boolean {
  const { name, message, cause, code } = error as Error & { code?: unknown };
  if (name === 'NamespaceNotFoundError' || name === 'IllegalStateError') return true;
  if (typeof code === 'number' && passing.has(code)) return true;
  if (cause instanceof Error && cause !== error) return isTemporalAway(cause);
  return name === 'TransportError' || /transport error|connection (refused|error)/i.test(message ?? '');
}

const firstPauseMilliseconds = 250;
const longestPauseMilliseconds = 2_000;

/** Watches over one connection. All lanes that wait share one probe. */
export function watchTemporal(client: Client, namespace: string, log: Logger): TemporalState {
  let up = true;
  let since = new Date().toISOString();
  let waiting: Promise<void> | undefined;
  let over = false;
  let wake = () => {};

  const turn = (now: boolean) => {
    if (up === now) return;
    up = now;
    since = new Date().toISOString();
    if (now) log.info('Temporal answers again');
  };

  async function probe(): Promise<void> {
    for (let pause = firstPauseMilliseconds; !over; pause = Math.min(pause * 2, longestPauseMilliseconds)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, pause);
      });
      try {
        await client.withDeadline(Date.now() + 2_000, () =>
          client.workflowService.describeNamespace({ namespace }),
        );
        return turn(true);
      } catch {
        // Still away: the next probe tells.
      }
    }
  }

  return {
    get up() {
      return up;
    },
    get since() {
      return since;
    },
    seen: () => turn(true),
    untilBack(error) {
      if (up) log.warn({ err: error }, 'Temporal does not answer: events are kept and wait');
      turn(false);
      waiting ??= probe().finally(() => {
        waiting = undefined;
      });
      return waiting;
    },
    stopWaiting() {
      over = true;
      wake();
    },
  };
}
