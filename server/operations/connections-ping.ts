import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { sourceOf } from '../pagerduty/ways.ts';
import { Refusal } from '../refusal.ts';
import { asRefusal } from '../set-up.ts';
import { connectionName, findConnection } from './connections.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { addressFor, type Reached, reach } from './setup.ts';

const lookEveryMilliseconds = 250;
/** Of those that came last, that of this connection is to be found. */
const pingsLookedAt = 20;

export const pingConnection = defineOperation({
  name: 'connections.ping',
  kind: 'change',
  right: 'connections.test',
  route: 'POST /connections/{name}/ping',
  summary:
    'Has PagerDuty send a test by the webhook subscription of a connection, and waits until it has come',
  subject: ({ name }) => `connection:${name}`,
  input: z.strictObject({
    name: connectionName,
    seconds: z.int().min(1).max(60).default(20).describe('For so long it is waited for'),
  }),
  output: z.object({
    name: z.string(),
    subscription: z.string(),
    arrived: z.boolean(),
    reason: z.string(),
    event: z.int().optional().describe('The number of the event that came'),
  }),
  async run({ name, seconds }, context) {
    const connection = await findConnection(name, context);
    if (connection.provider !== 'pagerduty')
      throw new Refusal(
        422,
        'Of another provider',
        `The connection ${name} is one of ${connection.provider}.`,
      );
    try {
      const signal = AbortSignal.timeout((seconds + 15) * 1_000);
      const reached = await reach({ name }, {}, context);
      const subscription = await subscriptionOf(name, reached, context, signal);
      const before = (await lastPing(name, context))?.seq ?? 0;
      await reached.setUp.ping(reached.client, subscription, signal);
      const end = performance.now() + seconds * 1_000;
      while (performance.now() < end) {
        const last = await lastPing(name, context);
        if (last && last.seq > before)
          return {
            name,
            subscription,
            arrived: true,
            reason: 'The test has come by the webhook',
            event: last.seq,
          };
        await pause(lookEveryMilliseconds);
      }
      return { name, subscription, arrived: false, reason: notArrived(seconds, name) };
    } catch (error) {
      throw asRefusal(error, 'Try again.');
    }
  },
});

/** The one that setup has made, else one that leads here. */
async function subscriptionOf(
  name: string,
  { setUp, client, values }: Reached,
  context: OperationContext,
  signal: AbortSignal,
): Promise<string> {
  const items = await context.store.listSetUp(name);
  const own = items.find(({ kind, id }) => kind === 'webhook subscription' && id !== undefined)?.id;
  if (own !== undefined) return own;
  const [found] = await setUp.subscriptions(client, addressFor(name, values, undefined, context), signal);
  if (found) return found.id;
  throw new Refusal(
    404,
    'No subscription',
    `No webhook subscription of PagerDuty leads to the connection ${name}. setup.pagerduty makes one.`,
  );
}

const lastPing = async (name: string, { store }: OperationContext) =>
  (await store.pageOfEvents({ type: 'pagerduty.pagey.ping', limit: pingsLookedAt })).items.find(
    ({ source }) => source === sourceOf(name),
  );

const notArrived = (seconds: number, name: string) =>
  `PagerDuty was asked to send a test, and nothing has come within ${seconds} s. See whether a server of Baton runs at that address, whether ` +
  `PagerDuty reaches it from the internet, and whether its log refuses /webhooks/pagerduty/${name} (403: the secret is another one)`;
