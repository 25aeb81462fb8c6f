import { crowded } from '../../activities/failures.ts';
import type { AnyLink } from './call.ts';

/** Of the 100 calls that a worker makes at a time, so many may be on one provider, and so many more of urgent runs: others go on while it gives no answer. */
const ofCalls = { most: 40, urgent: 10 };
/** Of the short tries in the worker itself likewise. */
const ofLocalTries = { most: 16, urgent: 4 };
/**
 * A short try has two seconds. Of more at once, as a burst of incidents brings them, each would take so long that it is cut off, and what it has
 * asked is asked again.
 */
export const localTriesAtOnce = 24;
/** A provider that answers has made room by then. A call that waits holds a place that others need. */
const longestWaitMs = 250;
/** Those who are sent away come back one after the other, at this distance, and none of them later than the longest. Urgent ones have turns of their own. */
const betweenTurnsMs = 100;
const latestTurnMs = 10_000;

interface Share {
  held: number;
  /** Those who wait, urgent ones before others. */
  waiting: { isUrgent: boolean; goOn(): void }[];
  /** Of the last one who was sent away. */
  lastTurn: number;
  lastUrgentTurn: number;
}

/**
 * Lets each provider have a part of this worker, so that an outage of one delays no call to another. What finds no room is sent away before
 * anything was done, and comes back by itself: as with any `Busy`, no try is used up. Calls that poll for long have a part of their own.
 */
export function sharedByProvider(): AnyLink {
  const shares = new Map<string, Share>();
  return async (call, next) => {
    const { provider, name } = call.declaration;
    const { most, urgent } = call.local ? ofLocalTries : ofCalls;
    const how = call.local ? ' locally' : name.startsWith('await') ? ' for long' : '';
    const key = `${provider}${how}`;
    const share = shares.get(key) ?? { held: 0, waiting: [], lastTurn: 0, lastUrgentTurn: 0 };
    shares.set(key, share);
    if (share.held < most + (call.urgent ? urgent : 0)) share.held += 1;
    else if (!(await isHandedOn(share, call.urgent)))
      throw crowded(provider, turnOf(share, call.urgent ? 'lastUrgentTurn' : 'lastTurn') / 1000);
    try {
      return await next(call);
    } finally {
      // What was a place of urgent runs only is theirs again.
      const [following] = share.waiting;
      if (following && (following.isUrgent || share.held <= most)) {
        share.waiting.shift();
        following.goOn();
      } else share.held -= 1;
    }
  };
}

/** Whether somebody who was done has handed on his place in time. */
function isHandedOn(share: Share, isUrgent = false): Promise<boolean> {
  return new Promise((resolve) => {
    const waits = {
      isUrgent,
      goOn() {
        clearTimeout(timer);
        resolve(true);
      },
    };
    const timer = setTimeout(() => {
      share.waiting = share.waiting.filter((each) => each !== waits);
      resolve(false);
    }, longestWaitMs);
    if (isUrgent) share.waiting.unshift(waits);
    else share.waiting.push(waits);
  });
}

/** In how many milliseconds to come back. */
function turnOf(share: Share, last: 'lastTurn' | 'lastUrgentTurn'): number {
  const now = performance.now();
  share[last] = Math.max(now + longestWaitMs, share[last]) + betweenTurnsMs;
  if (share[last] > now + latestTurnMs) share[last] = now + longestWaitMs + betweenTurnsMs;
  return share[last] - now;
}
