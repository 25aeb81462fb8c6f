import { expect } from 'vitest';
import { activities } from '../../activities/index.ts';
import { encryptionOf } from '../../secrets/encryption.ts';
import type { World } from '../../server/operations/operation.ts';
import { storedConnections } from '../../store/connections/stored-connections.ts';
import type { Store } from '../../store/store.ts';
import { startable } from '../../triggers/by-hand/index.ts';
import { triggers } from '../../triggers/index.ts';
import * as workflows from '../../workflows/index.ts';
import { ask, bearer, newToken, openDoor } from '../rights/door.ts';
import { entry, fresh } from '../store/world.ts';
import { fuzz, summaryOf } from './schemathesis.ts';
import { incident } from './served.ts';

interface Fuzzed {
  /** Runs Schemathesis with these options besides; gives its summary. Fails where it has found something, or where a fault is in the log. */
  run(...options: string[]): Promise<string>;
}

/** The API over a store that has a little of everything, for an admin whose token stands in the store. */
export async function openFuzzed(
  python: string,
  store: Store,
  { seed, runs }: { seed: number; runs?: World['runs'] },
): Promise<Fuzzed> {
  const encryption = encryptionOf('a key of this test alone');
  const connections = storedConnections({ store, encryption, learn() {} });
  for (let count = 0; count < 3; count += 1) await incident(store);
  await store.setRole(`${fresh('somebody-')}@example.com`, 'operator', entry());
  await newToken(store, { role: 'viewer', scope: { services: ['PCHECK'] } });
  const { text: token } = await newToken(store);
  const world = {
    connections,
    runs,
    triggers: async () => triggers,
    activities: async () => activities,
    workflows: async () => ({ names: Object.keys(workflows), startable }),
  };
  const { url, log } = await openDoor(store, { world });
  return {
    async run(...options) {
      const { passed, report } = await fuzz(python, { url, token, seed, options });
      expect(passed, report).toBe(true);
      expect(log.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
      // Whoever is refused at the door tests nothing behind it.
      expect((await ask(`${url}/api/v1/me`, { headers: bearer(token) })).status).toBe(200);
      return summaryOf(report);
    },
  };
}
