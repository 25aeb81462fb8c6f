import type { Bucket, LeaseRequests } from '../domain/budget.ts';
import { limited } from './failures.ts';

/** Where a request waits for its turn, so that a storm is slow and not refused. */
export interface Budget {
  /**
   * Resolves when one more request may go to the account or channel that `name` stands for. Throws `RateLimited`, with the time after
   * which to try again, where its turn is further away than an attempt should wait. Nothing was asked of the provider then.
   */
  spend(provider: string, name: string, bucket: Bucket, signal: AbortSignal): Promise<void>;
}

/** No limit, for a client outside a worker. */
export const noBudget: Budget = { spend: async () => {} };

/** An attempt that waits for longer holds a slot that others need. */
const longestWaitSeconds = 2;
/** A request that was leased and not made by then is given up: it counted for another minute. */
const leaseMilliseconds = 2_000;

/** One bucket, as this process sees it. */
interface Share {
  /** Requests in hand, and since when. */
  granted: number;
  leasedAt: number;
  /** Those who wait get their turn one after the other. */
  queue: Promise<void>;
  waiting: number;
  /** The turn of the last one who was sent away, in milliseconds of `performance.now()`. */
  lastTurn: number;
}

/** The budget of a process, out of the buckets that all processes share. It leases what those who wait need, and a second's requests at least. */
export function budgetOf(lease: LeaseRequests): Budget {
  const shares = new Map<string, Share>();

  async function takeTurn(share: Share, ask: Ask): Promise<void> {
    const { name, bucket, since, signal } = ask;
    for (;;) {
      signal.throwIfAborted();
      if (share.granted > 0 && performance.now() - share.leasedAt < leaseMilliseconds) {
        share.granted -= 1;
        return;
      }
      // For all who wait, else for a second.
      const wanted = Math.max(1, Math.floor(bucket.perSecond), share.waiting);
      const { granted, waitSeconds } = await lease(name, bucket, wanted);
      Object.assign(share, { granted, leasedAt: performance.now() });
      if (granted > 0) continue;
      const waited = (performance.now() - since) / 1000;
      if (waited + waitSeconds > longestWaitSeconds) throw sentAway(share, ask);
      await pause(Math.ceil(waitSeconds * 1000), signal);
    }
  }

  return {
    async spend(provider, name, bucket, signal) {
      const share = shares.get(name) ?? newShare();
      shares.set(name, share);
      share.waiting += 1;
      const ask = { provider, name, bucket, signal, since: performance.now() };
      const turn = share.queue.then(() => takeTurn(share, ask));
      share.queue = turn.catch(() => undefined);
      try {
        await turn;
      } finally {
        share.waiting -= 1;
        if (share.waiting === 0 && shares.size > mostShares) forgetIdle(shares);
      }
    },
  };
}

interface Ask {
  provider: string;
  name: string;
  bucket: Bucket;
  signal: AbortSignal;
  /** When it began to wait, in milliseconds of `performance.now()`. */
  since: number;
}

const newShare = (): Share => ({
  granted: 0,
  leasedAt: 0,
  queue: Promise.resolve(),
  waiting: 0,
  lastTurn: 0,
});

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Channels come and go. */
const mostShares = 1_000;

function forgetIdle(shares: Map<string, Share>): void {
  for (const [name, { waiting, lastTurn }] of shares)
    if (waiting === 0 && lastTurn < performance.now()) shares.delete(name);
}

/** Each one who is sent away is told a turn of its own, so that they do not all come back at the same moment. */
function sentAway(share: Share, { provider, bucket }: Ask) {
  const now = performance.now();
  share.lastTurn = Math.max(now + longestWaitSeconds * 1000, share.lastTurn) + 1000 / bucket.perSecond;
  const seconds = (share.lastTurn - now) / 1000;
  return limited(provider, 'more requests wait than it takes; this one waits for its turn', seconds);
}
