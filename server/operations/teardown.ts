import { z } from 'zod';
import { actorOf } from '../../domain/rights.ts';
import { type SetUp, type SetUpItem, type SetUpRemoval, sourceOf } from '../../domain/set-up.ts';
import { defaultConnection } from '../../domain/subject.ts';
import { restorableDays } from '../../store/connections/connections.ts';
import type { StoredConnection } from '../../store/connections/stored-connections.ts';
import { Refusal } from '../refusal.ts';
import { reach, setUpProvider } from '../set-up/account.ts';
import { asRefusal } from '../set-up/set-up.ts';
import { dropSecret, removeSource, sourceKind, useOfSource } from '../set-up/source.ts';
import { setUpMilliseconds, takeTurn } from '../set-up/turn.ts';
import { connectionName, connectionUses, entryAbout, findConnection, inUse } from './connections.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { callShape } from './setup.ts';

type Made = SetUpItem & { id: string };
const itemShape = z.object({ kind: z.string(), name: z.string(), id: z.string() });

export const teardownConnection = defineOperation({
  name: 'teardown.connection',
  kind: 'change',
  right: 'connections.change',
  route: 'POST /teardown/{provider}/{name}',
  summary:
    'Takes away what setup has made for a connection, and the connection; nothing else, and nothing that is in use',
  subject: ({ name }) => `connection:${name}`,
  input: z.strictObject({
    provider: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/)
      .describe('Whose connection it is: pagerduty'),
    name: connectionName,
    force: z
      .boolean()
      .default(false)
      .describe(
        'Also where routes, policies, lists or live runs use it, or the provider takes its token no more; what is in use there stays',
      ),
    dryRun: z.boolean().default(false).describe('Looks, changes nothing, and tells the calls'),
  }),
  output: z.object({
    name: z.string(),
    dryRun: z.boolean(),
    removed: z.array(itemShape).describe('Beside the connection; in a dry run what would be'),
    calls: z.array(callShape).describe('At the provider'),
    byHand: z.array(z.string()).describe('What only a person can take away'),
    warnings: z.array(z.string()),
    restorableUntil: z
      .string()
      .optional()
      .describe('connections.restore brings the connection back until then'),
  }),
  async run({ provider: named, name, force, dryRun }, context) {
    const { store, connections, principal } = context;
    const signal = AbortSignal.timeout(setUpMilliseconds);
    const connection = await findConnection(name, context);
    const provider = setUpProvider(named, context);
    if (connection.provider !== provider.name)
      throw new Refusal(
        422,
        'Of another provider',
        `The connection ${name} is one of ${connection.provider}.`,
      );
    const users = await connectionUses(name, context);
    if (users.length > 0 && !force && !dryRun) throw inUse(name, users);
    const warnings =
      users.length > 0 ? [`It is used, and its calls then fail: ${users.slice(0, 20).join('; ')}`] : [];
    const turns = dryRun ? [] : [await takeTurn(name, context)];
    try {
      const items = await store.listSetUp(name);
      // Nobody is to find meanwhile what is about to go.
      if (!dryRun) for (const source of sourcesOf(items)) turns.push(await takeTurn(source, context));
      const setUp = await provider.setUp.load();
      const asked = { connection, title: provider.title, setUp, items, force, warnings };
      const { going, byHand, unsure } = await look(asked, context, signal);
      if (!dryRun) {
        for (const { item, removal } of going) {
          await removal.remove(signal);
          const { kind, id, name: thing } = item;
          await store.forgetSetUp(
            name,
            item,
            entryAbout('connection.torn_down', name, { kind, id, thing }, context),
          );
        }
        const staying = [...byHand.map(({ item }) => item), ...(await store.listAdopted(name))];
        for (const source of leftBy(going, staying)) await dropSecret(name, source, context);
        for (const item of [...unsure, ...byHand.map(({ item: each }) => each)])
          await store.forgetSetUp(name, item);
        await store.forgetAdopted(name);
        const entry = entryAbout('connection.removed', name, { users, force }, context);
        await store.removeConnection(name, actorOf(principal), entry);
        await connections.look();
      }
      const until = new Date(Date.now() + restorableDays * 24 * 3_600_000).toISOString();
      return {
        name,
        dryRun,
        removed: going.map(({ item: { kind, name: thing, id } }) => ({ kind, name: thing, id })),
        calls: going.flatMap(({ removal }) => [...removal.calls]),
        byHand: [
          ...byHand.map(({ words }) => words),
          ...going.flatMap(({ item }) => (item.kind === sourceKind ? handMade(item, provider.title) : [])),
          ...(setUp.left?.(connection.values ?? {}) ?? []),
        ],
        warnings,
        ...(dryRun ? {} : { restorableUntil: until }),
      };
    } catch (error) {
      throw asRefusal(error, 'Do it again: what is gone already is left out.');
    } finally {
      for (const release of turns) await release();
    }
  },
});

/** Nobody tells which there are: that of an organization is seen by no token of its repositories. */
const handMade = ({ name }: SetUpItem, title: string) =>
  `Webhooks that people have made in ${title} and that lead to /webhooks/http/${name} find nothing there any more: delete them, or restore the source (connections.restore)`;

const sourcesOf = (items: readonly SetUpItem[]) =>
  new Set(items.flatMap((item) => (item.kind === sourceKind ? item.name : (sourceOf(item) ?? []))));

/** The sources to which none of its webhooks leads any more: one that it has adopted may have its secret. */
function leftBy(going: Looked['going'], staying: readonly Pick<SetUpItem, 'of'>[]): Set<string> {
  const kept = staying.map(sourceOf);
  const left = going.flatMap(({ item }) => sourceOf(item) ?? []);
  return new Set(left.filter((source) => !kept.includes(source)));
}

interface Asked {
  connection: StoredConnection;
  /** Of the provider. */
  title: string;
  setUp: SetUp<unknown>;
  items: readonly SetUpItem[];
  force: boolean;
  warnings: string[];
}

interface Looked {
  /** In the order in which they go: what lies in another thing goes with it. */
  going: { item: Made; removal: SetUpRemoval }[];
  byHand: { item: SetUpItem; words: string }[];
  /** Nobody knows whether they were made. */
  unsure: SetUpItem[];
}

/** What goes, what only a person can take away, and what has to stay. Refuses where something is in use. */
async function look(asked: Asked, context: OperationContext, signal: AbortSignal): Promise<Looked> {
  const { connection, title, setUp, items, force, warnings } = asked;
  const { name } = connection;
  const unsure = items.filter(({ id }) => id === undefined);
  for (const { kind, name: thing } of unsure)
    warnings.push(
      `Whether the ${kind} ${thing} was made is not known, as setup was cut off there: look for it in ${title}`,
    );
  const made = items.flatMap((item) =>
    [item.id, item.earlier].flatMap((id): Made[] => (id === undefined ? [] : [{ ...item, id }])),
  );
  const theirs = made.filter(({ kind }) => kind !== sourceKind);
  const going: Looked['going'] = [];
  const byHand: Looked['byHand'] = [];
  const stays = (item: Made, why: string) => `The ${item.kind} ${item.name} (${item.id}) stays, since ${why}`;
  const decide = async (item: Made, removal: SetUpRemoval, otherUse?: string) => {
    const why = otherUse ?? (await removal.inUse(items, signal));
    if (why !== undefined && !force && removal.byHand === undefined)
      throw new Refusal(
        409,
        'In use',
        `It is not torn down, since ${why}. See to that, or force it: the ${item.kind} then stays.`,
      );
    if (why !== undefined) byHand.push({ item, words: stays(item, why) });
    else if (removal.byHand !== undefined) byHand.push({ item, words: removal.byHand });
    else going.push({ item, removal });
  };
  for (const item of made)
    if (item.kind === sourceKind) await decide(item, sourceRemoval(name, item, context));
  if (theirs.length > 0) {
    const otherUse = await otherUsesOf(asked, context);
    const before = { going: [...going], byHand: [...byHand] };
    try {
      const { client, values } = await reach({ name, provider: connection.provider, answers: {} }, context);
      // A token that the provider takes no more is told in its own words.
      await setUp.account(client, values, signal);
      for (const item of theirs) {
        const removal = setUp.removal?.(client, item);
        if (removal) await decide(item, removal, otherUse(item));
      }
    } catch (error) {
      if (!force || (error instanceof Refusal && error.status === 409)) throw error;
      const refusal = asRefusal(error, '');
      if (!(refusal instanceof Refusal)) throw error;
      warnings.push(`${title} could not be asked: ${refusal.message}`);
      const left = theirs.map((item) => {
        const why = otherUse(item);
        const words = why
          ? stays(item, why)
          : `Delete the ${item.kind} ${item.name} (${item.id}) in ${title}`;
        return { item, words };
      });
      return { going: before.going, byHand: [...before.byHand, ...left], unsure };
    }
  }
  // What was made last goes first: nothing comes any more by what is about to go. An integration goes with its service.
  const parts = new Map(made.map((item, index) => [item, index]));
  going.sort((one, other) => (parts.get(other.item) ?? 0) - (parts.get(one.item) ?? 0));
  const wholes = new Set(going.map(({ item }) => item.id));
  return { going, byHand: byHand.filter(({ item }) => !wholes.has(item.of)), unsure };
}

const sourceRemoval = (connection: string, item: Made, context: OperationContext): SetUpRemoval => ({
  inUse: () => useOfSource(connection, item, context),
  calls: [],
  remove: () => removeSource(item, context),
});

/** Why a thing that setup has made for a connection has to stay: another connection has it too, or its key. */
async function otherUsesOf(
  { connection: { name, provider, values: own }, setUp }: Asked,
  { store, connections, ownValues }: OperationContext,
): Promise<(item: Made) => string | undefined> {
  const { connections: all } = await connections.look();
  const others = await Promise.all(
    [...all.values()]
      .filter((each) => each.provider === provider && each.name !== name)
      .map(async ({ name: other, values }) => ({
        other,
        values,
        has: [...(await store.listSetUp(other)), ...(await store.listAdopted(other))],
      })),
  );
  const everyOther = [...others, { other: defaultConnection, values: ownValues(), has: [] }];
  return (item) => {
    const variable = setUp.sharedBy?.(item);
    const key = variable === undefined ? undefined : own?.[variable];
    for (const { other, values, has } of everyOther) {
      const isSame = variable !== undefined && key !== undefined && values?.[variable] === key;
      if (isSame || has.some((each) => isSameThing(each, item))) return `the connection ${other} uses it too`;
      if (key !== undefined && values === undefined)
        return `the connection ${other} cannot be read, and perhaps uses it too`;
    }
    return undefined;
  };
}

const isSameThing = (one: Omit<SetUpItem, 'at' | 'by'>, other: SetUpItem) =>
  one.kind === other.kind && one.id === other.id && one.of === other.of;
