import { createHash } from 'node:crypto';
import type { Bucket } from '../../domain/budget.ts';
import { type Budget, longestUrgentWaitSeconds, pause } from '../budget.ts';
import { limited } from '../failures.ts';
import { isUrgent } from '../urgent.ts';

/** Slack takes a message a second in a channel, and some at once. https://docs.slack.dev/apis/web-api/rate-limits */
const ofChannel: Bucket = { perSecond: 1, most: 4 };

/** How often a minute Slack takes a method at least, by its tier. Of those that stand in no list: `usual`. */
const usual = 50;
const perMinute: Readonly<Record<string, number>> = {
  'conversations.create': 20,
  'conversations.archive': 20,
  'conversations.unarchive': 20,
  'conversations.setTopic': 20,
  'conversations.setPurpose': 20,
  'pins.add': 20,
  'bookmarks.add': 20,
  'bookmarks.edit': 20,
  'usergroups.users.list': 20,
  'users.info': 100,
  'chat.postEphemeral': 100,
};

/**
 * Each room begins with this, and so paces all that follows: of the 20 a minute that Slack takes, others leave at least four to urgent
 * incidents, which would else wait for up to a minute behind what Slack took before.
 */
const opensRooms = 'conversations.create';
const roomsOfOthers: Bucket = { perSecond: 12 / 60, most: 4 };

/** How long after its last no a method goes by its tier. */
const goesByTierMs = 60_000;

/** Whoever finds an urgent one waiting comes back after this. */
const behindUrgentMs = 1_000;

const tierOf = (method: string): Bucket => ({ perSecond: (perMinute[method] ?? usual) / 60, most: 1 });

/** Whose turn it is at one app in one workspace. */
export interface Turns {
  /** Resolves when the method may be called; throws `RateLimited` where that is later than an attempt should wait. */
  wait(method: string, channel: string | null, signal: AbortSignal): Promise<void>;
  /** Slack has said no, for so many seconds. */
  limited(method: string, seconds: number): void;
}

/**
 * Messages go by their channel. Of all other methods Slack promises some a minute and lets through many more at times, so one goes by its
 * tier only after Slack has said no to it: then nothing is asked before Slack wants it, and after that one by one, over all workers, urgent ones
 * first. Rooms go by their tier from the start, but for urgent incidents. Connections with one token are one app. `timeScale`: see `timeScaleOf`.
 */
export function slackTurns(token: string, budget: Budget, timeScale: number): Turns {
  const app = `slack/${createHash('sha256').update(token).digest('base64url').slice(0, 16)}`;
  const openAt = new Map<string, number>();
  /** How many urgent ones wait for a method that Slack does not take now. */
  const urgentWaiting = new Map<string, number>();
  const spend = (name: string, { perSecond, most }: Bucket, signal: AbortSignal) =>
    budget.spend('Slack', `${app}/${name}`, { perSecond: perSecond * timeScale, most }, signal);
  const notTaken = (method: string, milliseconds: number) =>
    limited('Slack', `${method} is not taken now`, milliseconds / 1000);

  /** An urgent one waits until Slack takes it, and has had its turn before any other. */
  async function goFirst(method: string, untilMs: number, signal: AbortSignal): Promise<void> {
    if (untilMs > longestUrgentWaitSeconds * 1000) throw notTaken(method, untilMs);
    urgentWaiting.set(method, (urgentWaiting.get(method) ?? 0) + 1);
    try {
      if (untilMs > 0) await pause(untilMs, signal);
      await spend(method, tierOf(method), signal);
    } finally {
      urgentWaiting.set(method, (urgentWaiting.get(method) ?? 1) - 1);
    }
  }

  return {
    async wait(method, channel, signal) {
      if (method === 'chat.postMessage' && channel) return spend(channel, ofChannel, signal);
      const opens = openAt.get(method) ?? Number.NEGATIVE_INFINITY;
      const untilMs = opens - performance.now();
      const goesByTier = untilMs > -goesByTierMs / timeScale;
      if (!goesByTier) openAt.delete(method);
      if (isUrgent()) return goesByTier ? goFirst(method, untilMs, signal) : undefined;
      if (untilMs > 0) throw notTaken(method, untilMs);
      if ((urgentWaiting.get(method) ?? 0) > 0) throw notTaken(method, behindUrgentMs);
      if (method === opensRooms) await spend(`${method}/others`, roomsOfOthers, signal);
      if (goesByTier) await spend(method, tierOf(method), signal);
    },
    limited(method, seconds) {
      if (method !== 'chat.postMessage') openAt.set(method, performance.now() + seconds * 1000);
    },
  };
}
