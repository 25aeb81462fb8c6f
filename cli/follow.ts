import { setTimeout as pause } from 'node:timers/promises';
import type { RecordRow } from '../domain/record.ts';
import type { StoreAccess } from '../processes/store-access.ts';
import type { Output } from './output.ts';
import { formatLine, timelineOf } from './timeline.ts';

const everyMilliseconds = 200;
/** Without a new line for so long, the story is over: after the end of its runs, after the resolve, and at any time. */
const quietMilliseconds = { ended: 1_000, resolved: 5_000, open: 30_000 };

/** Where the following ended: the incident is over, it waits for something, or the reader has stopped. */
export type Ending = 'over' | 'waiting' | 'stopped';

interface Following {
  /** The position in the record after which to begin. */
  after: number;
  signal: AbortSignal;
}

/** Prints an incident's timeline as it grows. */
export async function followTimeline(
  store: StoreAccess,
  incidentId: string,
  output: Output,
  { after, signal }: Following,
): Promise<Ending> {
  let position = after;
  let lastRead = '';
  let lastNews = Date.now();
  let isResolved = false;
  let state: keyof typeof quietMilliseconds = 'open';
  while (!signal.aborted) {
    const rows = await store.readRecord({ subject: incidentId, after: position, limit: 500 });
    const linked = rows.filter(({ seq }) => seq !== undefined);
    for (const line of linked.flatMap(timelineOf)) {
      // A check that is repeated until it holds is shown once.
      const name = line.mark === '.' ? `${line.who} ${line.text.split(' ')[0]}` : '';
      if (name === '' || name !== lastRead) output.line(formatLine(line, output.color));
      lastRead = name;
    }
    position = linked.at(-1)?.seq ?? position;
    if (rows.length > 0) {
      lastNews = Date.now();
      isResolved ||= linked.some(tellsResolve);
      const runs = await store.listRuns({ subject: incidentId, limit: 50 });
      const isLive = runs.some((run) => run.state === 'starting' || run.state === 'running');
      state = runs.length > 0 && !isLive ? 'ended' : isResolved ? 'resolved' : 'open';
    }
    if (Date.now() - lastNews >= quietMilliseconds[state]) return state === 'open' ? 'waiting' : 'over';
    await pause(everyMilliseconds, undefined, { signal }).catch(() => {});
  }
  return 'stopped';
}

export const tellsResolve = ({ action, detail }: Pick<RecordRow, 'action' | 'detail'>): boolean =>
  action === 'event.received' && detail.type === 'pagerduty.incident.resolved';
