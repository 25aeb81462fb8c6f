import { type KeptText, wholeKept } from '../../domain/kept-text.ts';
import { defaultConnection } from '../../domain/subject.ts';
import { steps } from './activities.ts';
import { issueOf } from './made-issue.ts';
import { inParts, inTime, orUnavailable } from './parts.ts';
import { roomOpened } from './room.ts';
import { isPlanning, runCause } from './run.ts';

/** What a change destroys, as it was read before. */
export interface Evidence {
  /** `Console output of i-0abc12345def67890`. */
  what: string;
  text: string;
  /** Where the whole is, of which the text is the end. */
  kept?: KeptText | undefined;
  /** Why there is no text. */
  unread?: string;
}

/** What a reboot, a stop or a termination of an instance destroys. */
export async function consoleOutputOf(instanceId: string): Promise<Evidence> {
  return read(`Console output of ${instanceId}`, () => steps.readEc2ConsoleOutput({ instanceId }));
}

/** More than a look needs: what is not read now is gone. Of many only the end is told, and all of them are kept. */
const tailLines = 5_000;

/** What goes with a pod that is deleted, or that a restart or a roll back replaces: its log before its last restart, and the present one. */
export async function podLogsOf(pod: {
  namespace: string;
  pod: string;
  container?: string;
}): Promise<Evidence[]> {
  const { namespace, pod: name, container } = pod;
  const of = `${namespace}/${name}${container === undefined ? '' : ` (${container})`}`;
  return Promise.all([
    read(`Log of ${of} before its last restart`, () =>
      steps.readKubernetesPodLogs({ ...pod, previous: true, tailLines }),
    ),
    read(`Log of ${of}`, () => steps.readKubernetesPodLogs({ ...pod, previous: false, tailLines })),
  ]);
}

/** A read that fails holds up nothing, and is told with the rest. */
async function read(
  what: string,
  from: () => Promise<{ text: string; unavailable?: string | undefined; kept?: KeptText | undefined }>,
): Promise<Evidence> {
  const found = await orNotInTime(from);
  if (found.unavailable !== undefined) return { what, text: '', unread: found.unavailable };
  return 'text' in found && found.text.trim() !== ''
    ? { what, text: found.text, kept: found.kept }
    : { what, text: '', unread: 'it is empty' };
}

/** A plan ends where something is waited for by time, and it is not to end here. */
const orNotInTime: typeof inTime = (work) => (isPlanning() ? orUnavailable(work) : inTime(work));

/** Jira takes so many characters of code; a note is to be read at a glance. */
const mostInIssue = 20_000;
const mostInNote = 4_000;

/**
 * Puts what was read where people look for it: much of it into the incident's room and its issue, where Baton has opened them, and its end into a
 * note, with where the whole is. A place that fails, or is away, keeps it from no other. In the record it stands since it was read.
 */
export async function keepEvidence(
  incidentId: string,
  evidence: readonly Evidence[],
  why: string,
): Promise<void> {
  const { part, problem, problems } = inParts();
  const into = async (place: string, work: () => Promise<unknown>) => {
    const kept = await orNotInTime(async () => ({ done: await work() }));
    if ('unavailable' in kept) problem(`${place}: ${kept.unavailable}`);
  };
  const connection = runCause()?.connection ?? defaultConnection;
  const found = evidence.filter(({ unread }) => unread === undefined);
  const [room, key] =
    found.length > 0 ? [await roomOpened({ connection, incidentId }), await issueOf(incidentId)] : [];
  for (const { what, text, kept } of found) {
    const said = { text: `${what}, read ${why}${wholeOf(kept)}`, code: text.slice(-mostInIssue) };
    if (room) await into('War room', () => steps.postSlackMessage({ channelId: room.channelId, ...said }));
    if (key !== undefined) await into(`Jira issue ${key}`, () => steps.addJiraComment({ key, ...said }));
  }
  const lines = [
    ...evidence.map(({ what, text, kept, unread }) =>
      unread === undefined
        ? `${what}, read ${why}${wholeOf(kept)}. Its end:\n${text.slice(-Math.floor(mostInNote / evidence.length))}`
        : `${what}: not read ${why} (${unread}).`,
    ),
    ...problems.map((problem) => `Not kept there: ${problem}`),
  ];
  await part('Note', () => steps.addPagerDutyNote({ incidentId, note: lines.join('\n') }));
}

const wholeOf = (kept: KeptText | undefined) => (kept ? `. ${wholeKept(kept)}` : '');
