import { z } from 'zod';
import { type Block, type Body, linkLine, marked, markup, plain } from './blocks.ts';
import { links } from './input.ts';
import { codeBlock, escapeSlack, oneLine, pieces } from './text.ts';

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

type MessageContent = z.output<z.ZodObject<typeof messageContent>>;

export function messageBody({ text, links, code }: MessageContent, mark: string | undefined): Body {
  const escaped = escapeSlack(text.trim());
  const blocks: Block[] = [
    ...pieces(escaped).map((piece): Block => ({ type: 'section', text: plain(piece) })),
    ...(code?.trim() ? [{ type: 'section' as const, text: markup(codeBlock(code)) }] : []),
    ...linkLine(links),
  ];
  return marked({ text: oneLine(escaped), blocks }, mark);
}
