import { createHash } from 'node:crypto';
import type { Bucket } from '../../domain/budget.ts';
import type { Budget } from '../budget.ts';
import { limited } from '../failures.ts';

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

/** How long after its last no a method goes by its tier. */
const goesByTierMs = 60_000;

/** Whose turn it is at one app in one workspace. */
export interface Turns {
  /** Resolves when the method may be called; throws `RateLimited` where that is later than an attempt should wait. */
  wait(method: string, channel: string | null, signal: AbortSignal): Promise<void>;
  /** Slack has said no, for so many seconds. */
  limited(method: string, seconds: number): void;
}

/**
 * Messages go by their channel. Of all other methods Slack promises some a minute and lets through many more at times, so one goes by its
 * tier only after Slack has said no to it: then nothing is asked before Slack wants it, and after that one by one, over all workers. Connections
 * with one token are one app. `timeScale`: see `timeScaleOf`.
 */
export function slackTurns(token: string, budget: Budget, timeScale: number): Turns {
  const app = `slack/${createHash('sha256').update(token).digest('base64url').slice(0, 16)}`;
  const openAt = new Map<string, number>();
  const spend = (name: string, { perSecond, most }: Bucket, signal: AbortSignal) =>
    budget.spend('Slack', `${app}/${name}`, { perSecond: perSecond * timeScale, most }, signal);
  return {
    async wait(method, channel, signal) {
      if (method === 'chat.postMessage' && channel) return spend(channel, ofChannel, signal);
      const opens = openAt.get(method);
      if (opens === undefined) return;
      const untilMs = opens - performance.now();
      if (untilMs > 0) throw limited('Slack', `${method} is not taken now`, untilMs / 1000);
      if (untilMs < -goesByTierMs / timeScale) openAt.delete(method);
      else await spend(method, { perSecond: (perMinute[method] ?? usual) / 60, most: 1 }, signal);
    },
    limited(method, seconds) {
      if (method !== 'chat.postMessage') openAt.set(method, performance.now() + seconds * 1000);
    },
  };
}
