import { shortened } from '../../domain/story/step.ts';
import type { KeptTranscript } from '../../store/transcripts.ts';
import type { Entry } from './gather.ts';

/** `- 2026-11-26 09:12:05 **Ada Lopez**: Looks like the cache`, with a mark before a reply. */
const saidLine = /^- (?: *↳ )?(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) \*\*(.{1,200}?)\*\*: (.*)$/;

const messagesAtMost = 500;

/** What was said in a room, as far as its text is kept here: a step for each message. */
export function stepsOfTranscript({ markdown, room, digest }: KeptTranscript): Entry[] {
  return markdown
    .split('\n')
    .flatMap((line, place) => {
      const [, day, time, who, said] = saidLine.exec(line) ?? [];
      const at = new Date(`${day}T${time}Z`);
      if (who === undefined || said === undefined || Number.isNaN(at.getTime())) return [];
      return [
        {
          id: `slack:${digest.slice(0, 12)}.${place}`,
          at: at.toISOString(),
          actor: `person:${who}`,
          kind: 'message' as const,
          show: ['people'] as const,
          text: `${who} in Slack: "${shortened(said)}"`,
          links: [{ text: 'room', url: room }].filter(({ url }) => /^https?:\/\//.test(url)),
          detail: { room, line },
        },
      ];
    })
    .slice(0, messagesAtMost);
}
