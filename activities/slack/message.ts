import { z } from 'zod';
import { type Block, type Body, linkLine, markup, plain, simulatedLine } from './blocks.ts';
import { links } from './input.ts';
import { codeBlock, cut, escapeSlack, oneLine, pieces } from './text.ts';

/** `chat.update` refuses a longer fallback text. */
const maxFallback = 4000;

/**
 * What a message says, in plain text: whatever is in it is shown letter by letter, so no author of a workflow has to
 * think of escaping. Links stand in a list of their own, a log in a block of its own; what is too long is cut.
 */
export const messageContent = {
  text: z.string().regex(/\S/, 'must say something'),
  links: links.default([]),
  /** The end of a log or a command's output. */
  code: z.string().optional(),
  /** What the message tells of was done to a simulated provider, and the message says so. */
  simulated: z.boolean().default(false),
};

type MessageContent = z.output<z.ZodObject<typeof messageContent>>;

export function messageBody({ text, links, code, simulated }: MessageContent): Body {
  const escaped = escapeSlack(text.trim());
  const blocks: Block[] = [
    ...(simulated ? [simulatedLine] : []),
    ...pieces(escaped).map((piece): Block => ({ type: 'section', text: plain(piece) })),
    ...(code?.trim() ? [{ type: 'section' as const, text: markup(codeBlock(code)) }] : []),
    ...linkLine(links),
  ];
  return { text: cut(`${simulated ? 'SIMULATED ' : ''}${oneLine(escaped)}`, maxFallback), blocks };
}
