import { createHmac, randomInt, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { boundedSignal } from '../domain/bounded-signal.ts';

/** Where webhooks go. Only `url` and `secret` need to be given; the rest is counted here. */
export interface Subscription {
  url: string;
  secret: string;
  id?: string;
  delivered?: number;
  dropped?: number;
  /** Drops one after the other: with the third PagerDuty disables the subscription for a day, and its events are lost. */
  droppedInARow?: number;
  disabled?: boolean;
  /** False: somebody has switched it off. */
  active?: boolean;
  description?: string;
  /** Left out: of the account. */
  filter?: { type: string; id?: string | undefined };
  /** Left out: all. */
  events?: string[];
}

/** What an event is about, as filters ask. */
export interface About {
  type: string;
  serviceId: string;
  teamIds: readonly string[];
}

/** A webhook on its way. It keeps its id over all tries. */
export interface PendingWebhook {
  webhookId: string;
  url: string;
  /** Of the subscription, where it has one: several may lead to one address. */
  subscriptionId?: string;
  /** The incident: its webhooks arrive one after the other. */
  resourceId: string;
  body: string;
}

interface WebhookWorld {
  subscriptions: Subscription[];
  pendingWebhooks: PendingWebhook[];
}

export interface WebhookSender {
  /** Sends an event to every subscription that asks for it; comes back at once. */
  send(event: object, resourceId: string, about?: About): void;
  /** Sends an event to one. */
  sendTo(subscription: Subscription, event: object, resourceId: string): void;
  /** Goes on with what an earlier process left. */
  resume(): void;
  /** Ends calls and pauses; what has not arrived stays pending. */
  stop(): void;
}

const answerTimeoutMs = 5000;
const firstPauseMs = 100;
const longestPauseMs = 2000;
const dropsUntilDisabled = 3;

/** A delivery of any event body, signed as PagerDuty signs it: HMAC-SHA256 over the bytes. */
export function pagerDutyWebhook(
  secret: string,
  event: unknown,
): { headers: Record<string, string>; body: string } {
  const body = JSON.stringify({ event });
  return { headers: webhookHeaders({ url: '', secret }, randomUUID(), body), body };
}

function webhookHeaders({ secret, id }: Subscription, webhookId: string, body: string) {
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'PagerDuty-Webhook/V3.0',
    'x-pagerduty-signature': `v1=${createHmac('sha256', secret).update(body).digest('hex')}`,
    'x-webhook-id': webhookId,
    'x-webhook-subscription': id ?? 'PWEBHOO',
  };
}

/**
 * Delivers as PagerDuty does: 5 s for an answer; again after no answer, 5xx and 429, with the incident's next events
 * waiting behind; any other answer but 2xx drops the event. The pauses are shorter than PagerDuty's and end at 2 s.
 * Nothing here keeps the process alive.
 */
export function webhookSender(world: WebhookWorld, save: () => void): WebhookSender {
  const stopped = new AbortController();
  const lanes = new Set<string>();
  const laneOf = ({ url, subscriptionId = '', resourceId }: PendingWebhook) =>
    `${url} ${subscriptionId} ${resourceId}`;
  const subscriptionOf = ({ url, subscriptionId }: PendingWebhook) =>
    world.subscriptions.find((each) =>
      subscriptionId === undefined ? each.url === url : each.id === subscriptionId,
    );

  async function drain(lane: string): Promise<void> {
    if (lanes.has(lane)) return;
    lanes.add(lane);
    let tries = 0;
    while (!stopped.signal.aborted) {
      const webhook = world.pendingWebhooks.find((each) => laneOf(each) === lane);
      if (!webhook) break;
      const subscription = subscriptionOf(webhook);
      const arrived = subscription ? await deliver(subscription, webhook, stopped.signal) : 'dropped';
      if (stopped.signal.aborted) break;
      if (arrived === 'retry') {
        const ms = Math.min(firstPauseMs * 2 ** tries++, longestPauseMs);
        await pause(ms, undefined, { ref: false, signal: stopped.signal }).catch(() => {});
        continue;
      }
      tries = 0;
      if (subscription) count(subscription, arrived);
      world.pendingWebhooks = world.pendingWebhooks.filter((each) => each !== webhook);
      save();
    }
    lanes.delete(lane);
  }

  function count(subscription: Subscription, arrived: 'delivered' | 'dropped') {
    subscription[arrived] = (subscription[arrived] ?? 0) + 1;
    subscription.droppedInARow = arrived === 'dropped' ? (subscription.droppedInARow ?? 0) + 1 : 0;
    if (subscription.droppedInARow < dropsUntilDisabled) return;
    subscription.disabled = true;
    world.pendingWebhooks = world.pendingWebhooks.filter(({ url }) => url !== subscription.url);
  }

  function sendTo({ url, id }: Subscription, event: object, resourceId: string) {
    const body = JSON.stringify({ event });
    const of = id === undefined ? {} : { subscriptionId: id };
    const webhook = { webhookId: randomUUID(), url, ...of, resourceId, body };
    world.pendingWebhooks.push(webhook);
    setImmediate(() => void drain(laneOf(webhook)));
  }

  return {
    send(event, resourceId, about) {
      for (const subscription of world.subscriptions)
        if (!subscription.disabled && subscription.active !== false && asksFor(subscription, about))
          sendTo(subscription, event, resourceId);
    },
    sendTo,
    resume() {
      for (const lane of new Set(world.pendingWebhooks.map(laneOf))) void drain(lane);
    },
    stop: () => stopped.abort(),
  };
}

function asksFor({ filter, events }: Subscription, about: About | undefined): boolean {
  if (!about) return true;
  if (events && !events.includes(about.type)) return false;
  switch (filter?.type) {
    case 'service_reference':
      return filter.id === about.serviceId;
    case 'team_reference':
      return filter.id !== undefined && about.teamIds.includes(filter.id);
    default:
      return true;
  }
}

async function deliver(
  subscription: Subscription,
  { webhookId, url, body }: PendingWebhook,
  stopped: AbortSignal,
): Promise<'delivered' | 'dropped' | 'retry'> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: webhookHeaders(subscription, webhookId, body),
      body,
      redirect: 'manual',
      signal: boundedSignal(stopped, answerTimeoutMs),
    });
    await answer.arrayBuffer();
    if (answer.ok) return 'delivered';
    return answer.status >= 500 || answer.status === 429 ? 'retry' : 'dropped';
  } catch {
    return 'retry';
  }
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 26 characters that begin with the time, as PagerDuty's event ids look. */
export function eventId(at: Date): string {
  let time = '';
  for (let rest = at.getTime(); time.length < 10; rest = Math.floor(rest / 32))
    time = `${crockford[rest % 32]}${time}`;
  return time + Array.from({ length: 16 }, () => crockford[randomInt(32)]).join('');
}
