import { setTimeout as pause } from 'node:timers/promises';
import { detailOf, type RecordRow } from '../domain/record.ts';
import { tellerOf } from '../domain/story/story.ts';
import type { Output } from './output.ts';
import { storyPrinter } from './story.ts';

const everyMilliseconds = 200;
/** Without a new line for so long, the story is over: after the end of its runs, after the resolve, while people are asked, and at any time. */
const quietMilliseconds = { ended: 1_000, resolved: 5_000, asked: 600_000, open: 30_000 };

/** Where the following ended: the incident is over, it waits for something, or the reader has stopped. */
export type Ending = 'over' | 'waiting' | 'stopped';

/** What is asked of the incident that is followed. */
interface Followed {
  /** Lines about it after a place in the record, oldest first. */
  lines(after: number): Promise<RecordRow[]>;
  runs(): Promise<{ state: string }[]>;
}

interface Following {
  /** The position in the record after which to begin. */
  after: number;
  signal: AbortSignal;
}

/** Prints an incident's timeline as it grows. */
export async function followTimeline(
  incident: Followed,
  output: Output,
  { after, signal }: Following,
): Promise<Ending> {
  const teller = tellerOf();
  const print = storyPrinter(output);
  let position = after;
  let lastRead = '';
  let lastNews = Date.now();
  let isResolved = false;
  let asked: string | undefined;
  let state: keyof typeof quietMilliseconds = 'open';
  while (!signal.aborted) {
    const rows = await incident.lines(position);
    const linked = rows.filter(({ seq }) => seq !== undefined);
    for (const step of linked.flatMap((row) => teller.tell(row))) {
      // A check that is repeated until it holds is shown once.
      const name = step.kind === 'read' ? `${step.run} ${step.activity}` : '';
      if (name === '' || name !== lastRead) print(step);
      lastRead = name;
    }
    for (const row of linked) {
      const before = asked;
      asked = pendingAfter(row, before);
      if (asked !== undefined && asked !== before) output.line(`In another terminal:  ${asked}`);
    }
    position = linked.at(-1)?.seq ?? position;
    if (rows.length > 0) {
      lastNews = Date.now();
      isResolved ||= linked.some(tellsResolve);
      const runs = await incident.runs();
      const isLive = runs.some((run) => run.state === 'starting' || run.state === 'running');
      if (runs.length > 0 && !isLive) state = 'ended';
      else if (isResolved) state = 'resolved';
      else state = asked === undefined ? 'open' : 'asked';
    }
    if (Date.now() - lastNews >= quietMilliseconds[state])
      return state === 'open' || state === 'asked' ? 'waiting' : 'over';
    await pause(everyMilliseconds, undefined, { signal }).catch(() => {});
  }
  return 'stopped';
}

/** By which command people answer what they are asked after this line of the record, if something was pending before. */
function pendingAfter(row: RecordRow, before: string | undefined): string | undefined {
  const approval = detailOf(row, 'approval.asked')?.approval;
  if (approval) return `npx baton approvals approve ${approval}    or refuse, or show`;
  const { question, parked, run } = detailOf(row, 'question.asked') ?? {};
  if (parked && run) return `npx baton runs unpark ${run}    tells what is to be decided`;
  if (question) return `npx baton questions show ${question}    tells how it is answered`;
  const answered = detailOf(row, 'approval.answered', 'question.answered');
  const isClosed = detailOf(row, 'approval.closed', 'question.closed') !== undefined;
  return isClosed || (answered && answered.state !== 'pending') ? undefined : before;
}

export const tellsResolve = (row: Pick<RecordRow, 'action' | 'detail'>): boolean =>
  detailOf(row, 'event.received')?.type === 'pagerduty.incident.resolved';
