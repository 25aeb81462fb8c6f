import { z } from 'zod';
import type { AnyProvider } from '../../activities/provider.ts';
import { namingsIn } from '../../domain/policies.ts';
import type { Action, Details, Entry } from '../../domain/record.ts';
import { actorOf } from '../../domain/rights.ts';
import type { Route } from '../../domain/route.ts';
import { connectionNamePattern, defaultConnection } from '../../domain/subject.ts';
import { connectionStates, mostConnections } from '../../store/connections/connections.ts';
import type { ConnectionValues, StoredConnection } from '../../store/connections/stored-connections.ts';
import { Refusal } from '../refusal.ts';
import { checkedValues, checkRoutedChangeEvents, checkUsable, shownVariables } from './connection-values.ts';
import { checkMoved } from './moved.ts';
import { defineOperation, type OperationContext } from './operation.ts';

export const connectionName = z
  .string()
  .regex(connectionNamePattern, 'is not up to 40 small letters, digits and hyphens')
  .describe('The connection’s name');

export const values = z
  .record(z.string().min(1).max(100), z.string().min(1).max(16_384))
  .describe('By the names of the variables that define the connection default, as PAGERDUTY_API_TOKEN');

const listedShape = z
  .object({
    name: z.string(),
    provider: z.string(),
    state: z.enum(connectionStates).describe('What the last test found; unverified until there was one'),
    at: z.string().describe('Since when'),
    words: z.string(),
    isReadable: z.boolean().describe('False: it was stored under a secret key that this Baton does not have'),
    createdAt: z.string(),
    createdBy: z.string(),
    updatedAt: z.string(),
    updatedBy: z.string(),
  })
  .meta({ id: 'Connection' });

export const shownShape = listedShape
  .extend({
    variables: z.array(
      z.object({
        name: z.string(),
        isSecret: z.boolean(),
        value: z.string().optional(),
        ends: z.string().optional().describe('The last characters of a secret'),
      }),
    ),
  })
  .meta({ id: 'ConnectionWithVariables' });

function listed(connection: StoredConnection): z.input<typeof listedShape> {
  const { name, provider, state, at, words, createdAt, createdBy, updatedAt, updatedBy } = connection;
  const isReadable = connection.values !== undefined;
  return { name, provider, state, at, words, isReadable, createdAt, createdBy, updatedAt, updatedBy };
}

export const shown = (connection: StoredConnection): z.input<typeof shownShape> => ({
  ...listed(connection),
  variables: shownVariables(connection),
});

export async function findConnection(
  name: string,
  { connections }: OperationContext,
): Promise<StoredConnection> {
  const found = (await connections.look()).connections.get(name);
  if (found) return found;
  throw new Refusal(
    404,
    'No such connection',
    name === defaultConnection
      ? 'The connection default is that of the environment’s variables: change those, and restart.'
      : `There is no connection ${name}. connections.list tells those there are.`,
  );
}

export function findProvider(name: string, { providers }: OperationContext) {
  const found = providers.find((each) => each.name === name);
  if (found) return found;
  const names = providers.map((each) => each.name).join(', ');
  throw new Refusal(422, 'No such provider', `There is no provider ${name}. There are: ${names}.`);
}

export function entryAbout<Name extends Action & `${'connection' | 'route'}.${string}`>(
  action: Name,
  name: string,
  detail: Omit<Details[Name], 'name'>,
  { principal, via }: OperationContext,
): Entry {
  const at = new Date().toISOString();
  return {
    at,
    actor: actorOf(principal),
    via,
    action,
    subject: `connection:${name}`,
    detail: { name, ...detail },
  } as unknown as Entry;
}

/** A route as people are told of it. */
export function routeWords({ provider, purpose, workflow, service }: Omit<Route, 'connection'>): string {
  const parts = [
    ...(workflow === undefined ? [] : [`the workflow ${workflow}`]),
    ...(service === undefined ? [] : [`the service ${service}`]),
  ];
  return `the route of ${provider}${purpose === undefined ? '' : ` (${purpose})`} for ${parts.join(' and ')}`;
}

export const listConnections = defineOperation({
  name: 'connections.list',
  kind: 'read',
  right: 'connections.list',
  route: 'GET /connections',
  summary: 'The named connections, the state of each, and the variables that set default',
  input: z.strictObject({ provider: z.string().max(100).optional() }),
  output: z.object({
    items: z.array(listedShape),
    defaults: z
      .array(z.object({ provider: z.string(), variables: z.array(z.string()) }))
      .describe('The connection default of each provider: the variables of the environment that are set'),
  }),
  async run({ provider }, { connections, providers, settings }) {
    const isAsked = (name: string) => provider === undefined || provider === name;
    const all = [...(await connections.look()).connections.values()];
    const set = settings();
    return {
      items: all.filter((each) => isAsked(each.provider)).map(listed),
      defaults: providers
        .filter(({ name }) => isAsked(name))
        .map((each) => ({
          provider: each.name,
          variables: Object.keys(each.settings.shape).filter((name) => name in set),
        })),
    };
  },
});

export const showConnection = defineOperation({
  name: 'connections.show',
  kind: 'read',
  right: 'settings.read',
  route: 'GET /connections/{name}',
  summary: 'A named connection with its variables. Of a secret it shows the last characters at most',
  input: z.strictObject({ name: connectionName }),
  output: shownShape,
  run: async ({ name }, context) => shown(await findConnection(name, context)),
});

export const addConnection = defineOperation({
  name: 'connections.add',
  kind: 'change',
  writesOwnLine: true,
  right: 'connections.change',
  route: 'POST /connections',
  summary: 'Adds a named connection. Its values are encrypted, and nothing gives them out again',
  subject: ({ name }) => `connection:${name}`,
  secrets: ['values'],
  input: z.strictObject({ name: connectionName, provider: z.string().max(100), values }),
  output: shownShape,
  async run({ name, provider, values: given }, context) {
    const { connections, principal } = context;
    if (name === defaultConnection)
      throw new Refusal(
        422,
        'Name not usable',
        'The connection default is that of the environment’s variables. Choose another name.',
      );
    const of = findProvider(provider, context);
    const checked = checkedValues(of, given);
    await checkUsable(of, checked.values);
    const before = await connections.look();
    checkRoutedChangeEvents(name, checked.values, before.routes);
    const detail = { provider, variables: Object.keys(checked.values).sort() };
    const entry = entryAbout('connection.added', name, detail, context);
    if (!(await connections.add({ name, provider, ...checked, by: actorOf(principal), entry })))
      throw before.connections.size >= mostConnections
        ? new Refusal(
            409,
            'Too many',
            `There are ${mostConnections} connections, which is the most. Remove one.`,
          )
        : new Refusal(
            409,
            'Name taken',
            `There is a connection ${name}. Choose another name, or change that one (connections.change).`,
          );
    return shown(await findConnection(name, context));
  },
});

export const changeConnection = defineOperation({
  name: 'connections.change',
  kind: 'change',
  writesOwnLine: true,
  right: 'connections.change',
  route: 'POST /connections/{name}/change',
  summary:
    'Gives a connection new values, all at once; what is not named stays, and null takes a variable away',
  subject: ({ name }) => `connection:${name}`,
  secrets: ['values'],
  input: z.strictObject({
    name: connectionName,
    values: z.record(values.keyType, values.valueType.nullable()).describe('The values that change'),
  }),
  output: shownShape,
  run: ({ name, values: given }, context) => giveValues(name, given, context),
});

/** Gives a connection these values beside those that it has; null takes one away. `mayBe` refuses those that are not to be given so. */
export async function giveValues(
  name: string,
  given: Record<string, string | null>,
  context: OperationContext,
  mayBe: (names: readonly string[], provider: AnyProvider) => void = () => {},
): Promise<z.input<typeof shownShape>> {
  const { connections, principal } = context;
  const before = await findConnection(name, context);
  const provider = findProvider(before.provider, context);
  mayBe(Object.keys(given), provider);
  // Where the old ones cannot be read, the new ones must be all.
  const merged = Object.entries({ ...before.values, ...given }).filter(([, value]) => value !== null);
  const checked = checkedValues(provider, Object.fromEntries(merged) as ConnectionValues);
  checkMoved(before, Object.keys(given), checked.values, provider);
  await checkUsable(provider, checked.values);
  checkRoutedChangeEvents(name, checked.values, (await connections.known()).routes);
  const detail = { provider: before.provider, variables: Object.keys(given).sort() };
  const entry = entryAbout('connection.changed', name, detail, context);
  if (!(await connections.change(before, { ...checked, by: actorOf(principal), entry })))
    throw new Refusal(
      409,
      'Changed meanwhile',
      `The connection ${name} was changed or removed meanwhile. Look at it again.`,
    );
  return shown(await findConnection(name, context));
}

/** The routes, the policies and lists, and the live runs that use it, in words. */
export async function connectionUses(
  name: string,
  { store, connections, policies }: OperationContext,
): Promise<string[]> {
  const routes = (await connections.known()).routes.filter(({ connection }) => connection === name);
  const listed = namingsIn(await policies()).filter(({ connection }) => connection === name);
  const runs = await store.connectionUsers(name);
  return [
    ...routes.map(routeWords),
    ...listed.map(({ what }) => what),
    ...runs.map(({ run }) => `the run ${run}`),
  ];
}

/** The refusal to take away a connection that is used. `users`: as `connectionUses` tells them. */
export const inUse = (name: string, users: readonly string[]) =>
  new Refusal(
    409,
    'In use',
    `The connection ${name} is used by ${users.slice(0, 20).join('; ')}. Remove the routes, take it out of the reviewed files and let the runs end, or force it: ` +
      'their calls then fail.',
  );

export const removeConnection = defineOperation({
  name: 'connections.remove',
  kind: 'change',
  writesOwnLine: true,
  right: 'connections.change',
  route: 'DELETE /connections/{name}',
  summary: 'Removes a connection that nothing uses; connections.restore brings it back for 30 days',
  subject: ({ name }) => `connection:${name}`,
  input: z.strictObject({
    name: connectionName,
    force: z
      .boolean()
      .default(false)
      .describe(
        'Also where routes, policies, lists or live runs use it: their calls then fail, and go by no other account',
      ),
  }),
  output: z.object({
    name: z.string(),
    users: z.array(z.string()).describe('What used it'),
    left: z
      .array(z.string())
      .optional()
      .describe('What setup has made for it at the provider, and what stays: teardown takes it away'),
  }),
  async run({ name, force }, context) {
    const { store, connections } = context;
    await findConnection(name, context);
    const users = await connectionUses(name, context);
    if (users.length > 0 && !force) throw inUse(name, users);
    const entry = entryAbout('connection.removed', name, { users, force }, context);
    await store.removeConnection(name, actorOf(context.principal), entry);
    await connections.look();
    const left = (await store.listSetUp(name)).map(
      ({ kind, name: thing, id }) => `${kind} ${thing} (${id ?? 'perhaps'})`,
    );
    return { name, users, ...(left.length === 0 ? {} : { left }) };
  },
});
