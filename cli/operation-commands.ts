import type { Command } from 'commander';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import type { AnyOperation } from '../server/operations/operation.ts';
import { printAnswer } from './answer.ts';
import { act, parseLimit, withAsk } from './command.ts';
import { givenValue } from './given-value.ts';
import type { Streams } from './output.ts';
import { firstOf } from './pages.ts';

/**
 * The first words of the commands that are made here. Stated, so that `baton --help` does not load the operations. Those without a
 * description have one already, with commands of their own.
 */
const nouns: Readonly<Record<string, string>> = {
  activities: '',
  approvals: '',
  changes: 'what holds changes back: kill switch, freezes, breakers',
  connections: '',
  identities: 'who in Slack is who in PagerDuty',
  me: 'who you are to Baton',
  policies: 'how failed runs page, which changes are told, and what is urgent',
  people: 'who may sign in, and who they are in Slack',
  questions: '',
  subscriptions: 'who is told of what Baton does, by HTTP',
  simulator: 'play incidents and faults in the simulated providers',
  routes: 'by which connection which runs act',
  tokens: 'the tokens of programs',
  triggers: '',
};

/**
 * Gives each operation that has no command yet `baton <noun> <verb>`, made from its declaration: the fields in the braces of its route,
 * else its `name`, are arguments; a record takes the arguments after them, as NAME=value; all else is an option. The operations load only
 * where the command line names their noun, and the door checks what is given.
 */
export async function addOperationCommands(program: Command, wiring: Wiring): Promise<void> {
  for (const [name, about] of Object.entries(nouns)) {
    const noun =
      program.commands.find((each) => each.name() === name) ?? program.command(name).description(about);
    if (wiring.argv.slice(0, 2).includes(name)) await addVerbs(noun, wiring);
  }
}

async function addVerbs(noun: Command, wiring: Wiring): Promise<void> {
  const { operations } = await import('../server/operations/index.ts');
  for (const operation of operations as readonly AnyOperation[]) {
    const [of, verb = ''] = operation.name.split('.');
    const isServed = noun.commands.some((each) => each.name() === verb);
    if (of === noun.name() && !isServed) await addVerb(noun.command(verb), operation, wiring);
  }
}

/** As much of JSON schema as inputs are made of. */
interface Schema {
  type?: string;
  enum?: string[];
  description?: string;
  default?: unknown;
  anyOf?: Schema[];
  additionalProperties?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

async function addVerb(command: Command, operation: AnyOperation, wiring: Wiring): Promise<void> {
  const { routeOf } = await import('../server/api/input.ts');
  const { jsonSchemaOf } = await import('../server/operations/schema.ts');
  const { properties = {}, required = [] } = jsonSchemaOf(operation.input, 'input') as Schema;
  const inPath = routeOf(operation).fields;
  const named = inPath.length > 0 ? inPath : required.filter((field) => field === 'name');
  const fields = Object.entries(properties).filter(([field]) => !named.includes(field));
  const pairs = fields.find(([, schema]) => schema.type === 'object');
  const isPaged = 'cursor' in properties;
  const asOptions = fields.filter(([field]) => field !== pairs?.[0] && !(isPaged && isOfPages(field)));

  command.description(operation.summary);
  for (const field of named) command.argument(`<${optionName(field)}>`, properties[field]?.description);
  if (pairs) command.argument('[NAME=value...]', `${pairs[1].description}. ${howToHide}`);
  for (const [field, schema] of asOptions) addOption(command, field, schema, required.includes(field));
  if (isPaged) command.option('--limit <n>', 'at most n of them', parseLimit, 50);

  act<Record<string, unknown>>(command, wiring, async ({ output, json, options }, ...operands) => {
    const input: Record<string, unknown> = {};
    for (const [index, field] of named.entries()) input[field] = operands[index];
    for (const [field, schema] of asOptions)
      if (options[field] !== undefined) input[field] = typed(options[field], schema);
    if (pairs)
      input[pairs[0]] = await readPairs(operands.slice(named.length).flat(), pairs[1], wiring.streams);
    const answer = await withAsk(wiring, (ask) => {
      const askFor = ask as (name: string, input: object) => Promise<unknown>;
      if (!isPaged) return askFor(operation.name, input);
      const page = (of: object) =>
        askFor(operation.name, { ...input, ...of }) as Promise<{ items: unknown[] }>;
      return firstOf(page, options.limit as number).then((items) => ({ items }));
    });
    printAnswer(answer, { output, json, secret: operation.shownOnce, whole: operation.itemsAreOneOf });
  });
}

const isOfPages = (field: string) => field === 'limit' || field === 'cursor';
const howToHide =
  'NAME=- reads it from stdin and NAME=@file from a file, so that a secret stands in no history of a shell';

/** `slackUser` as an option has it: `slack-user`. */
const optionName = (field: string): string =>
  field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const isNullable = ({ anyOf = [] }: Schema) => anyOf.some(({ type }) => type === 'null');

function addOption(command: Command, field: string, schema: Schema, isRequired: boolean): void {
  const words = [
    schema.description ?? schema.anyOf?.[0]?.description ?? '',
    ...(schema.enum ? [`one of: ${schema.enum.join(', ')}`] : []),
    ...(isRequired && !isNullable(schema) ? ['required'] : []),
    ...(schema.type === 'array' ? ['may be given more than once'] : []),
    ...(schema.default === undefined || schema.type === 'boolean' ? [] : [`(default: ${schema.default})`]),
  ];
  const about = words.filter((each) => each !== '').join('; ');
  const flag = `--${optionName(field)}`;
  if (schema.type === 'boolean') command.option(flag, about);
  else if (schema.type === 'array')
    command.option(`${flag} <value>`, about, (value: string, before: string[] = []) => [...before, value]);
  else if (isNullable(schema))
    command.option(`${flag} <value>`, about).option(`--no-${optionName(field)}`, 'take it back');
  else if (isRequired) command.requiredOption(`${flag} <value>`, about);
  else command.option(`${flag} <value>`, about);
}

/** An option as the schema's type of it. What is none stays text, and the door refuses it. */
function typed(given: unknown, schema: Schema): unknown {
  if (given === false && isNullable(schema)) return null;
  const isNumber = schema.type === 'integer' || schema.type === 'number';
  return isNumber && /^-?\d+(\.\d+)?$/.test(String(given)) ? Number(given) : given;
}

/** `NAME=value`, where a value is `-` for stdin, `@file` for what stands in a file, and nothing at all for null where the field takes that. */
async function readPairs(
  given: readonly string[],
  { additionalProperties = {} }: Schema,
  { stdin }: Streams,
): Promise<Record<string, string | null>> {
  const pairs: [string, string | null][] = [];
  for (const pair of given) {
    const [, name, value] = /^(\w{1,100})=(.*)$/s.exec(pair) ?? [];
    // What was given may be a secret, so it is not told.
    if (name === undefined || value === undefined)
      throw new CliFailure('One of the values is not of the form NAME=value', { exit: exits.usage });
    if (value === '' && isNullable(additionalProperties)) pairs.push([name, null]);
    else pairs.push([name, await givenValue(name, value, stdin)]);
  }
  return Object.fromEntries(pairs);
}
