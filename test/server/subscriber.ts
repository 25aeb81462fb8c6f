import pino from 'pino';
import { connectClients } from '../../activities/clients.ts';
import { providers } from '../../activities/providers.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { sendBy } from '../../processes/deliveries.ts';
import { type Send, startDeliveries } from '../../server/rounds/deliveries.ts';
import type { Store } from '../../store/store.ts';
import { defineSubscription } from '../../triggers/subscription.ts';
import { type Reply, startServing } from '../activities/run.ts';
import { entry, fresh, type World } from '../store/world.ts';

export const newSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const oldSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
export const log = pino({ level: 'silent' });

export type Settings = Record<string, string>;

/** How a server sends, with these settings of the connection `default`. */
export const sending = (settings: () => Settings): Send => {
  const source = {
    settingsOf: async () => ({ values: settings(), version: JSON.stringify(settings()) }),
  };
  const send = sendBy(providers, connectClients(providers, source, {}));
  if (!send) throw new Error('no provider tells');
  return send;
};

/** Subscribers on this machine, and what they are told of. */
export function tellingOn(world: World, store: Store) {
  /** A receiver on this machine, its connection, and rounds of a server that tells it. */
  async function subscriber(
    reply: (body: string) => Reply | undefined,
    given: Partial<Parameters<typeof defineSubscription>[0]> = {},
  ) {
    const receiver = await startServing((_, body) => reply(body));
    const settings: Settings = {
      HTTP_SUBSCRIBER_URL: `${receiver.url}/hook`,
      HTTP_SUBSCRIBER_SECRETS: newSecret,
      HTTP_ALLOWED_HOSTS: '127.0.0.1',
    };
    const name = fresh('told-');
    const subscription = defineSubscription({
      types: ['run.*', 'activity.*', 'approval.*'],
      connection: 'default',
      ...given,
      name,
    });
    const tell = async (by: Store = store, as: Subscription = subscription) => {
      const send = sending(() => settings);
      const deliveries = startDeliveries({
        store: by,
        subscriptions: [as],
        send,
        source: 'https://baton.test',
        log,
      });
      await deliveries.stop();
    };
    await tell();
    const state = async () => (await store.subscriptionStates()).find((each) => each.name === name);
    /** As if so much time had passed. */
    const pass = (seconds: number) =>
      world.run(
        `update deliveries set due_at = due_at - interval '${seconds} seconds' where subscription = '${name}'`,
      );
    return { ...receiver, settings, name, subscription, tell, state, pass };
  }

  /** Writes lines of a run into the record, sealed. */
  async function happens(...lines: { action: string; detail?: object; run?: string }[]): Promise<string> {
    const subject = fresh('P');
    await store.append(
      lines.map(({ action, detail = {}, run = `ec2-unhealthy/${subject}` }) =>
        entry({ subject, action, detail: { run, ...detail } }),
      ),
    );
    while ((await store.seal()) > 0);
    return subject;
  }
  return { subscriber, happens };
}

/** A run has failed. */
export const failed = (message = 'the instance is "gone"\n') => ({
  action: 'run.failed',
  detail: {
    workflow: 'restart',
    outcome: 'failed',
    healthy: false,
    failure: { class: 'NotHealthy', message },
  },
});
export const ok = () => ({ status: 204 });
