import { setTimeout as pause } from 'node:timers/promises';
import type { Output } from './output.ts';
import type { StoreAccess } from './store-access.ts';
import { formatLine, timelineOf } from './timeline.ts';

const everyMilliseconds = 200;
const quietRounds = 5;

/**
 * Prints an incident's timeline as it grows, until no run on it is live any more and nothing new has come for a second.
 * False: the time was over first, or `signal` said stop.
 */
export async function followTimeline(
  store: StoreAccess,
  incidentId: string,
  output: Output,
  { timeoutMilliseconds, signal }: { timeoutMilliseconds: number; signal: AbortSignal },
): Promise<boolean> {
  const deadline = Date.now() + timeoutMilliseconds;
  let after = 0;
  let lastRead = '';
  let quiet = 0;
  let runsSeen = false;
  while (!signal.aborted && Date.now() < deadline) {
    const rows = await store.readRecord({ subject: incidentId, after, limit: 500 });
    const linked = rows.filter(({ seq }) => seq !== undefined);
    for (const line of linked.flatMap(timelineOf)) {
      // A check that is repeated until it holds is shown once.
      const name = line.mark === '.' ? `${line.who} ${line.text.split(' ')[0]}` : '';
      if (name === '' || name !== lastRead) output.line(formatLine(line, output.color));
      lastRead = name;
    }
    after = linked.at(-1)?.seq ?? after;
    const runs = await store.listRuns({ subject: incidentId, limit: 50 });
    runsSeen ||= runs.length > 0;
    const isLive = runs.some(({ state }) => state === 'starting' || state === 'running');
    quiet = runsSeen && !isLive && rows.length === 0 ? quiet + 1 : 0;
    if (quiet >= quietRounds) return true;
    await pause(everyMilliseconds, undefined, { signal }).catch(() => {});
  }
  return false;
}
