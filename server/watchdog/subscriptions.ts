import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { boundedSignal } from '../../domain/bounded-signal.ts';
import { defaultConnection } from '../../domain/subject.ts';
import type { Trouble } from '../../domain/watched.ts';
import type { Store } from '../../store/store.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import { sourceOf } from '../pagerduty/ways.ts';
import { within } from '../within.ts';
import type { Condition } from './condition.ts';
import type { Limits } from './limits.ts';

/** A webhook subscription at PagerDuty. */
export interface Subscription {
  id: string;
  url: string;
  /** False: somebody has switched it off. */
  active: boolean;
  /** PagerDuty has, for a day, as its webhooks were refused. */
  disabled: boolean;
}

/** How a server looks after them. Both reject with the failures of the activities. */
export interface Subscriptions {
  list(connection: string, signal: AbortSignal): Promise<readonly Subscription[]>;
  enable(connection: string, id: string, signal: AbortSignal): Promise<void>;
}

export interface SubscriptionOptions {
  subscriptions: Subscriptions;
  /** The accounts that can be asked. */
  accounts(): Promise<readonly string[]>;
  /** Where PagerDuty reaches Baton: tells our subscriptions from others. */
  publicUrl: string;
  /** The account's webhook is open by an address that is known: there is a secret for it, so a subscription should lead to it. */
  takesWebhooks(connection: string): Promise<boolean>;
  /** The log is pulled anyhow: there is no gap to fill. */
  isPulled: boolean;
  store: Pick<Store, 'append' | 'leaveGap' | 'lastReceivedAt'>;
  limits: Limits;
  log: Logger;
  now?: () => number;
}

/** No longer than a look at all of them. */
const accountMilliseconds = 15_000;
/** A webhook may come so much later than another one that happened after it. */
const overlapMilliseconds = 60_000;
/** PagerDuty disables one for a day. */
const longestDisabled = 86_400_000;
/** Where none has ever come. */
const firstMilliseconds = 10 * 60_000;
/** What is disabled so often within so long is so because we refuse its webhooks: enabling it helps no more. */
const oftenTimes = 3;
const oftenMilliseconds = 3_600_000;

/**
 * The subscriptions by which PagerDuty tells us of incidents. One that it has disabled is enabled again, which is recorded, and what was lost is
 * read from the account's log. What stays disabled, is so again and again, or was switched off pages; so does an account that should have one and
 * has none. None is made: its secret has to get to whoever takes its webhooks. An account whose token may not list them is left alone: `baton
 * doctor` says so.
 */
export function subscriptionDisabled(options: SubscriptionOptions): Condition {
  const { subscriptions, accounts, store, limits, log, now = Date.now } = options;
  const base = withoutSlashAtEnd(options.publicUrl);
  /** What stays so while PagerDuty does not answer. */
  const last = new Map<string, readonly Trouble[]>();
  const enabledAt = new Map<string, number[]>();

  async function look(connection: string, signal: AbortSignal): Promise<readonly Trouble[]> {
    // A refusal, too, says nothing of them: a right or a setting is missing, and doctor tells.
    const found = await subscriptions.list(connection, signal).catch(() => undefined);
    if (!found) return last.get(connection) ?? [];
    const ours = found.filter(({ url }) => isOurs(url, base, connection));
    if (ours.length === 0) return none(connection);
    const troubles: Trouble[] = [];
    for (const each of ours) {
      const why = await troubleWith(each, { connection, isOneOfSeveral: ours.length > 1 }, signal);
      if (why !== undefined) troubles.push(troubleOf(connection, each, why));
    }
    // One page for an account, whichever of its subscriptions it is.
    return troubles.slice(0, 1);
  }

  /** It was deleted, or leads elsewhere, or was never made. Meanwhile the log tells what happens. */
  async function none(connection: string): Promise<readonly Trouble[]> {
    if (!(await options.takesWebhooks(connection))) return [];
    await leaveGap(connection, false);
    const [own] = addressesOf(base, connection);
    return [
      {
        key: keyOf('baton', 'webhook', 'Missing', connection),
        summary: `No webhook subscription of PagerDuty leads to ${own}, so no webhook of this account comes there. Make one in PagerDuty and give Baton its secret, correct BATON_PUBLIC_URL if the existing one is right, or take away the connection’s webhook secret (PAGERDUTY_WEBHOOK_SECRETS) to do without`,
        severity: 'critical',
        component: 'webhook',
        class: 'Missing',
        group: connection,
        details: { connection, url: own },
      },
    ];
  }

  /** Why no events come by it; undefined where they do, or do again. */
  async function troubleWith(
    { id, active, disabled }: Subscription,
    { connection, isOneOfSeveral }: { connection: string; isOneOfSeveral: boolean },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (!active) return 'it was switched off in PagerDuty. Switch it on there, or delete it';
    const before = (enabledAt.get(id) ?? []).filter((at) => now() - at < oftenMilliseconds);
    if (disabled) {
      // First, so that it is not forgotten whatever happens next. While it stays disabled, the log is read each time.
      await leaveGap(connection, isOneOfSeveral);
      try {
        await subscriptions.enable(connection, id, signal);
      } catch (error) {
        const reason = error instanceof ApplicationFailure ? error.message : (error as Error).name;
        return `PagerDuty has disabled it, and Baton could not enable it: ${reason}. Enable it there`;
      }
      before.push(now());
      enabledAt.set(id, before);
      const at = new Date(now()).toISOString();
      const detail = { connection, subscription: id };
      const line = { at, actor: 'baton', via: 'watchdog', subject: 'connections' } as const;
      await store.append([{ ...line, action: 'webhook.enabled', detail }]);
      await leaveGap(connection, isOneOfSeveral);
      log.warn(
        detail,
        'PagerDuty had disabled its webhook subscription; it is enabled again, and the gap is read',
      );
    }
    enabledAt.set(id, before);
    if (before.length < oftenTimes) return undefined;
    return `PagerDuty has disabled it ${before.length} times within an hour. Its webhooks are refused: see baton_webhooks_received_total and the log of what stands before Baton`;
  }

  async function leaveGap(connection: string, isOneOfSeveral: boolean): Promise<void> {
    if (options.isPulled) return;
    // What comes by another one says nothing of this one. What is read twice is found to be so.
    const lastAt = isOneOfSeveral ? 'long ago' : await store.lastReceivedAt(sourceOf(connection));
    const since =
      lastAt === 'long ago'
        ? now() - longestDisabled
        : lastAt
          ? Date.parse(lastAt) - overlapMilliseconds
          : now() - firstMilliseconds;
    await store.leaveGap(connection, new Date(since).toISOString());
  }

  return {
    name: 'subscription.disabled',
    heldFor: limits.subscriptionHeld,
    every: limits.subscriptionRound,
    async find(signal) {
      const names = await accounts();
      for (const name of last.keys()) if (!names.includes(name)) last.delete(name);
      await Promise.all(
        names.map(async (name) => {
          // One account that is slow takes nothing of what is found of the others.
          const bound = boundedSignal(signal, accountMilliseconds);
          const found = await within(bound, look(name, bound)).catch((error: unknown) => {
            log.warn({ connection: name, err: error }, 'Its webhook subscriptions could not be looked at');
            return last.get(name) ?? [];
          });
          last.set(name, found);
        }),
      );
      return [...last.values()].flat();
    },
  };
}

const withoutSlashAtEnd = (address: string) => (address.endsWith('/') ? address.slice(0, -1) : address);

/** The subscription leads to the webhook of this connection. */
function isOurs(url: string, base: string, connection: string): boolean {
  return addressesOf(base, connection).includes(withoutSlashAtEnd(url.replace(/[?#].*$/, '')));
}

/** Where the webhooks of this connection are taken. */
function addressesOf(base: string, connection: string): readonly [string, ...string[]] {
  const path = `${base}/webhooks/pagerduty`;
  return connection === defaultConnection ? [path, `${path}/${connection}`] : [`${path}/${connection}`];
}

function troubleOf(connection: string, { id, url }: Subscription, why: string): Trouble {
  return {
    key: keyOf('baton', 'webhook', 'Disabled', connection),
    summary: `No webhook of PagerDuty comes by the subscription ${id}: ${why}`,
    severity: 'critical',
    component: 'webhook',
    class: 'Disabled',
    group: connection,
    details: { connection, subscription: id, url },
  };
}
