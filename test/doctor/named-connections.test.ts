import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineProvider } from '../../activities/provider.ts';
import { doctorFor } from '../../processes/doctor.ts';
import { encryptionOf } from '../../secrets/encryption.ts';
import { examineAll } from '../../server/doctor.ts';
import { connectionsTest } from '../../server/operations/connections-test.ts';
import type { OperationContext } from '../../server/operations/operation.ts';
import { type StoredConnections, storedConnections } from '../../store/connections/stored-connections.ts';
import type { Store } from '../../store/store.ts';
import { embeddedWorld, fresh, type World } from '../store/world.ts';

/** While a test is under way. */
let meanwhile = async () => {};
const echo = defineProvider({
  name: 'echo',
  title: 'Echo',
  settings: z.object({ ECHO_TOKEN: z.string().optional().describe('its token') }),
  secrets: ['ECHO_TOKEN'],
  connect: async ({ ECHO_TOKEN: token }) => token,
  check: async (token) => [{ what: 'say', ok: false, reason: `no right for ${token}` }],
  async test(token) {
    await meanwhile();
    return { outcome: 'confirmed', reason: `well with ${token}` };
  },
});

describe('a named connection that is looked at', () => {
  let world: World;
  let store: Store;
  let connections: StoredConnections;
  beforeAll(async () => {
    world = await embeddedWorld();
    store = world.newStore();
    const encryption = encryptionOf('a key of the tests');
    connections = storedConnections({ store, encryption, learn: () => {} });
  });
  afterAll(() => world.close());

  const entryAbout = (name: string, action: 'connection.added' | 'connection.changed') => ({
    at: new Date().toISOString(),
    actor: 'person:ada@example.com',
    via: 'api',
    action,
    subject: `connection:${name}`,
    detail: { name, provider: 'echo', variables: ['ECHO_TOKEN'] },
  });
  async function added(token: string) {
    const name = fresh('echo-');
    const given = { values: { ECHO_TOKEN: token }, secrets: ['ECHO_TOKEN'], by: 'person:ada@example.com' };
    await connections.add({ name, provider: 'echo', ...given, entry: entryAbout(name, 'connection.added') });
    return { name, given };
  }
  const doctor = () =>
    doctorFor(
      { loadActivities: async () => [], loadPolicies: async () => ({ pages: [], journal: [] }) },
      {
        env: {},
        providers: [echo],
        settings: { simulated: [], connectedBy: [] },
        connections,
        store,
      },
    );
  const test = (connection: string) => connectionsTest.run({ connection }, { doctor } as OperationContext);
  const known = async (name: string) => (await connections.look()).connections.get(name);

  it('has its own secrets in nothing that is said of it', async () => {
    const { name } = await added('canary-of-this-one');
    const asked = await doctor();
    const found = await examineAll(asked, await asked.connections());
    const tested = await test(name);
    const told = JSON.stringify([found, tested, await known(name)].map((each) => ({ ...each, values: 0 })));
    expect(told).toContain('no right for');
    expect(told).toContain('well with');
    expect(told).not.toContain('canary');
  });

  it('is judged by a test of the values that it has, and not of those that it had', async () => {
    const { name, given } = await added('the-first-token');
    meanwhile = async () => {
      const before = await known(name);
      if (!before) throw new Error('It is not there');
      const values = { ECHO_TOKEN: 'a-wrong-token' };
      await connections.change(before, { ...given, values, entry: entryAbout(name, 'connection.changed') });
    };
    await test(name);
    meanwhile = async () => {};
    expect(await known(name)).toMatchObject({ state: 'unverified' });
    await test(name);
    expect(await known(name)).toMatchObject({ state: 'confirmed' });
  });

  it('has its state in the record under the subject of its other lines', async () => {
    const { name } = await added('another-token');
    await test(name);
    const lines = await store.readRecord({ subject: `connection:${name}`, limit: 10 });
    expect(lines.map(({ action }) => action)).toEqual(['connection.added', 'connection.judged']);
  });

  it('has beside it those of the environment, whose state holds for the settings that were tested', async () => {
    const of = (digest: string) =>
      storedConnections({
        store,
        encryption: encryptionOf('a key of the tests'),
        defaults: [{ provider: 'echo', digest }],
        learn: () => {},
      });
    const stateOf = async (digest: string) => (await of(digest).look()).defaults.get('echo');
    expect(await stateOf('first')).toBe('unverified');
    const asked = await doctorFor(
      { loadActivities: async () => [], loadPolicies: async () => ({ pages: [], journal: [] }) },
      {
        env: { ECHO_TOKEN: 'of-the-environment' },
        providers: [echo],
        settings: { simulated: [], connectedBy: ['ECHO_TOKEN'] },
        connections: of('first'),
        store,
      },
    );
    const given = { connection: 'default', provider: 'echo' };
    await connectionsTest.run(given, { doctor: async () => asked } as unknown as OperationContext);
    expect(await stateOf('first')).toBe('confirmed');
    expect(await stateOf('second')).toBe('unverified');
    expect((await connections.look()).defaults.size).toBe(0);
    const lines = await store.readRecord({ subject: 'connection:default', limit: 10 });
    expect(lines.map(({ action }) => action)).toEqual(['connection.judged']);
  });
});
