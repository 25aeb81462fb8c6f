import type { Command } from 'commander';
import type { AnyProvider } from '../activities/provider.ts';
import type { SetUpForm } from '../domain/set-up-questions.ts';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { printAnswer } from './answer.ts';
import { act, withAsk } from './command.ts';
import { givenValue } from './given-value.ts';
import { type Output, printable } from './output.ts';
import { askingAt } from './questions-asked.ts';
import { answersFor, flagOf } from './setup-answers.ts';
import { printRows } from './table.ts';

interface Options extends Record<string, unknown> {
  name: string;
  print?: true;
  dryRun?: true;
  yes?: true;
  keepTest?: true;
  test: boolean;
}

type Setup = Awaited<ReturnType<typeof connect>>;
/** A provider that setup knows, and its word. */
type Known = Pick<AnyProvider, 'title' | 'name'> & { form: SetUpForm; word: string };

/**
 * `baton setup <provider>`: asks what it has no flag for, makes what is missing, and proves that it works; `baton teardown <provider>`. The
 * providers load only where the command line names one of the two.
 */
export async function addSetupCommands(program: Command, wiring: Wiring): Promise<void> {
  const setup = program
    .command('setup')
    .description('connect a provider: make there what is needed, and adopt what is there');
  const teardown = program.command('teardown').description('take away what setup has made');
  if (!wiring.argv.slice(0, 2).some((word) => word === 'setup' || word === 'teardown')) return;
  for (const { name, title, setUp: form } of await wiring.loadProviders()) {
    if (!form) continue;
    const known = { name, title, form, word: form.word ?? name };
    addSetup(setup.command(known.word), known, wiring);
    addTeardown(teardown.command(known.word), known, wiring);
  }
}

function addSetup(command: Command, known: Known, wiring: Wiring): void {
  const { title, word, form } = known;
  command
    .description(
      `connect ${title}: asks what no flag answers, makes what is missing, adopts what is there, and tests it`,
    )
    .option('--name <name>', 'of the connection', word);
  for (const { name, about, kind, oneOf, isSecret, isConsent } of form.questions) {
    if (isConsent) continue;
    const words = [
      about,
      ...(oneOf ? [`one of: ${oneOf.map(({ value }) => value).join(', ')}`] : []),
      ...(kind === 'list' ? ['separated by commas'] : []),
      ...(isSecret ? ['- reads it from stdin and @file from a file'] : []),
    ].join('; ');
    command.option(kind === 'flag' ? flagOf(name) : `${flagOf(name)} <value>`, words);
  }
  command
    .option('--print', `print what an administrator of ${title} applies or grants, and do nothing`)
    .option('--dry-run', 'print the calls, and make none that changes anything')
    .option('--yes', 'do not ask once more before it is done')
    .option('--keep-test', 'leave what the test has sent, where it could be taken away')
    .option('--no-test', 'do not test what was set up');
  act<Options>(command, wiring, async ({ output, json, options }) => {
    const flags = await flagsIn(options, known, wiring);
    await withAsk(wiring, async (ask) => {
      if (options.print)
        return print(ask, { provider: word, name: options.name, answers: flags }, output, json);
      await setUp(ask, { known, flags, options }, wiring, output, json);
    });
  });
}

async function setUp(
  ask: Ask,
  { known, flags, options }: { known: Known; flags: Record<string, string>; options: Options },
  wiring: Wiring,
  output: Output,
  json: boolean,
): Promise<void> {
  const { word, name: provider, form } = known;
  const { name } = options;
  const asking = await askingAt(wiring.streams);
  const isThere = (await ask('connections.list', { provider })).items.some((each) => each.name === name);
  if (asking && !isThere && form.first !== undefined) output.note(form.first);
  const { questions } = form;
  const answers = await answersFor(flags, { word, name, isThere, questions, ask, asking, output });
  const given = { provider: word, name, answers };
  const by = (dryRun: boolean) => connect(ask, { ...given, dryRun }, form);
  if (asking && !options.yes && !options.dryRun) {
    show(await by(true), output);
    if (!(await asking.confirm('Make this?')))
      throw new CliFailure('Nothing was changed', { exit: exits.interrupted });
  }
  const done = await by(options.dryRun === true);
  if (!json) show(done, output);
  const proof =
    done.dryRun || !options.test
      ? undefined
      : await prove(ask, done, options.keepTest === true, output, json);
  if (json) output.json({ ...done, ...proof });
  if (!json && !done.dryRun && form.next) output.note(form.next(done.connection));
  if (proof && (proof.ping?.arrived === false || proof.test.outcome !== 'confirmed'))
    throw new CliFailure(`The connection ${done.connection} is set up, and not yet proven`, {
      next: 'See to what is said above, then do the same once more: what was made is adopted.',
    });
}

/** The answers that flags gave, secrets read from where they are. */
async function flagsIn(
  options: Options,
  { form }: Known,
  { streams }: Wiring,
): Promise<Record<string, string>> {
  const flags: Record<string, string> = {};
  for (const { name, isSecret } of form.questions) {
    const given = options[name];
    if (given === undefined) continue;
    flags[name] =
      given === true
        ? 'true'
        : isSecret
          ? await givenValue(flagOf(name), String(given), streams.stdin)
          : String(given);
  }
  return flags;
}

async function print(
  ask: Ask,
  about: { provider: string; name: string; answers: Record<string, string> },
  output: Output,
  json: boolean,
) {
  const { items } = await ask('setup.papers', about);
  if (json) return output.json({ items });
  for (const { name, text } of items) {
    output.note(name);
    output.line(text.trimEnd());
  }
}

/** Words into which what the provider or the rights refuse leads, with the flags that help. */
const connect = (
  ask: Ask,
  given: { provider: string; name: string; answers: Record<string, string>; dryRun: boolean },
  { helps = [] }: SetUpForm,
) =>
  ask('setup.connect', given).catch((error: unknown) => {
    const help =
      error instanceof CliFailure ? helps.find(({ words }) => words.test(error.message)) : undefined;
    if (error instanceof CliFailure && help)
      throw new CliFailure(error.message, { next: help.next, exit: exits.conflict });
    throw error;
  });

function show({ dryRun, steps, calls, address, warnings }: Setup, output: Output): void {
  printRows(
    steps.map(({ kind, name, outcome, id = '' }) => [kind, name, outcome, id]),
    output,
  );
  if (address !== undefined) output.line(`webhooks come to ${address}`);
  if (dryRun)
    for (const { method, path, body } of calls) {
      output.line(`${method} ${path}`);
      if (body !== undefined) output.line(`  ${JSON.stringify(body)}`);
    }
  for (const warning of warnings) output.note(`WARNING  ${printable(warning)}`);
}

/** The webhook by a ping that has to come, all else by the test of the connection. */
async function prove(
  ask: Ask,
  { connection, provider, pings }: Setup,
  keep: boolean,
  output: Output,
  json: boolean,
) {
  const ping = pings ? await ask('connections.ping', { name: connection }) : undefined;
  if (ping && !json)
    output.line(`webhook: ${ping.arrived ? 'arrived' : 'NOT ARRIVED'}. ${printable(ping.reason)}`);
  const test = await ask('connections.test', { connection, provider, keep });
  if (!json) output.line(`test: ${test.outcome}. ${printable(test.reason)}`);
  return { ...(ping ? { ping } : {}), test };
}

function addTeardown(command: Command, { title, word }: Known, wiring: Wiring): void {
  command
    .description(`take away what setup has made for a connection to ${title}, and the connection`)
    .argument('<name>', 'of the connection')
    .option('--force', 'also where it is in use: its calls then fail, and what is in use there stays')
    .option('--dry-run', 'print what it would take away, and change nothing');
  act<{ force?: true; dryRun?: true }>(command, wiring, async ({ output, json, options }, name = '') => {
    const { force = false, dryRun = false } = options;
    const answer = await withAsk(wiring, (ask) =>
      ask('teardown.connection', { provider: word, name, force, dryRun }),
    );
    printAnswer(answer, { output, json, secret: undefined });
  });
}
