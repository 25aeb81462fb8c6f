import { z } from 'zod';
import { oneLine } from '../../domain/text.ts';
import { type Block, type Body, fitTogether, linkLine, marked, markup, plain } from './blocks.ts';
import { links, userId } from './input.ts';
import { codeBlock, escapeSlack, pieces } from './text.ts';

/**
 * What a message says, in plain text: whatever is in it is shown letter by letter, so no author of a workflow has to
 * think of escaping. Links stand in a list of their own, a log in a block of its own; what is too long is cut.
 */
export const messageContent = {
  text: z.string().regex(/\S/, 'must say something'),
  links: links.default([]),
  /** The end of a log or a command's output. */
  code: z.string().optional(),
};

const mostMentions = 20;
/** Whom a message in a channel calls, by their ids: no text of it ever becomes a mention. */
export const mention = z
  .array(userId)
  .max(mostMentions)
  .default([])
  .describe('The members of Slack whom the message calls');

/** The line that calls these people, as Slack writes it. */
export const mentionsOf = (userIds: readonly string[]) =>
  userIds
    .slice(0, mostMentions)
    .map((id) => `<@${id}>`)
    .join(' ');

type MessageContent = z.output<z.ZodObject<typeof messageContent>>;

/** How much of text and code is kept, tried in turn: quotes and backslashes take twice their place. */
const shares = [1, 0.5, 0.25];

export function messageBody(
  { text, links, code, mention = [] }: MessageContent & { mention?: readonly string[] },
  mark: string | undefined,
): Body {
  // A text of control characters alone is empty by then, which Slack refuses.
  const escaped = escapeSlack(text).trim() || '…';
  const bodies = shares.map((share): Body => {
    const blocks: Block[] = [
      ...(mention.length > 0 ? [{ type: 'section' as const, text: markup(mentionsOf(mention)) }] : []),
      ...pieces(escaped, share).map((piece): Block => ({ type: 'section', text: plain(piece) })),
      ...(code?.trim() ? [{ type: 'section' as const, text: markup(codeBlock(code, share)) }] : []),
      ...linkLine(links),
    ];
    return marked({ text: oneLine(escaped), blocks }, mark);
  });
  return bodies.find(({ blocks }) => fitTogether(blocks)) ?? (bodies.at(-1) as Body);
}
