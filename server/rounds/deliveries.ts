import type { Logger } from 'pino';
import { boundedSignal } from '../../domain/bounded-signal.ts';
import { lifecycleEvent } from '../../domain/lifecycle.ts';
import type { EntryOf } from '../../domain/record.ts';
import {
  type Sending,
  type SendingAnswer,
  type Subscription,
  sendingSchedule,
  wants,
} from '../../domain/subscription.ts';
import type { Store } from '../../store/store.ts';
import type { ToDeliver } from '../../store/subscriptions.ts';
import { allToTheirEnd, startRounds } from './rounds.ts';

/** Sends to a subscriber, signed anew. Gives the answer, of any status; rejects where none came, with the reason in words. */
export type Send = (sending: Sending, signal: AbortSignal) => Promise<SendingAnswer>;

interface Options {
  store: Pick<
    Store,
    'fanOut' | 'takeDeliveries' | 'delivered' | 'deliverLater' | 'exhaust' | 'stopSubscription'
  >;
  subscriptions: readonly Subscription[];
  send: Send;
  /** The address of this Baton, as events tell it. */
  source: string;
  log: Logger;
}

const mostAtOnce = 10;
/** Longer than an attempt takes: after this another process may try. */
const heldSeconds = 60;
const attemptMilliseconds = 15_000;
/** No header of a subscriber puts off an attempt for longer. */
const longestWaitSeconds = 86_400;
/** A subscriber that was away is not met by all that it has missed in one moment. */
const spread = 0.1;
const mostBytes = 512 * 1024;

/**
 * Tells subscribers of what Baton does. What they are told is read from the record, apart from runs: none of them waits for it, nothing that was
 * written is missed, and whatever ends a server is made up for by the next one. Each subscription goes its own way, so a slow subscriber holds up
 * no other. Several servers may do this: a row's lock says whose turn it is, so none has to be the one.
 */
export function startDeliveries({ subscriptions, ...options }: Options): { stop(): Promise<void> } {
  const all = subscriptions.map((subscription) => startTelling(subscription, options));
  return {
    async stop() {
      await Promise.all(all.map(({ stop }) => stop()));
    },
  };
}

function startTelling(subscription: Subscription, options: Omit<Options, 'subscriptions'>) {
  const { store, source, log } = options;
  const { name } = subscription;
  return startRounds({
    async round(stopping) {
      const isBehind = await store.fanOut(name, (line, run) => {
        const event = lifecycleEvent(line, run, source);
        return wants(subscription, event) ? event : undefined;
      });
      const due = await store.takeDeliveries(name, mostAtOnce, heldSeconds);
      await allToTheirEnd(due.map((delivery) => deliver(subscription, delivery, options, stopping)));
      return isBehind || due.length === mostAtOnce;
    },
    onFault: (error) => log.warn({ err: error, subscription: name }, 'A subscription could not be seen to'),
  });
}

/** What became of an attempt. */
type Outcome =
  | { state: 'taken' }
  | { state: 'gone' }
  | { state: 'refused'; reason: string; waitSeconds?: number | undefined; isFinal?: true };

async function deliver(
  subscription: Subscription,
  delivery: ToDeliver,
  { store, send, log }: Omit<Options, 'subscriptions'>,
  stopping: AbortSignal,
): Promise<void> {
  const { name } = subscription;
  const { event, attempt } = delivery;
  const outcome = await attemptAt(subscription, delivery, send, stopping);
  const line = {
    at: new Date().toISOString(),
    actor: 'baton',
    via: 'subscriptions',
    subject: `subscription:${name}`,
  };
  if (outcome.state === 'taken') return store.delivered(delivery);
  if (outcome.state === 'gone') {
    const reason = 'its receiver answered 410: it wants no more';
    log.warn({ subscription: name }, `A subscription is stopped: ${reason}. baton subscriptions resume`);
    const entry: EntryOf<'subscription.stopped'> = {
      ...line,
      action: 'subscription.stopped',
      detail: { subscription: name, reason },
    };
    return store.stopSubscription(name, reason, delivery, entry);
  }
  const { reason, waitSeconds = 0, isFinal } = outcome;
  const usual = sendingSchedule[attempt];
  if (usual === undefined || isFinal) {
    log.warn({ subscription: name, event: event.id, reason }, 'A subscriber is not told of an event');
    const type = event.type.slice('baton.'.length);
    const entry: EntryOf<'delivery.exhausted'> = {
      ...line,
      action: 'delivery.exhausted',
      detail: { subscription: name, event: event.id, type, attempts: attempt, reason },
    };
    return store.exhaust(delivery, reason, entry);
  }
  if (attempt === 1) log.warn({ subscription: name, event: event.id, reason }, 'A subscriber is told later');
  const wait = Math.max(usual * (1 + Math.random() * spread), Math.min(waitSeconds, longestWaitSeconds));
  return store.deliverLater(delivery, wait, reason);
}

async function attemptAt(
  { connection, method, headers, body }: Subscription,
  { event }: ToDeliver,
  send: Send,
  stopping: AbortSignal,
): Promise<Outcome> {
  let text: string | undefined;
  try {
    text = JSON.stringify(body ? body(event) : event);
  } catch (error) {
    return { state: 'refused', reason: `its body could not be made: ${wordsOf(error)}`, isFinal: true };
  }
  if (text === undefined || Buffer.byteLength(text) > mostBytes)
    return {
      state: 'refused',
      reason: text === undefined ? 'its body is no JSON' : `its body is longer than ${mostBytes / 1024} KB`,
      isFinal: true,
    };
  const contentType = body ? 'application/json' : 'application/cloudevents+json; charset=utf-8';
  const sending = { connection, id: event.id, method, headers, contentType, body: text };
  const signal = boundedSignal(stopping, attemptMilliseconds);
  try {
    const { status, waitSeconds } = await send(sending, signal);
    if (status >= 200 && status < 300) return { state: 'taken' };
    if (status === 410) return { state: 'gone' };
    const isElsewhere = status >= 300 && status < 400;
    const reason = `answered ${status}${isElsewhere ? ', which leads elsewhere, and redirects are not followed' : ''}`;
    return { state: 'refused', reason, waitSeconds };
  } catch (error) {
    return { state: 'refused', reason: wordsOf(error) };
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
