import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AnyProvider } from '../../activities/provider.ts';
import type { SetUp } from '../../domain/set-up.ts';
import { defaultConnection } from '../../domain/subject.ts';
import type { ConnectionValues } from '../../store/stored-connections.ts';
import { isLoopback } from '../address.ts';
import { type Examination, examine } from '../doctor.ts';
import { Refusal } from '../refusal.ts';
import { asRefusal } from '../set-up.ts';
import { connectionName, findProvider } from './connections.ts';
import { defineOperation, type OperationContext } from './operation.ts';

/** Each of the requests ends sooner; all together may not take longer than people wait. */
export const setUpMilliseconds = 60_000;

/** So long a setup that was cut off holds up the next one: longer than any takes. */
const turnSeconds = setUpMilliseconds / 1000 + 30;

/**
 * Begins to set up or tear down a connection, and gives the function that ends it. Refuses while somebody else does: two at once would make
 * things twice, and one would take away what the other has just found.
 */
export async function takeTurn(
  connection: string,
  { store }: OperationContext,
): Promise<() => Promise<void>> {
  const turn = `set-up/${connection}`;
  const holder = randomUUID();
  if (!(await store.takeDuty(turn, turnSeconds, holder)))
    throw new Refusal(
      409,
      'Under way',
      `The connection ${connection} is being set up or torn down, or that was cut off just now. Do it again in ${turnSeconds} s.`,
      turnSeconds,
    );
  // It ends by itself where the store cannot be told.
  return () => store.releaseDuty(turn, holder).catch(() => {});
}

const text = z.string().trim().min(1);
const key = z.string().min(1).max(1_000);

/** By what the account is reached. */
export const accountInput = {
  name: connectionName.default('pagerduty'),
  region: z.enum(['us', 'eu']).optional().describe('The service region of the account'),
  token: key
    .optional()
    .describe(
      'A token of the REST API. Left out: that of the connection, where it is there and its addresses stay',
    ),
  apiUrl: text.max(500).optional().describe('Another address of the REST API'),
  eventsUrl: text.max(500).optional().describe('Another address of the Events API'),
};
type AccountInput = z.output<z.ZodObject<typeof accountInput>>;

export const accountShape = z.object({
  owner: z
    .object({ name: z.string(), email: z.string() })
    .optional()
    .describe('Left out: the token is of the account'),
  abilities: z.array(z.string()),
  missing: z
    .array(z.object({ what: z.string(), reason: z.string().optional(), neededBy: z.array(z.string()) }))
    .describe('Scopes and abilities that activities need, and that are not there'),
});

/** An account that can be reached, and the provider that knows how to set it up. */
export interface Reached {
  provider: AnyProvider;
  setUp: SetUp<unknown>;
  client: unknown;
  /** Those of the connection, if it is there, with those that are given. */
  values: ConnectionValues;
  /** Those that are given. */
  given: ConnectionValues;
  isThere: boolean;
}

/** The provider's values, without those that were not given. */
export const definedOf = (values: Record<string, string | undefined>): ConnectionValues =>
  Object.fromEntries(
    Object.entries(values).filter((each): each is [string, string] => each[1] !== undefined),
  );

/** The account of these settings. Refuses what cannot be one. */
export async function reach(
  input: AccountInput,
  more: ConnectionValues,
  context: OperationContext,
): Promise<Reached> {
  const { name, region, token, apiUrl, eventsUrl } = input;
  if (name === defaultConnection)
    throw new Refusal(
      422,
      'Name not usable',
      'The connection default is that of the environment’s variables. Choose another name.',
    );
  const provider = findProvider('pagerduty', context);
  const setUp = await provider.setUp?.();
  if (!setUp) throw new Refusal(422, 'Not possible', `${provider.title} is not set up by Baton.`);
  const before = (await context.connections.look()).connections.get(name);
  if (before && before.provider !== provider.name)
    throw new Refusal(
      409,
      'Name taken',
      `The connection ${name} is one of ${before.provider}. Choose another name.`,
    );
  const given = {
    ...definedOf({
      PAGERDUTY_REGION: region,
      PAGERDUTY_API_TOKEN: token?.trim(),
      PAGERDUTY_API_URL: apiUrl,
      PAGERDUTY_EVENTS_URL: eventsUrl,
    }),
    ...more,
  };
  const isMoved = (['PAGERDUTY_API_URL', 'PAGERDUTY_EVENTS_URL'] as const).some(
    (variable) => given[variable] !== undefined && given[variable] !== before?.values?.[variable],
  );
  // Else whoever names an address would be sent the token that is kept.
  if (before && isMoved && token === undefined)
    throw new Refusal(
      422,
      'No token',
      `The connection ${name} has another address, and its token is sent to no new one. Give the token too (token).`,
    );
  const values = { ...before?.values, ...given };
  if (values.PAGERDUTY_API_TOKEN === undefined)
    throw new Refusal(
      422,
      'No token',
      'Give a token of the REST API (token): PagerDuty, Integrations, API Access Keys.',
    );
  const complaints = setUp.complaints(given);
  if (complaints.length > 0) throw new Refusal(422, 'Values not usable', `${complaints.join('; ')}.`);
  const client = await context.clientFor(provider, values).catch((error: unknown) => {
    throw asRefusal(error, '');
  });
  return { provider, setUp, client, values, given, isThere: before !== undefined };
}

/** Whose the token is, what the account can do, and what is missing of that. */
export async function accountOf(
  { provider, setUp, client, values }: Reached,
  name: string,
  context: OperationContext,
  signal: AbortSignal,
): Promise<z.output<typeof accountShape>> {
  const { owner, abilities } = await setUp.account(client, values, signal);
  const doctor = { activities: await context.activities(), scrub: (words: string) => words };
  const { findings, state, reason }: Examination = await examine(
    doctor,
    {
      provider: provider.name,
      title: provider.title,
      connection: name,
      simulated: false,
      isUsed: true,
      check: (rights, until) => provider.check(client, until, { rights, settings: values }),
      test: async () => undefined,
    },
    signal,
  );
  if (state === 'refused' || state === 'not connected') throw new Refusal(422, 'Not possible', `${reason}.`);
  const missing = findings
    // Keys and addresses are what setup is about to see to.
    .filter(({ ok, what }) => ok === false && !/^(Events API|PAGERDUTY_)/.test(what))
    .map(({ what, reason: why, neededBy }) => ({
      what,
      ...(why === undefined ? {} : { reason: why }),
      neededBy,
    }));
  return { ...(owner ? { owner } : {}), abilities: [...abilities], missing };
}

/** Where the webhooks of a connection are taken. Refuses an address at which PagerDuty does not reach us. */
export function addressFor(
  name: string,
  values: ConnectionValues,
  given: string | undefined,
  { publicUrl }: OperationContext,
): string {
  const base = URL.parse(given ?? publicUrl ?? '');
  const next = 'Set BATON_PUBLIC_URL, give its address (publicUrl), or do without webhooks (webhook: none)';
  if (!base)
    throw new Refusal(422, 'No address', `It is not known where PagerDuty reaches this Baton. ${next}.`);
  const isSimulated = isLoopback(
    URL.parse(values.PAGERDUTY_API_URL ?? '') ?? new URL('https://api.pagerduty.com'),
  );
  if (!isSimulated && base.protocol !== 'https:')
    throw new Refusal(
      422,
      'No address',
      `PagerDuty sends webhooks to https:// addresses alone, and not to ${base.origin}. ${next}.`,
    );
  const path = base.pathname.endsWith('/') ? base.pathname.slice(0, -1) : base.pathname;
  return `${base.origin}${path}/webhooks/pagerduty/${name}`;
}

const named = z.array(z.object({ id: z.string(), name: z.string() }));

export const setupChoices = defineOperation({
  name: 'setup.choices',
  kind: 'read',
  right: 'connections.change',
  route: 'POST /setup/choices',
  summary: 'What setup can choose from in an account of PagerDuty: services, escalation policies, teams',
  secrets: ['token'],
  input: z.strictObject({
    ...accountInput,
    query: z.string().max(200).optional().describe('A part of the names that are asked for'),
    publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  }),
  output: z.object({
    account: accountShape,
    services: named,
    escalationPolicies: named,
    teams: named,
    more: z.boolean().describe('There are more: a query narrows them'),
    subscriptions: z
      .array(z.object({ id: z.string(), filter: z.string(), active: z.boolean() }))
      .describe('Those that lead here already'),
  }),
  async run(input, context) {
    const reached = await reach(input, {}, context);
    const { setUp, client, values } = reached;
    const signal = AbortSignal.timeout(setUpMilliseconds);
    const isAddressed = input.publicUrl !== undefined || context.publicUrl !== undefined;
    try {
      const account = await accountOf(reached, input.name, context, signal);
      const choices = await setUp.choices(client, input.query, signal);
      const address = isAddressed ? addressFor(input.name, values, input.publicUrl, context) : undefined;
      const subscriptions = address === undefined ? [] : await setUp.subscriptions(client, address, signal);
      return {
        account,
        services: [...choices.services],
        escalationPolicies: [...choices.escalationPolicies],
        teams: [...choices.teams],
        more: choices.more,
        subscriptions: [...subscriptions],
      };
    } catch (error) {
      throw asRefusal(error, 'Try again.');
    }
  },
});
