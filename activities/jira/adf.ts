import { z } from 'zod';
import { visible } from './input.ts';

/** A text for Jira: paragraphs apart by blank lines, then links, then a block of code, such as logs. */
export const jiraText = z.object({
  text: z.string().max(30_000).default(''),
  links: z.array(z.object({ text: z.string().min(1), url: z.string() })).default([]),
  code: z.string().max(30_000).optional(),
});
export type JiraText = z.output<typeof jiraText>;

interface Node {
  type: string;
  [key: string]: unknown;
}

/** Atlassian's document format, version 1. */
export interface AdfDocument {
  type: 'doc';
  version: 1;
  content: Node[];
  [key: string]: unknown;
}

/** Anything else could run or read something when it is pressed. */
const isWebAddress = (url: string) => /^https?:\/\/[^\s\p{Cc}\p{Cs}]+$/iu.test(url);
/** Jira takes 32 767 characters in one text. */
const maxText = 32_000;
const textNode = (text: string): Node => ({ type: 'text', text });

/**
 * Builds the document (https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/). Texts are text nodes, so
 * no markup of theirs is obeyed; a text node must not be empty; a link that is no web address stays text. Of a
 * code that is too long for one text the end is kept, as a log tells last what went wrong. `mark` is the attempt's.
 */
export function toAdf({ text: given, links, code }: JiraText, mark?: string): AdfDocument {
  const text = mark === undefined ? given : `${mark}\n\n${given}`;
  const paragraphs = visible(text)
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '')
    .map((paragraph): Node => ({ type: 'paragraph', content: lines(paragraph) }));
  const linked = links.map(
    ({ text: label, url }): Node => ({
      type: 'paragraph',
      content: isWebAddress(url)
        ? [{ ...textNode(visible(label) || url), marks: [{ type: 'link', attrs: { href: url } }] }]
        : [textNode(visible(`${label}: ${url}`))],
    }),
  );
  const said = [text, ...links.flatMap((link) => [link.text, link.url])].join('').length;
  const kept = visible((code ?? '').slice(-Math.max(1, maxText - said)));
  const block: Node[] = kept.trim() ? [{ type: 'codeBlock', content: [textNode(kept)] }] : [];
  const content = [...paragraphs, ...linked, ...block];
  return {
    type: 'doc',
    version: 1,
    content: content.length > 0 ? content : [{ type: 'paragraph', content: [] }],
  };
}

function lines(paragraph: string): Node[] {
  return paragraph
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line, index) => (index === 0 ? [textNode(line)] : [{ type: 'hardBreak' }, textNode(line)]));
}
