import { z } from 'zod';
import { visible } from './input.ts';

/** A text for GitHub: paragraphs apart by blank lines, then links, then a block of code, such as logs. */
export const gitHubText = z.object({
  text: z.string().max(30_000).default(''),
  links: z
    .array(z.object({ text: z.string().min(1), url: z.string() }))
    .max(50)
    .default([]),
  code: z.string().max(30_000).optional(),
});
export type GitHubText = z.output<typeof gitHubText>;

/** GitHub takes 65 536 characters in a body, and a text that is escaped can be twice as long. */
const mostCharacters = 65_000;

/**
 * The body of an issue or a comment. `marker` tells a later attempt that it is ours; it is the first line, where no text that came from
 * outside can stand, and nobody sees it. The texts are escaped, so that no markup of theirs is obeyed and nobody is called by their
 * `@name`. A link that is no web address stays text. Of code that is too long the end is kept, as a log tells last what went wrong.
 */
export function bodyOf({ text, links, code }: GitHubText, marker: string, mark?: string): string {
  const linked = links.map(({ text: label, url }) =>
    isWebAddress(url) ? `[${plain(label)}](<${url}>)` : plain(`${label}: ${url}`),
  );
  const paragraphs = [marker, plain(mark ?? ''), plain(text), ...linked].filter((part) => part !== '');
  const written = cut(paragraphs.join('\n\n'), mostCharacters - 100);
  const kept = visible((code ?? '').slice(written.length - mostCharacters));
  return kept.trim() === '' ? written : `${written}\n\n${fenced(kept)}`;
}

/** The line that marks something of ours. What it names may be any text. */
export const markerOf = (kind: 'issue' | 'comment', key: string) =>
  `<!-- baton:${kind} ${encodeURIComponent(key).replaceAll('-', '%2D')} -->`;

const isWebAddress = (url: string) => /^https?:\/\/[^\s<>\p{Cc}\p{Cs}]+$/iu.test(url);

const cut = (text: string, length: number) =>
  text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;

/**
 * A text that reads as it was given. GitHub finds `@name` and `#12` in what is shown, where a backslash is gone, so a character
 * without width stands after them.
 */
export const plain = (text: string): string =>
  visible(text)
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replace(/[\\`*_[\]<>&~|$]/g, '\\$&')
        .replace(/^(\d+)([.)])/, '$1\\$2')
        .replace(/^[-+=:]/, '\\$&')
        .replace(/[@#]/g, '$&\u200b'),
    )
    // Two spaces at its end break a line.
    .join('  \n')
    // Empty lines are their two spaces and a break.
    .replace(/(?: {2})?\n(?: {2}\n)+/g, '\n\n')
    .trim();

/** A fence that is longer than any in the code. */
function fenced(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${code}\n${fence}`;
}
