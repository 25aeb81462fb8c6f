import { patched } from '@temporalio/workflow';
import { wholeKept } from '../../domain/kept-text.ts';
import { steps } from './activities.ts';
import { record } from './record.ts';
import { engine } from './run.ts';
import type { WarRoom } from './war-room.ts';

/** In bytes. Jira takes no more in one text. */
const mostInComment = 30_000;

/**
 * Keeps what was said in the room: its digest in the record, and its text on the issue, or in the store where no issue has taken it. Of a
 * private room only the digest leaves it, as more people read those. What is too long for that is kept by reference.
 */
export async function keepTranscript({ part, soFar }: WarRoom, isPrivate: boolean): Promise<void> {
  const { room, issue } = soFar;
  if (!room) return;
  const maxBytes = isPrivate ? 0 : mostInComment;
  const history = await part('Transcript', () =>
    steps.exportSlackHistory({ channelId: room.channelId, maxBytes }),
  );
  if (!history) return;
  const { messages, people, firstAt, lastAt, digest, markdown, truncated, kept } = history;
  // A history may have a result of an earlier version, which did not ask for so little.
  const code = markdown.slice(0, mostInComment);
  const span = firstAt && lastAt ? `, from ${firstAt} to ${lastAt}` : '';
  const summary = `Transcript of the war room: ${messages} messages by ${people} people${span}. SHA-256 ${digest}.`;
  const links = [{ text: 'War room', url: room.url }];
  const where = kept && !isPrivate ? ` ${wholeKept(kept)}.` : '';
  await record(`${summary}${where}`, links);
  if (issue) {
    const isCut = truncated || code.length < markdown.length;
    const whole = isCut ? ` This is the beginning: the room has all of it.${where}` : '';
    const text = isPrivate
      ? `${summary} The room was private, so its text stays there.`
      : `${summary}${whole}`;
    const told = await part('Transcript on the issue', () =>
      steps.addJiraComment({ key: issue.key, text, links, ...(isPrivate || code === '' ? {} : { code }) }),
    );
    if (told) return;
  }
  if (isPrivate || markdown === '' || !patched('transcript-in-store')) return;
  const { lastByPersonAt: _, ...transcript } = history;
  await engine.keepTranscript({ room: room.url, ...transcript });
  await record('No issue has the text of the transcript: baton incidents transcript tells it.');
}
