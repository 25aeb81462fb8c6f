import { z } from 'zod';
import { actorOf } from '../../domain/rights.ts';
import type { SubscriptionState } from '../../store/subscriptions.ts';
import { Refusal } from '../refusal.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';

const name = z.string().min(1).max(60).describe('Of the subscription');
const standings = ['active', 'stopped', 'not begun', 'not listed'] as const;
const subjectOf = (subscription: string) => `subscription:${subscription}`;

export const listSubscriptions = defineOperation({
  name: 'subscriptions.list',
  kind: 'read',
  right: 'connections.list',
  route: 'GET /subscriptions',
  summary: 'Who is told of what Baton does, by which connection, and what waits for them',
  input: z.strictObject({}),
  output: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        state: z
          .enum(standings)
          .describe(
            '`stopped`: its receiver wants no more; `not listed`: no file of this version declares it',
          ),
        types: z.array(z.string()),
        connection: z.string().optional(),
        since: z.string().optional().describe('It is told of what has happened since then'),
        waiting: z.int().describe('Events that it has not taken yet'),
        exhausted: z.int().describe('Events that are tried no more: subscriptions.failed tells them'),
        reason: z
          .string()
          .optional()
          .describe('Why the newest of those that wait was not taken, or why it is stopped'),
      }),
    ),
  }),
  async run(_, context) {
    const states = new Map((await context.store.subscriptionStates()).map((state) => [state.name, state]));
    const listed = await listedIn(context);
    const names = [...new Set([...listed.keys(), ...states.keys()])].sort();
    return {
      items: names.map((each) => {
        const state = states.get(each);
        const { types = [], connection } = listed.get(each) ?? {};
        const reason = state?.stopped?.because ?? state?.reason;
        return {
          name: each,
          state: standingOf(listed.has(each), state),
          types: [...types],
          ...(connection === undefined ? {} : { connection }),
          ...(state ? { since: state.since } : {}),
          waiting: state?.waiting ?? 0,
          exhausted: state?.exhausted ?? 0,
          ...(reason === undefined ? {} : { reason }),
        };
      }),
    };
  },
});

export const failedDeliveries = defineOperation({
  name: 'subscriptions.failed',
  kind: 'read',
  right: 'connections.list',
  route: 'GET /subscriptions/failed',
  summary: 'Events that subscribers have not taken and that are tried no more, newest first',
  input: z.strictObject({ subscription: name.optional(), ...pageInput }),
  output: pageOutput(
    z.object({
      id: z.int().describe('By which it is replayed'),
      subscription: z.string(),
      event: z.string().describe('The id of the CloudEvent, and `webhook-id`'),
      type: z.string(),
      subject: z.string(),
      time: z.string(),
      attempts: z.int(),
      failedAt: z.string(),
      reason: z.string(),
    }),
  ),
  async run(input, context) {
    const { subscription, limit } = input;
    const list = { name: 'subscriptions.failed', input, context };
    const before = placeIn(list, z.int().positive());
    const page = await context.store.pageOfFailedDeliveries({ subscription, before, limit });
    return answered(list, page, (row) => row);
  },
});

export const replayDeliveries = defineOperation({
  name: 'subscriptions.replay',
  kind: 'change',
  writesOwnLine: true,
  right: 'events.replay',
  route: 'POST /subscriptions/{name}/replay',
  summary:
    'Tells a subscriber again: one event, or those since a time; under the same ids, so that it can tell repeats',
  subject: ({ name }) => subjectOf(name),
  input: z.strictObject({
    name,
    id: z.int().positive().optional().describe('One delivery, as subscriptions.failed numbers it'),
    since: z.iso.datetime().optional().describe('All of events that became known then or later'),
    taken: z
      .boolean()
      .default(false)
      .describe('Those too that it has taken, where its receiver has lost them. They are kept for a week'),
  }),
  output: z.object({ replayed: z.int().describe('So many are due now') }),
  async run({ name, id, since, taken }, context) {
    if ((id === undefined) === (since === undefined))
      throw new Refusal(
        400,
        'Bad input',
        'Say which deliveries: `id` for one, or `since` for all since a time. subscriptions.failed tells them.',
      );
    await checkKnown(name, context);
    const { store, principal, via } = context;
    const replayed = await store.replayDeliveries({ subscription: name, id, since, taken }, (deliveries) => ({
      at: new Date().toISOString(),
      actor: actorOf(principal),
      via,
      action: 'delivery.replayed',
      subject: subjectOf(name),
      detail: { subscription: name, deliveries },
    }));
    if (replayed === 0 && id !== undefined)
      throw new Refusal(
        404,
        'No such delivery',
        `${name} has no delivery ${id} that could be replayed: it is not there, or waits already. subscriptions.failed tells those there are.`,
      );
    return { replayed };
  },
});

export const resumeSubscription = defineOperation({
  name: 'subscriptions.resume',
  kind: 'change',
  writesOwnLine: true,
  right: 'triggers.switch',
  route: 'POST /subscriptions/{name}/resume',
  summary: 'Goes on with a subscription whose receiver wanted no more, where it was stopped',
  subject: ({ name }) => subjectOf(name),
  input: z.strictObject({ name }),
  output: z.object({ name: z.string(), resumed: z.literal(true) }),
  async run({ name }, context) {
    await checkKnown(name, context);
    const { store, principal, via } = context;
    const isResumed = await store.resumeSubscription(name, {
      at: new Date().toISOString(),
      actor: actorOf(principal),
      via,
      action: 'subscription.resumed',
      subject: subjectOf(name),
      detail: { subscription: name },
    });
    if (!isResumed)
      throw new Refusal(409, 'Not stopped', `${name} is not stopped, so there is nothing to resume.`);
    return { name, resumed: true as const };
  },
});

function standingOf(isListed: boolean, state: SubscriptionState | undefined): (typeof standings)[number] {
  if (!isListed) return 'not listed';
  if (!state) return 'not begun';
  return state.stopped ? 'stopped' : 'active';
}

const listedIn = async ({ policies }: OperationContext) =>
  new Map(((await policies()).subscriptions ?? []).map((each) => [each.name, each]));

async function checkKnown(asked: string, context: OperationContext): Promise<void> {
  const states = await context.store.subscriptionStates();
  if ((await listedIn(context)).has(asked) || states.some((state) => state.name === asked)) return;
  throw new Refusal(
    404,
    'No such subscription',
    `There is no subscription ${asked}. subscriptions.list tells those there are.`,
  );
}
