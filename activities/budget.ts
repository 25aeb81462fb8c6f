import type { Bucket, LeaseRequests } from '../domain/budget.ts';
import { limited } from './failures.ts';
import { isUrgent } from './urgent.ts';

/** Where a request waits for its turn, so that a storm is slow and not refused. */
export interface Budget {
  /**
   * Resolves when one more request may go to the account or channel that `name` stands for. Throws `RateLimited`, with the time after
   * which to try again, where its turn is further away than an attempt should wait. Nothing was asked of the provider then. What is asked
   * for an urgent incident comes before all else, and waits for longer.
   */
  spend(provider: string, name: string, bucket: Bucket, signal: AbortSignal): Promise<void>;
}

/** No limit, for a client outside a worker. */
export const noBudget: Budget = { spend: async () => {} };

/** An attempt that waits for longer holds a slot that others need. */
const longestWaitSeconds = 2;
/** Of the few that are urgent. The call itself has to find its place in the attempt's 15 s too. */
export const longestUrgentWaitSeconds = 10;
/** So often the others look whether the urgent ones have had their turn. */
const behindUrgentSeconds = 0.1;
/** A request that was leased and not made by then is given up: it counted for another minute. */
const leaseMilliseconds = 2_000;

/** One bucket, as this process sees it. */
interface Share {
  /** Requests in hand, and since when. */
  granted: number;
  leasedAt: number;
  /** Those who wait get their turn one after the other. Urgent ones stand in a queue of their own, and the others let them go first. */
  queue: Promise<void>;
  urgentQueue: Promise<void>;
  waiting: number;
  urgentWaiting: number;
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
      const isBehind = !ask.isUrgent && share.urgentWaiting > 0;
      if (!isBehind && inHand(share) > 0) {
        share.granted -= 1;
        return;
      }
      // For all who wait, else for a second; of an urgent one just for those.
      const wanted = ask.isUrgent
        ? share.urgentWaiting
        : Math.max(1, Math.floor(bucket.perSecond), share.waiting);
      const { granted, waitSeconds } = isBehind
        ? { granted: 0, waitSeconds: behindUrgentSeconds }
        : await lease(name, bucket, wanted, ask.isUrgent);
      if (granted > 0) {
        // Another lease may have come meanwhile.
        Object.assign(share, { granted: inHand(share) + granted, leasedAt: performance.now() });
        continue;
      }
      const waited = (performance.now() - since) / 1000;
      const longest = ask.isUrgent ? longestUrgentWaitSeconds : longestWaitSeconds;
      if (waited + waitSeconds > longest) throw sentAway(share, ask, waitSeconds);
      await pause(Math.ceil(waitSeconds * 1000), signal);
    }
  }

  return {
    async spend(provider, name, bucket, signal) {
      const share = shares.get(name) ?? newShare();
      shares.set(name, share);
      const ask = { provider, name, bucket, signal, isUrgent: isUrgent(), since: performance.now() };
      const queue = ask.isUrgent ? 'urgentQueue' : 'queue';
      share.waiting += 1;
      if (ask.isUrgent) share.urgentWaiting += 1;
      const turn = share[queue].then(() => takeTurn(share, ask));
      share[queue] = turn.catch(() => undefined);
      try {
        await turn;
      } finally {
        share.waiting -= 1;
        if (ask.isUrgent) share.urgentWaiting -= 1;
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
  isUrgent: boolean;
  /** When it began to wait, in milliseconds of `performance.now()`. */
  since: number;
}

const newShare = (): Share => ({
  granted: 0,
  leasedAt: 0,
  queue: Promise.resolve(),
  urgentQueue: Promise.resolve(),
  waiting: 0,
  urgentWaiting: 0,
  lastTurn: 0,
});

/** What was leased and may still be used. */
const inHand = ({ granted, leasedAt }: Share) =>
  performance.now() - leasedAt < leaseMilliseconds ? granted : 0;

export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
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

/** Each one who is sent away is told a turn of its own, so that they do not all come back at the same moment. An urgent one is told its own. */
function sentAway(share: Share, { provider, bucket, isUrgent: isFirst }: Ask, waitSeconds: number) {
  const why = 'more requests wait than it takes; this one waits for its turn';
  if (isFirst) return limited(provider, why, waitSeconds);
  const now = performance.now();
  share.lastTurn = Math.max(now + longestWaitSeconds * 1000, share.lastTurn) + 1000 / bucket.perSecond;
  const seconds = (share.lastTurn - now) / 1000;
  return limited(provider, why, seconds);
}
