import type { Store } from '../store/store.ts';

/** Of runs that begin at the same moment the one whose id comes first was first, whoever asks. */
const inOrder = (one: { createdAt: string; id: string }, other: { createdAt: string; id: string }) =>
  one.createdAt === other.createdAt ? (one.id < other.id ? -1 : 1) : one.createdAt < other.createdAt ? -1 : 1;

const mostRuns = 100;

/** Another live run of the same workflow on the same target, that began before this one. */
export async function twinOf(
  runId: string,
  store: Pick<Store, 'findRun' | 'pageOfRuns'>,
): Promise<string | undefined> {
  const own = await store.findRun(runId);
  if (!own) return undefined;
  const { items } = await store.pageOfRuns({ workflows: [own.workflow], live: true, limit: mostRuns });
  return items.find(
    ({ id, target, ...run }) => id !== runId && target === own.target && inOrder({ id, ...run }, own) < 0,
  )?.id;
}

/** Another live run of the same workflow that has changed a target, or may have. The target as the store has it: with its connection. */
export async function otherOn(
  target: string,
  runId: string,
  store: Pick<Store, 'findRun' | 'pageOfRuns' | 'listMade'>,
): Promise<string | undefined> {
  const own = await store.findRun(runId);
  if (!own) return undefined;
  const { items } = await store.pageOfRuns({ workflows: [own.workflow], live: true, limit: mostRuns });
  for (const { id } of items) {
    if (id === runId) continue;
    const made = await store.listMade(id);
    if (made.some(({ targets }) => targets.includes(target))) return id;
  }
  return undefined;
}
