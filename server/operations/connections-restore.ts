import { z } from 'zod';
import { actorOf } from '../../domain/rights.ts';
import { Refusal } from '../refusal.ts';
import { connectionName, entryAbout, findConnection, shown, shownShape } from './connections.ts';
import { defineOperation } from './operation.ts';

export const restoreConnection = defineOperation({
  name: 'connections.restore',
  kind: 'change',
  writesOwnLine: true,
  right: 'connections.change',
  route: 'POST /connections/{name}/restore',
  summary:
    'Brings back a connection that was removed, with its values, for 30 days. What teardown has deleted at the provider, setup makes again',
  subject: ({ name }) => `connection:${name}`,
  input: z.strictObject({ name: connectionName }),
  output: shownShape,
  async run({ name }, context) {
    const { store, connections, principal } = context;
    if ((await connections.look()).connections.has(name))
      throw new Refusal(
        409,
        'Name taken',
        `There is a connection ${name}. Remove it first, or leave the earlier one.`,
      );
    const entry = entryAbout('connection.restored', name, {}, context);
    if (!(await store.restoreConnection(name, actorOf(principal), entry))) {
      const removed = (await store.listRemovedConnections()).map((each) => each.name);
      const there = removed.length === 0 ? 'There is none' : `There are: ${removed.slice(0, 20).join(', ')}`;
      throw new Refusal(404, 'Nothing to restore', `No connection ${name} can be restored. ${there}.`);
    }
    await connections.look();
    return shown(await findConnection(name, context));
  },
});
