import { hostname } from 'node:os';
import { detailOf, type Entry } from '../domain/record.ts';
import { processSubject } from '../domain/story/told-process.ts';
import type { Store } from '../store/store.ts';

const linesLooked = 200;

/**
 * Writes down that a server begins, and how the one before it on this host ended: so that a crash and what came after it are seen in the
 * story of every incident that was under way. Gives what writes down that it was told to stop.
 */
export async function noteStart(
  store: Pick<Store, 'append' | 'searchRecord' | 'head' | 'newLines'>,
  { process, commit }: { process: string; commit?: string | undefined },
): Promise<() => Promise<void>> {
  const about = { process, host: hostname(), ...(commit === undefined ? {} : { commit }) };
  const line = (action: 'process.started' | 'process.stopped', detail: object): Entry =>
    ({
      at: new Date().toISOString(),
      actor: 'baton',
      via: 'process',
      action,
      subject: processSubject,
      detail: { ...about, ...detail },
    }) as Entry;
  const before = await endBefore(store, about);
  await store.append([line('process.started', before ? { before } : {})]);
  return () => store.append([line('process.stopped', {})]);
}

async function endBefore(
  store: Pick<Store, 'searchRecord' | 'head' | 'newLines'>,
  { process, host }: { process: string; host: string },
): Promise<{ clean: boolean; lastAt?: string } | undefined> {
  const { items } = await store.searchRecord({ subject: processSubject, limit: linesLooked });
  const last = items.find((row) => {
    const told = detailOf(row, 'process.started', 'process.stopped');
    return told?.process === process && told.host === host;
  });
  if (!last) return undefined;
  if (last.action === 'process.stopped') return { clean: true };
  const { seq } = await store.head();
  const [newest] = await store.newLines(seq - 1, 1);
  return { clean: false, ...(newest ? { lastAt: newest.at } : {}) };
}
