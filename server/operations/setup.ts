import { z } from 'zod';
import type { SetUpGiven } from '../../domain/set-up.ts';
import {
  accountOf,
  accountShape,
  addressFor,
  addressIfAny,
  answersTo,
  baseOf,
  type Reached,
  reach,
  settled,
  setUpProvider,
  shownAnswers,
  withoutStandIns,
} from '../set-up/account.ts';
import { forgetConsent } from '../set-up/consented.ts';
import { addOrChange, asRefusal, carryOut } from '../set-up/set-up.ts';
import { sourceFor } from '../set-up/source.ts';
import { setUpMilliseconds, takeTurn } from '../set-up/turn.ts';
import { connectionName } from './connections.ts';
import { defineOperation, type OperationContext } from './operation.ts';

const provider = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/)
  .describe('pagerduty, slack, jira, kubernetes, aws, github');
const answers = z
  .record(z.string().min(1).max(100), z.union([z.string().max(100_000), z.boolean()]))
  .default({})
  .describe(
    'By the names of the questions (setup.questions): token, region. Of a list its members, separated by commas; an empty text takes a setting away',
  );
/** What is asked about an account. */
export const about = { provider, name: connectionName, answers };

export const callShape = z.object({
  method: z.enum(['POST', 'PATCH', 'DELETE']),
  path: z.string(),
  body: z.unknown().optional(),
});

const choice = z.object({ value: z.string(), label: z.string(), hint: z.string().optional() });
const lists = z.record(z.string(), z.array(choice));

export const setupQuestions = defineOperation({
  name: 'setup.questions',
  kind: 'read',
  right: 'connections.list',
  route: 'GET /setup/{provider}',
  summary: 'What setup of a provider asks, each with the name of its answer',
  input: z.strictObject({ provider }),
  output: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        about: z.string(),
        isSecret: z.boolean(),
        isNeeded: z.boolean().describe('False: it may be left out, or there is another way'),
        oneOf: z.array(z.string()).optional(),
        variable: z.string().optional().describe('The setting that it becomes'),
      }),
    ),
  }),
  async run(input, context) {
    const { questions } = setUpProvider(input.provider, context).setUp;
    return {
      items: questions.map(({ name, about: words, isSecret, mayBe, when, ask, oneOf, variable }) => ({
        name,
        about: words,
        isSecret: isSecret === true,
        isNeeded: ask !== undefined && mayBe === undefined && when === undefined,
        ...(oneOf ? { oneOf: oneOf.map(({ value }) => value) } : {}),
        ...(variable === undefined ? {} : { variable }),
      })),
    };
  },
});

export const setupChoices = defineOperation({
  name: 'setup.choices',
  kind: 'read',
  right: 'connections.change',
  route: 'POST /setup/{provider}/choices',
  summary: 'What setup can choose from in an account: services, channels, projects, namespaces, repositories',
  secrets: ['answers'],
  input: z.strictObject({
    ...about,
    query: z.string().max(200).optional().describe('A part of the names that are asked for'),
  }),
  output: z.object({
    account: accountShape.optional().describe('Left out: there is a choice to be made first'),
    lists: lists.describe('By the names of the questions'),
    more: z.boolean().describe('There are more: a query narrows them'),
    webhooks: z
      .array(z.object({ id: z.string(), name: z.string() }))
      .describe('Those that lead here already'),
  }),
  async run(input, context) {
    const of = setUpProvider(input.provider, context);
    const setUp = await of.setUp.load();
    const given = answersTo(of, input.answers);
    const early = await setUp.early?.(given).catch((error: unknown) => {
      throw asRefusal(error, '');
    });
    const told = Object.fromEntries(Object.entries(early ?? {}).map(([name, list]) => [name, [...list]]));
    const isOpen = Object.entries(told).some(([name, list]) => list.length > 1 && given[name] === undefined);
    if (isOpen) return { lists: told, more: false, webhooks: [] };
    const reached = await reach(input, context, { standIns: true });
    const { client } = reached;
    const signal = AbortSignal.timeout(setUpMilliseconds);
    try {
      const found = await setUp.account(client, reached.values, signal);
      const account = await accountOf(reached, found, input.name, context, signal);
      const choices = await setUp.choices(client, { query: input.query, answers: given }, signal);
      const chosen = Object.entries(choices.lists).map(([name, list]) => [name, [...list]]);
      const webhooks = await leadingHere(reached, input.name, context, signal);
      return { account, lists: { ...told, ...Object.fromEntries(chosen) }, more: choices.more, webhooks };
    } catch (error) {
      throw asRefusal(error, 'Try again.');
    }
  },
});

async function leadingHere(reached: Reached, name: string, context: OperationContext, signal: AbortSignal) {
  const { setUp, client, answers: given } = reached;
  const address = addressIfAny(reached, name, context);
  if (!setUp.ping || address === undefined) return [];
  const found = await setUp.ping.leadingTo(client, { answers: given, address }, signal);
  return found.map(({ id, name: thing }) => ({ id, name: thing }));
}

export const setupPapers = defineOperation({
  name: 'setup.papers',
  kind: 'read',
  right: 'connections.list',
  route: 'POST /setup/{provider}/papers',
  summary:
    'What an administrator of the provider applies or grants, with no more rights than the activities need: the manifest of a Slack app, an IAM policy, a Role of Kubernetes',
  secrets: ['answers'],
  input: z.strictObject(about),
  output: z.object({ items: z.array(z.object({ name: z.string(), text: z.string() })) }),
  async run(input, context) {
    const of = setUpProvider(input.provider, context);
    const setUp = await of.setUp.load();
    const given = answersTo(of, input.answers);
    const its = (await context.activities()).filter((each) => each.provider === of.name);
    const rights = [...new Set(its.flatMap(({ permissions }) => permissions))].sort();
    const papers = await setUp
      .papers?.({ connection: input.name, answers: given, rights, publicUrl: baseOf(given, context) })
      .catch((error: unknown) => {
        throw asRefusal(error, '');
      });
    return { items: [...(papers ?? [{ name: 'rights.txt', text: `${rights.join('\n')}\n` }])] };
  },
});

/** The input of a setup as it may stand in the record. */
export function recordedAnswers<Input extends { provider: string; answers: z.output<typeof answers> }>(
  { answers: given, ...others }: Input,
  { providers }: Pick<OperationContext, 'providers'>,
): object {
  const of = providers.find(({ name, setUp }) => [name, setUp?.word].includes(others.provider));
  return { ...others, answers: of?.setUp ? shownAnswers({ ...of, setUp: of.setUp }, given) : {} };
}

export const setupConnect = defineOperation({
  name: 'setup.connect',
  kind: 'change',
  right: 'connections.change',
  route: 'POST /setup/{provider}',
  summary:
    'Connects an account of a provider: makes there what a connection needs, and a connection that holds the secrets. What is there is adopted',
  subject: ({ name }) => `connection:${name}`,
  recorded: recordedAnswers,
  input: z.strictObject({
    ...about,
    dryRun: z.boolean().default(false).describe('Looks, changes nothing, and tells the calls'),
  }),
  output: z.object({
    connection: z.string(),
    provider: z.string(),
    dryRun: z.boolean(),
    account: accountShape,
    settings: z.record(z.string(), z.string()).describe('What the connection has that is no secret'),
    steps: z.array(
      z.object({
        kind: z.string(),
        name: z.string(),
        outcome: z.enum(['made', 'made before', 'was there', 'to be made', 'changed', 'to be changed']),
        id: z.string().optional(),
      }),
    ),
    calls: z.array(callShape).describe('What was sent to the provider to change something, or would be'),
    address: z.string().optional().describe('Where the webhooks of this connection are taken'),
    pings: z.boolean().describe('A webhook can be proven (connections.ping)'),
    warnings: z.array(z.string()),
  }),
  async run(input, context) {
    const { name: connection, dryRun } = input;
    const signal = AbortSignal.timeout(setUpMilliseconds);
    const turns = dryRun ? [] : [await takeTurn(connection, context)];
    try {
      const first = await reach(input, context, { standIns: true });
      const { setUp, provider: of, isThere, answers: chosen } = first;
      const webhooks = setUp.webhooks?.(chosen, connection);
      const sourceName = webhooks?.source?.name ?? connection;
      // What is found there is to stay until it is known whose it is too.
      if (sourceName !== connection && !dryRun) turns.push(await takeTurn(sourceName, context));
      const found = await setUp.account(first.client, first.values, signal);
      const address = addressOf(first, connection, context);
      const known = { connection, answers: chosen, address, secret: async () => undefined };
      const own: SetUpGiven = { ...known, values: withoutStandIns(setUp, first.values) };
      const prepared = await setUp.prepare?.(first.client, own, found, signal);
      const reached = await settled(first, prepared?.values, context);
      const before: SetUpGiven = { ...known, values: reached.values };
      const account = await accountOf(reached, found, connection, context, signal);
      // All is looked at before anything is made, so that what is refused leaves nothing behind.
      const plannedSource = webhooks?.source && (await sourceFor(connection, webhooks.source, true, context));
      const planned = await carryOut(reached, { given: before, dryRun: true }, context, signal);
      if (!dryRun) {
        await addOrChange(connection, of, reached, context);
        await forgetConsent(reached, context);
      }
      const source =
        webhooks?.source && !dryRun
          ? await sourceFor(connection, webhooks.source, false, context)
          : plannedSource;
      const done = dryRun
        ? planned
        : await carryOut(
            reached,
            { given: { ...before, ...(source ? { secret: source.secret } : {}) }, dryRun },
            context,
            signal,
          );
      const step = {
        kind: 'connection',
        name: connection,
        outcome: isThere ? ('was there' as const) : dryRun ? ('to be made' as const) : ('made' as const),
      };
      return {
        connection,
        provider: of.name,
        dryRun,
        account,
        settings: withoutSecrets(reached.values, of.secrets),
        steps: [step, ...(source ? [source.step] : []), ...done.steps],
        calls: done.calls,
        ...(address === undefined ? {} : { address }),
        pings: done.steps.some(({ kind }) => kind === setUp.ping?.kind),
        warnings: [
          ...done.warnings,
          ...account.missing.map(({ what, reason = 'it is missing' }) => `${what}: ${reason}`),
          ...(prepared?.warnings ?? []),
        ],
      };
    } catch (error) {
      throw asRefusal(error, 'Do it again: what was made is adopted.');
    } finally {
      for (const release of turns) await release();
    }
  },
});

/** Without webhooks the address is told, where it is known and there is one. */
function addressOf(reached: Reached, connection: string, context: OperationContext): string | undefined {
  const { setUp, answers: given } = reached;
  if (!setUp.webhooks) return undefined;
  const isWanted = setUp.webhooks(given, connection) !== undefined;
  return (isWanted ? addressFor : addressIfAny)(reached, connection, context);
}

const withoutSecrets = (values: Readonly<Record<string, string>>, secrets: readonly string[]) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.includes(name)));
