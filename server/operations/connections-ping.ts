import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { SetUpNamed, SetUpPing } from '../../domain/set-up.ts';
import { sourceOf } from '../pagerduty/ways.ts';
import { Refusal } from '../refusal.ts';
import { addressFor, type Reached, reach } from '../set-up/account.ts';
import { asRefusal } from '../set-up/set-up.ts';
import { connectionName, findConnection } from './connections.ts';
import { defineOperation, type OperationContext } from './operation.ts';

const lookEveryMilliseconds = 250;
/** Whoever sends it is asked less often than our own store. */
const askEveryMilliseconds = 1_000;
/** Of those that came last, that of this connection is to be found. */
const pingsLookedAt = 20;

export const pingConnection = defineOperation({
  name: 'connections.ping',
  kind: 'change',
  right: 'connections.test',
  route: 'POST /connections/{name}/ping',
  summary:
    'Has a provider send a test by each webhook of a connection, and waits until it has come: PagerDuty, GitHub',
  subject: ({ name }) => `connection:${name}`,
  input: z.strictObject({
    name: connectionName,
    seconds: z.int().min(1).max(60).default(20).describe('For so long each is waited for'),
  }),
  output: z.object({
    name: z.string(),
    subscription: z.string().describe('The ids of the webhooks'),
    arrived: z.boolean(),
    reason: z.string(),
    event: z.int().optional().describe('The number of the event that came'),
  }),
  async run({ name, seconds }, context) {
    const { provider } = await findConnection(name, context);
    try {
      const reached = await reach({ name, provider, answers: {} }, context);
      const { ping } = reached.setUp;
      if (!ping)
        throw new Refusal(
          422,
          'Of another provider',
          `The connection ${name} is one of ${provider}, which sends no pings.`,
        );
      const webhooks = await webhooksOf(name, reached, ping, context);
      const subscription = webhooks.map(({ id }) => id).join(', ');
      let event: number | undefined;
      for (const webhook of webhooks) {
        const signal = AbortSignal.timeout((seconds + 15) * 1_000);
        const came = await comes({ name, seconds, webhook, ping, reached }, context, signal);
        if (!came.arrived) return { name, subscription, arrived: false, reason: came.reason };
        event = came.event ?? event;
      }
      const reason =
        webhooks.length > 1 ? 'The tests have come by all webhooks' : 'The test has come by the webhook';
      return { name, subscription, arrived: true, reason, ...(event === undefined ? {} : { event }) };
    } catch (error) {
      throw asRefusal(error, 'Try again.');
    }
  },
});

interface Pinged {
  name: string;
  seconds: number;
  webhook: SetUpNamed;
  ping: SetUpPing<unknown>;
  reached: Reached;
}

/** Sends one, and waits until it has come or the provider says that it has not. */
async function comes(
  { name, seconds, webhook, ping, reached: { client, provider } }: Pinged,
  context: OperationContext,
  signal: AbortSignal,
): Promise<{ arrived: boolean; reason: string; event?: number }> {
  const before = ping.type === undefined ? 0 : ((await lastPing(name, ping.type, context))?.seq ?? 0);
  const sent = await ping.send(client, webhook, signal);
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    if (ping.type !== undefined) {
      const last = await lastPing(name, ping.type, context);
      if (last && last.seq > before) return { arrived: true, reason: '', event: last.seq };
    }
    const heard = await ping.heard?.(client, webhook, sent, signal);
    if (heard) return heard;
    await pause(ping.heard ? askEveryMilliseconds : lookEveryMilliseconds);
  }
  return { arrived: false, reason: notArrived(provider.title, seconds, `${provider.name}/${name}`) };
}

/** Those that setup has made or adopted, else those that lead here. */
async function webhooksOf(
  name: string,
  reached: Reached,
  ping: SetUpPing<unknown>,
  context: OperationContext,
): Promise<readonly SetUpNamed[]> {
  const { client, provider } = reached;
  const { store } = context;
  const items = [...(await store.listSetUp(name)), ...(await store.listAdopted(name))];
  const own = items.flatMap(({ kind, id, name: thing }) =>
    kind === ping.kind && id !== undefined ? [{ id, name: thing }] : [],
  );
  if (own.length > 0) return own;
  const signal = AbortSignal.timeout(15_000);
  const found = await ping.leadingTo(
    client,
    { answers: reached.answers, address: addressFor(reached, name, context) },
    signal,
  );
  if (found.length > 0) return found;
  throw new Refusal(
    404,
    'No subscription',
    `No ${ping.kind} of ${provider.title} leads to the connection ${name}. setup.connect makes one.`,
  );
}

const lastPing = async (name: string, type: string, { store }: OperationContext) =>
  (await store.pageOfEvents({ type, limit: pingsLookedAt })).items.find(
    ({ source }) => source === sourceOf(name),
  );

const notArrived = (title: string, seconds: number, path: string) =>
  `${title} was asked to send a test, and nothing has come within ${seconds} s. See whether a server of Baton runs at that address, whether ` +
  `${title} reaches it from the internet, and whether its log refuses /webhooks/${path} (403: the secret is another one)`;
