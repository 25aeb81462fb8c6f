import { z } from 'zod';
import type { SetUpAnswers } from '../../domain/set-up.ts';
import { Refusal } from '../refusal.ts';
import { addOrChange, asRefusal, carryOut } from '../set-up.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import {
  accountInput,
  accountOf,
  accountShape,
  addressFor,
  definedOf,
  type Reached,
  reach,
  setUpMilliseconds,
  takeTurn,
} from './setup.ts';

const name = z.string().trim().min(1).max(255);
const key = z.string().trim().min(1).max(1_000);

export const callShape = z.object({
  method: z.enum(['POST', 'DELETE']),
  path: z.string(),
  body: z.unknown().optional(),
});

export const setupPagerDuty = defineOperation({
  name: 'setup.pagerduty',
  kind: 'change',
  right: 'connections.change',
  route: 'POST /setup/pagerduty',
  summary:
    'Connects an account of PagerDuty: a service with an Events v2 integration, a webhook subscription, and a connection that holds their secrets. What is there is adopted',
  subject: ({ name: connection }) => `connection:${connection}`,
  secrets: ['token', 'routingKey', 'webhookSecret'],
  input: z.strictObject({
    ...accountInput,
    from: z
      .email()
      .max(320)
      .optional()
      .describe('The user in whose name automation acts. Left out: whose token it is'),
    service: name
      .optional()
      .describe('Id or name of a service; with escalationPolicy one that is not there is made'),
    escalationPolicy: name.optional().describe('Id or name of the escalation policy of a new service'),
    integration: name.optional().describe('The name of the integration. Left out: baton-<service>'),
    routingKey: key.optional().describe('An integration key that you have: no integration is made'),
    webhook: z
      .enum(['account', 'team', 'service', 'none'])
      .describe('Of what PagerDuty sends webhooks; none: the address is told'),
    team: name.optional().describe('Id or name, for the webhooks of a team'),
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where PagerDuty reaches this Baton. Left out: BATON_PUBLIC_URL'),
    webhookSecret: key.optional().describe('The secret of a subscription that leads here already'),
    replaceSubscription: z
      .boolean()
      .default(false)
      .describe('Makes a new subscription in place of one that leads here and whose secret nobody knows'),
    dryRun: z.boolean().default(false).describe('Looks, changes nothing, and tells the calls'),
  }),
  output: z.object({
    connection: z.string(),
    dryRun: z.boolean(),
    account: accountShape,
    from: z.string(),
    steps: z.array(
      z.object({
        kind: z.string(),
        name: z.string(),
        outcome: z.enum(['made', 'made before', 'was there', 'to be made']),
        id: z.string().optional(),
      }),
    ),
    calls: z.array(callShape).describe('What was sent to PagerDuty to change something, or would be'),
    address: z.string().optional().describe('Where the webhooks of this connection are taken'),
    warnings: z.array(z.string()),
  }),
  async run(input, context) {
    const { name: connection, dryRun, routingKey, webhookSecret } = input;
    const signal = AbortSignal.timeout(setUpMilliseconds);
    if (input.service === undefined && routingKey === undefined)
      throw new Refusal(
        422,
        'No service',
        'Give a service (service), or an integration key that you have (routingKey).',
      );
    const given = definedOf({
      PAGERDUTY_ROUTING_KEY: routingKey,
      PAGERDUTY_WEBHOOK_SECRETS: webhookSecret,
    });
    const release = dryRun ? undefined : await takeTurn(connection, context);
    try {
      const reached = await reach(input, given, context);
      const { values, provider, isThere } = reached;
      const account = await accountOf(reached, connection, context, signal);
      const from = await fromOf(reached, { from: input.from, owner: account.owner }, signal);
      const address = addressOf(input, values, context);
      const answers: SetUpAnswers = {
        connection,
        service: input.service,
        escalationPolicy: input.escalationPolicy,
        integration: input.integration,
        hasKey: routingKey !== undefined,
        webhook: input.webhook === 'none' ? undefined : input.webhook,
        team: input.team,
        address: address ?? '',
        hasSecret: values.PAGERDUTY_WEBHOOK_SECRETS !== undefined,
        replaceSubscription: input.replaceSubscription,
      };
      // All is looked at before anything is made, so that what is refused leaves nothing behind.
      const planned = await carryOut(reached, { answers, dryRun: true }, context, signal);
      const settings = { ...reached.given, PAGERDUTY_FROM_EMAIL: from };
      if (!dryRun) await addOrChange(connection, provider, settings, context);
      const done = dryRun ? planned : await carryOut(reached, { answers, dryRun }, context, signal);
      const own = {
        kind: 'connection',
        name: connection,
        outcome: isThere ? ('was there' as const) : dryRun ? ('to be made' as const) : ('made' as const),
      };
      return {
        connection,
        dryRun,
        account,
        from,
        steps: [own, ...done.steps],
        calls: done.calls,
        ...(address === undefined ? {} : { address }),
        warnings: [...done.warnings, ...warningsOf(account.missing, routingKey)],
      };
    } catch (error) {
      throw asRefusal(error, 'Do it again: what was made is adopted.');
    } finally {
      await release?.();
    }
  },
});

/** The user in whose name automation acts. */
async function fromOf(
  { setUp, client, values }: Reached,
  { from: given, owner }: { from: string | undefined; owner: { email: string } | undefined },
  signal: AbortSignal,
): Promise<string> {
  const from = given ?? values.PAGERDUTY_FROM_EMAIL ?? owner?.email;
  if (from === undefined)
    throw new Refusal(
      422,
      'Nobody to act as',
      'The token is of the account, and so of no user: give the address of a user in whose name automation acts (from).',
    );
  if (from !== owner?.email && !(await setUp.isUser(client, from, signal)))
    throw new Refusal(
      422,
      'Nobody to act as',
      `No user of the account has the address ${from}. Give that of one (from).`,
    );
  return from;
}

/** Without webhooks the address is told, where it is known. */
function addressOf(
  { name: connection, webhook, publicUrl }: { name: string; webhook: string; publicUrl?: string | undefined },
  values: Readonly<Record<string, string>>,
  context: OperationContext,
): string | undefined {
  if (webhook === 'none' && publicUrl === undefined && context.publicUrl === undefined) return undefined;
  return addressFor(connection, values, publicUrl, context);
}

function warningsOf(
  missing: readonly { what: string; reason?: string | undefined }[],
  routingKey: string | undefined,
): string[] {
  return [
    ...missing.map(({ what, reason = 'it is missing' }) => `${what}: ${reason}`),
    ...(routingKey?.startsWith('R')
      ? ['The key begins with R, so it is of an orchestration: it takes alerts, and no change events']
      : []),
  ];
}
