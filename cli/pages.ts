import type { RecordRow } from '../domain/record.ts';
import type { RunRow } from '../domain/run.ts';
import type { StoreAccess } from '../processes/store-access.ts';
import type { ListedEvent } from '../store/events.ts';

const page = 500;

/** Every line about a subject, oldest first: page by page, however many there are. */
export async function allLines(
  store: Pick<StoreAccess, 'readRecord'>,
  subject: string,
): Promise<RecordRow[]> {
  const lines: RecordRow[] = [];
  let limit = page;
  for (let after = 0; ; ) {
    const rows = await store.readRecord({ subject, after, limit });
    const linked = rows.filter(({ seq }) => seq !== undefined);
    if (rows.length < limit) return [...lines, ...rows];
    lines.push(...linked);
    after = linked.at(-1)?.seq ?? after;
    // Lines that wait to be linked have no place to go on from, so all of them have to fit into the last page.
    if (linked.length < rows.length) limit *= 2;
  }
}

/** Every event about a subject, newest first. */
export async function allEvents(
  store: Pick<StoreAccess, 'listEvents'>,
  subject: string,
): Promise<ListedEvent[]> {
  const events: ListedEvent[] = [];
  for (;;) {
    const last = events.at(-1);
    const rows = await store.listEvents({ subject, limit: page, ...(last && { before: last.seq }) });
    events.push(...rows);
    if (rows.length < page) return events;
  }
}

/** Every run on a subject, newest first. */
export async function allRuns(store: Pick<StoreAccess, 'listRuns'>, subject: string): Promise<RunRow[]> {
  const runs: RunRow[] = [];
  for (;;) {
    const last = runs.at(-1);
    const rows = await store.listRuns({ subject, limit: page, ...(last && { before: last.id }) });
    runs.push(...rows);
    if (rows.length < page) return runs;
  }
}
