import type { Command } from 'commander';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { givenValue } from './given-value.ts';
import { type Output, printable, table } from './output.ts';
import { type Asking, askingAt } from './questions-asked.ts';

interface SetupOptions {
  name: string;
  region?: 'us' | 'eu';
  token?: string;
  from?: string;
  service?: string;
  escalationPolicy?: string;
  integration?: string;
  routingKey?: string;
  webhook?: 'account' | 'team' | 'service' | 'none';
  team?: string;
  publicUrl?: string;
  webhookSecret?: string;
  replaceSubscription?: true;
  apiUrl?: string;
  eventsUrl?: string;
  dryRun?: true;
  yes?: true;
  test: boolean;
  json?: true;
  color?: boolean;
}

type Setup = Awaited<ReturnType<typeof setUpBy>>;
type Choices = Awaited<ReturnType<typeof choicesOf>>;

/** `baton setup pagerduty`: asks what it has no flag for, makes what is missing, and proves that it works. */
export function addSetupCommands(program: Command, wiring: Wiring): void {
  const setup = program
    .command('setup')
    .description('connect a provider: make there what is needed, and adopt what is there');

  act<SetupOptions>(
    setup
      .command('pagerduty')
      .description(
        'a service with an Events v2 integration, a webhook subscription, and a connection with their secrets; again, it adopts them',
      )
      .option('--name <name>', 'of the connection', 'pagerduty')
      .option('--region <region>', 'us or eu: where the account is')
      .option('--token <token>', 'of the REST API; - reads it from stdin and @file from a file')
      .option('--from <e-mail>', 'the user in whose name automation acts (default: whose token it is)')
      .option('--service <service>', 'id or name; with --escalation-policy one that is not there is made')
      .option('--escalation-policy <policy>', 'id or name, for a new service')
      .option('--integration <name>', 'its name (default: baton-<service>)')
      .option('--routing-key <key>', 'an integration key that you have, or @file: no integration is made')
      .option('--webhook <of>', 'account, team or service: of what webhooks come; none: the address is told')
      .option('--team <team>', 'id or name, with --webhook team')
      .option('--public-url <url>', 'where PagerDuty reaches Baton (default: BATON_PUBLIC_URL)')
      .option('--webhook-secret <secret>', 'of a subscription that leads here already, or @file')
      .option('--replace-subscription', 'make a new one in place of one whose secret nobody knows')
      .option('--api-url <url>', 'another address of the REST API')
      .option('--events-url <url>', 'another address of the Events API')
      .option('--dry-run', 'print the calls, and make none that changes anything')
      .option('--yes', 'do not ask once more before it is done')
      .option('--no-test', 'neither ping the subscription nor raise a test alert'),
    wiring,
    async ({ output, json, options }) => {
      const asking = await askingAt(wiring.streams);
      await withAsk(wiring, async (ask) => {
        const given = await answersFor(await withSecrets(options, wiring), { ask, asking, output });
        if (asking && !options.yes && !options.dryRun) {
          show(await setUpBy(ask, { ...given, dryRun: true }), output);
          if (!(await asking.confirm('Make this?')))
            throw new CliFailure('Nothing was changed', { exit: exits.interrupted });
        }
        const done = await setUpBy(ask, given);
        if (!json) show(done, output);
        const proof =
          done.dryRun || !options.test ? undefined : await prove(ask, done, options.webhook, output, json);
        if (json) output.json({ ...done, ...proof });
        if (!json && !done.dryRun) tellNext(done, output);
        if (proof && (proof.ping?.arrived === false || proof.test.outcome !== 'confirmed'))
          throw new CliFailure(`The connection ${done.connection} is set up, and not yet proven`, {
            next: 'See to what is said above, then do the same once more: what was made is adopted.',
          });
      });
    },
  );
}

async function withSecrets(options: SetupOptions, { streams }: Wiring): Promise<SetupOptions> {
  const secret = async (flag: string, value: string | undefined) =>
    value === undefined ? undefined : givenValue(flag, value, streams.stdin);
  const { token, routingKey, webhookSecret, ...others } = options;
  const read = {
    token: await secret('--token', token),
    routingKey: await secret('--routing-key', routingKey),
    webhookSecret: await secret('--webhook-secret', webhookSecret),
  };
  return { ...others, ...definedOf(read) };
}

/** Left out is not the same as undefined. */
const definedOf = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>;
  };

/** What is asked of the operation: the flags, and the answers to what has none. */
async function answersFor(
  options: SetupOptions,
  { ask, asking, output }: { ask: Ask; asking: Asking | undefined; output: Output },
) {
  const { test: _, yes: __, json: ___, color: ____, ...flags } = options;
  const answers = { ...flags };
  const need = async <Name extends keyof SetupOptions>(
    name: Name,
    by: (asking: Asking) => Promise<unknown>,
  ) => {
    if (answers[name as keyof typeof answers] !== undefined) return;
    if (!asking) throw missing(name);
    Object.assign(answers, { [name]: await by(asking) });
  };
  const isThere = (await ask('connections.list', { provider: 'pagerduty' })).items.some(
    ({ name }) => name === options.name,
  );
  if (!isThere) {
    await need('region', (at) =>
      at.choose('In which service region is the account?', [
        { value: 'us', label: 'US', hint: 'acme.pagerduty.com' },
        { value: 'eu', label: 'EU', hint: 'acme.eu.pagerduty.com' },
      ]),
    );
    await need('token', (at) => at.hide('A token of the REST API (Integrations, API Access Keys)'));
  }
  let choices: Choices | undefined;
  if (asking) {
    choices = await choicesOf(ask, answers);
    tellAccount(choices, output);
    if (!choices.account.owner && !isThere)
      await need('from', (at) => at.write('The address of the user in whose name automation acts'));
  }
  if (answers.routingKey === undefined)
    await need('service', async (at) => {
      const { service, escalationPolicy } = await serviceBy(at, ask, answers, choices);
      if (escalationPolicy !== undefined) answers.escalationPolicy = escalationPolicy;
      return service;
    });
  await need('webhook', (at) =>
    at.choose('Of what are webhooks to come?', [
      { value: 'account', label: 'Of the whole account' },
      ...(choices?.teams.length ? [{ value: 'team', label: 'Of a team' }] : []),
      ...(answers.service === undefined ? [] : [{ value: 'service', label: 'Of this service alone' }]),
      { value: 'none', label: 'None', hint: 'Baton may read PagerDuty’s log instead: BATON_PAGERDUTY_PULL' },
    ]),
  );
  if (answers.webhook === 'team')
    await need('team', (at) =>
      at.search(
        'Of which team?',
        (choices?.teams ?? []).map(({ id, name }) => ({ value: id, label: name, hint: id })),
      ),
    );
  const { webhook } = answers;
  if (webhook === undefined) throw missing('webhook');
  return { ...answers, webhook };
}

const flagOf = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const missing = (name: string) =>
  new CliFailure(`${flagOf(name)} is missing`, {
    why: 'There is no terminal at which it could be asked for.',
    next: 'Give it, or run the command at a terminal. baton setup pagerduty --help tells all flags.',
    exit: exits.usage,
  });

const choicesOf = (
  ask: Ask,
  { name, region, token, apiUrl, eventsUrl, publicUrl }: Partial<SetupOptions>,
  query?: string,
) => ask('setup.choices', definedOf({ name, region, token, apiUrl, eventsUrl, publicUrl, query }));

/** Words into which what PagerDuty or the rights refuse leads, with the flags that help. */
const setUpBy = (ask: Ask, given: Awaited<ReturnType<typeof answersFor>>) =>
  ask('setup.pagerduty', given).catch((error: unknown) => {
    if (error instanceof CliFailure && error.exit === exits.conflict && /secret/.test(error.message))
      throw new CliFailure(error.message, {
        next: '--webhook-secret gives its secret, --replace-subscription makes a new one.',
        exit: exits.conflict,
      });
    throw error;
  });

const newOne = '\n';

/** An existing service, or the name and the escalation policy of a new one. */
async function serviceBy(
  at: Asking,
  ask: Ask,
  answers: Partial<SetupOptions>,
  known: Choices | undefined,
): Promise<{ service: string; escalationPolicy?: string }> {
  const narrowed = known?.more
    ? await choicesOf(
        ask,
        answers,
        await at.write('A part of the service’s name (there are more than can be shown)'),
      )
    : known;
  const listed = (list: readonly { id: string; name: string }[]) =>
    list.map(({ id, name }) => ({ value: id, label: name, hint: id }));
  const chosen = await at.search('On which service is Baton to page?', [
    ...listed(narrowed?.services ?? []),
    { value: newOne, label: 'A new service' },
  ]);
  if (chosen !== newOne) return { service: chosen };
  const service = await at.write('Its name');
  const escalationPolicy =
    answers.escalationPolicy ??
    (await at.search('Its escalation policy', listed(known?.escalationPolicies ?? [])));
  return { service, escalationPolicy };
}

function tellAccount({ account: { owner, missing: lacking } }: Choices, output: Output): void {
  output.note(
    owner
      ? `The token is that of ${printable(owner.name)} (${printable(owner.email)}).`
      : 'The token is one of the account.',
  );
  for (const { what, reason = '' } of lacking)
    output.note(`MISSING  ${printable(what)}: ${printable(reason)}`);
}

function show({ dryRun, steps, calls, address, warnings }: Setup, output: Output): void {
  for (const line of table(steps.map(({ kind, name, outcome, id = '' }) => [kind, name, outcome, id])))
    output.line(line.trimEnd());
  if (address !== undefined) output.line(`webhooks come to ${address}`);
  if (dryRun)
    for (const { method, path, body } of calls) {
      output.line(`${method} ${path}`);
      if (body !== undefined) output.line(`  ${JSON.stringify(body)}`);
    }
  for (const warning of warnings) output.note(`WARNING  ${printable(warning)}`);
}

/** The webhook by a ping that has to come, the key by an alert that has to be there. */
async function prove(
  ask: Ask,
  { connection }: Setup,
  webhook: string | undefined,
  output: Output,
  json: boolean,
) {
  const ping = webhook === 'none' ? undefined : await ask('connections.ping', { name: connection });
  if (ping && !json)
    output.line(`webhook: ${ping.arrived ? 'arrived' : 'NOT ARRIVED'}. ${printable(ping.reason)}`);
  const test = await ask('connections.test', { connection, provider: 'pagerduty' });
  if (!json) output.line(`alert: ${test.outcome}. ${printable(test.reason)}`);
  return { ...(ping ? { ping } : {}), test };
}

function tellNext({ connection, address }: Setup, output: Output): void {
  output.note(
    `Incidents that come by it are filed as ${connection}/<id>, and runs for them act by it. For other runs: baton routes set --provider pagerduty --workflow <workflow> --connection ${connection}`,
  );
  if (address === undefined)
    output.note('BATON_PUBLIC_URL is not set, so it is not known where webhooks could come to.');
}
