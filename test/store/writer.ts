import { openStore } from '../../store/open.ts';
import { delivery } from './world.ts';

/** Stores events in the data folder that it is given, and tells its parent the id of each one that was acknowledged. */
const store = await openStore({ dataDir: process.argv[2] ?? '' });
async function write(): Promise<never> {
  for (;;) {
    const given = delivery({ eventId: crypto.randomUUID() });
    await store.receive(given);
    process.send?.(given.eventId);
  }
}
await Promise.all([write(), write(), write()]);
