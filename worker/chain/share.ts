import { crowded } from '../../activities/failures.ts';
import type { AnyLink } from './call.ts';

/** Of the 100 calls that a worker makes at a time, so many may be on one provider: others go on while it gives no answer. */
const mostAtOnce = 40;
/** A provider that answers has made room by then. A call that waits holds a place that others need. */
const longestWaitMs = 250;
/** Those who are sent away come back one after the other, at this distance, and none of them later than the longest. */
const betweenTurnsMs = 100;
const latestTurnMs = 10_000;

interface Share {
  held: number;
  /** Those who wait, the first come first. */
  waiting: (() => void)[];
  /** Of the last one who was sent away. */
  lastTurn: number;
}

/**
 * Lets each provider have a part of this worker, so that an outage of one delays no call to another. What finds no room is sent away before
 * anything was done, and comes back by itself: as with any `Busy`, no try is used up. Calls that poll for long have a part of their own.
 */
export function sharedByProvider(): AnyLink {
  const shares = new Map<string, Share>();
  return async (call, next) => {
    const { provider, name } = call.declaration;
    const key = name.startsWith('await') ? `${provider} for long` : provider;
    const share = shares.get(key) ?? { held: 0, waiting: [], lastTurn: 0 };
    shares.set(key, share);
    if (share.held < mostAtOnce) share.held += 1;
    else if (!(await isHandedOn(share))) throw crowded(provider, turnOf(share) / 1000);
    try {
      return await next(call);
    } finally {
      const following = share.waiting.shift();
      if (following) following();
      else share.held -= 1;
    }
  };
}

/** Whether somebody who was done has handed on his place in time. */
function isHandedOn(share: Share): Promise<boolean> {
  return new Promise((resolve) => {
    const goOn = () => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      share.waiting = share.waiting.filter((each) => each !== goOn);
      resolve(false);
    }, longestWaitMs);
    share.waiting.push(goOn);
  });
}

/** In how many milliseconds to come back. */
function turnOf(share: Share): number {
  const now = performance.now();
  share.lastTurn = Math.max(now + longestWaitMs, share.lastTurn) + betweenTurnsMs;
  if (share.lastTurn > now + latestTurnMs) share.lastTurn = now + longestWaitMs + betweenTurnsMs;
  return share.lastTurn - now;
}
