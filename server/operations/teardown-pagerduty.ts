import { z } from 'zod';
import { actorOf } from '../../domain/rights.ts';
import type { SetUpItem, SetUpRemoval } from '../../domain/set-up.ts';
import { defaultConnection } from '../../domain/subject.ts';
import { restorableDays } from '../../store/connections.ts';
import { Refusal } from '../refusal.ts';
import { asRefusal } from '../set-up.ts';
import { connectionName, connectionUses, entryAbout, findConnection } from './connections.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { reach, setUpMilliseconds, takeTurn } from './setup.ts';
import { callShape } from './setup-pagerduty.ts';

type Made = SetUpItem & { id: string };
const itemShape = z.object({ kind: z.string(), name: z.string(), id: z.string() });

export const teardownPagerDuty = defineOperation({
  name: 'teardown.pagerduty',
  kind: 'change',
  right: 'connections.change',
  route: 'POST /teardown/pagerduty/{name}',
  summary:
    'Takes away what setup has made for a connection, and the connection; nothing else, and nothing that is in use',
  subject: ({ name }) => `connection:${name}`,
  input: z.strictObject({
    name: connectionName,
    force: z
      .boolean()
      .default(false)
      .describe(
        'Also where routes or live runs use it, or PagerDuty takes its token no more; a service in use stays',
      ),
    dryRun: z.boolean().default(false).describe('Looks, changes nothing, and tells the calls'),
  }),
  output: z.object({
    name: z.string(),
    dryRun: z.boolean(),
    removed: z.array(itemShape).describe('At PagerDuty; in a dry run what would be'),
    calls: z.array(callShape),
    byHand: z.array(z.string()).describe('What only a person can take away'),
    warnings: z.array(z.string()),
    restorableUntil: z
      .string()
      .optional()
      .describe('connections.restore brings the connection back until then'),
  }),
  async run({ name, force, dryRun }, context) {
    const { store, connections, principal } = context;
    const signal = AbortSignal.timeout(setUpMilliseconds);
    const connection = await findConnection(name, context);
    if (connection.provider !== 'pagerduty')
      throw new Refusal(
        422,
        'Of another provider',
        `The connection ${name} is one of ${connection.provider}.`,
      );
    const users = await connectionUses(name, context);
    if (users.length > 0 && !force && !dryRun) throw inUse(name, users);
    const warnings =
      users.length > 0 ? [`It is used, and its calls then fail: ${users.slice(0, 20).join('; ')}`] : [];
    const release = dryRun ? undefined : await takeTurn(name, context);
    try {
      const items = await store.listSetUp(name);
      const { going, byHand, unsure } = await look(name, items, { force, warnings }, context, signal);
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
        for (const item of [...unsure, ...byHand.map(({ item: each }) => each)])
          await store.forgetSetUp(name, item);
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
        byHand: byHand.map(({ words }) => words),
        warnings,
        ...(dryRun ? {} : { restorableUntil: until }),
      };
    } catch (error) {
      throw asRefusal(error, 'Do it again: what is gone already is left out.');
    } finally {
      await release?.();
    }
  },
});

const inUse = (name: string, users: readonly string[]) =>
  new Refusal(
    409,
    'In use',
    `The connection ${name} is used by ${users.slice(0, 20).join('; ')}. Remove the routes and let the runs end, or force it: ` +
      'their calls then fail.',
  );

interface Looked {
  /** In the order in which they go: what lies in a service goes with it. */
  going: { item: Made; removal: SetUpRemoval }[];
  byHand: { item: SetUpItem; words: string }[];
  /** Nobody knows whether they were made. */
  unsure: SetUpItem[];
}

/** What goes, what only a person can take away, and what has to stay. Refuses where something is in use. */
async function look(
  name: string,
  items: readonly SetUpItem[],
  { force, warnings }: { force: boolean; warnings: string[] },
  context: OperationContext,
  signal: AbortSignal,
): Promise<Looked> {
  const unsure = items.filter(({ id }) => id === undefined);
  for (const { kind, name: thing } of unsure)
    warnings.push(
      `Whether the ${kind} ${thing} was made is not known, as setup was cut off there: look for it in PagerDuty`,
    );
  const made = items.filter((item): item is Made => item.id !== undefined);
  const going: Looked['going'] = [];
  const byHand: Looked['byHand'] = [];
  if (made.length === 0) return { going, byHand, unsure };
  const otherUse = await otherUsesOf(name, context);
  const stays = (item: Made, why: string) => `The ${item.kind} ${item.name} (${item.id}) stays, since ${why}`;
  try {
    const { setUp, client, values } = await reach({ name }, {}, context);
    // A token that PagerDuty takes no more is told in its own words.
    await setUp.account(client, values, signal);
    for (const item of made) {
      const removal = setUp.removal(client, item);
      const why = otherUse(item) ?? (await removal.inUse(items, signal));
      if (why !== undefined && !force && removal.byHand === undefined)
        throw new Refusal(
          409,
          'In use',
          `It is not torn down, since ${why}. See to that, or force it: the ${item.kind} then stays.`,
        );
      if (why !== undefined) byHand.push({ item, words: stays(item, why) });
      else if (removal.byHand !== undefined) byHand.push({ item, words: removal.byHand });
      else going.push({ item, removal });
    }
  } catch (error) {
    if (!force || (error instanceof Refusal && error.status === 409)) throw error;
    const refusal = asRefusal(error, '');
    if (!(refusal instanceof Refusal)) throw error;
    warnings.push(`PagerDuty could not be asked: ${refusal.message}`);
    return {
      going: [],
      byHand: made.map((item) => {
        const why = otherUse(item);
        const words = why
          ? stays(item, why)
          : `Delete the ${item.kind} ${item.name} (${item.id}) in PagerDuty`;
        return { item, words };
      }),
      unsure,
    };
  }
  // The subscription first: nothing comes any more by what is about to go. An integration goes with its service.
  going.sort((one, other) => Number(one.item.kind === 'service') - Number(other.item.kind === 'service'));
  const services = new Set(going.map(({ item }) => item.id));
  return { going, byHand: byHand.filter(({ item }) => !services.has(item.of)), unsure };
}

/** Why a thing that setup has made for a connection has to stay: another connection has adopted it, and so has its key. */
async function otherUsesOf(
  name: string,
  { store, connections, ownValues }: OperationContext,
): Promise<(item: Made) => string | undefined> {
  const { connections: all } = await connections.look();
  const key = all.get(name)?.values?.PAGERDUTY_ROUTING_KEY;
  const others = await Promise.all(
    [...all.values()]
      .filter((each) => each.provider === 'pagerduty' && each.name !== name)
      .map(async ({ name: other, values }) => ({ other, values, made: await store.listSetUp(other) })),
  );
  const everyOther = [...others, { other: defaultConnection, values: ownValues(), made: [] }];
  return ({ kind, id }) => {
    // A subscription leads to one connection alone, and has no key.
    const isKeyed = kind !== 'webhook subscription' && key !== undefined;
    for (const { other, values, made } of everyOther) {
      const isSame = isKeyed && values?.PAGERDUTY_ROUTING_KEY === key;
      if (isSame || made.some((each) => each.id === id)) return `the connection ${other} uses it too`;
      if (isKeyed && values === undefined)
        return `the connection ${other} cannot be read, and perhaps uses it too`;
    }
    return undefined;
  };
}
