import { oneLine, visible } from '../../domain/text.ts';

/**
 * One text object takes 3 000 characters. All blocks of a message together may hold some 12 000, a limit that Slack
 * does not document (https://github.com/slackapi/bolt-js/issues/2509): texts, log and links stay below it together.
 */
export const maxText = 3000;
const maxSecondPiece = 1500;
const maxLinkText = 150;

/**
 * A text as Slack shows it letter by letter: without these three characters there is no mention and no link.
 * https://docs.slack.dev/messaging/formatting-message-text: no other character may be replaced.
 */
export function escapeSlack(text: string): string {
  return visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The escaped text, at most `max` characters of it, ending in an ellipsis where it was cut. */
export function cut(escaped: string, max: number): string {
  return escaped.length <= max ? escaped : `${start(escaped, max - 1)}…`;
}

/** The escaped text in at most two pieces, so that 4 000 characters are shown whole; of a smaller `share` of that, where it says so. */
export function pieces(escaped: string, share = 1): string[] {
  const first = start(escaped, maxText * share);
  const rest = cut(escaped.slice(first.length), maxSecondPiece * share);
  return [first, rest].filter((piece) => piece.trim() !== '');
}

/** Never ends in half an entity or half a character. */
function start(escaped: string, max: number): string {
  if (escaped.length <= max) return escaped;
  return escaped
    .slice(0, max)
    .replace(/&[a-z]{0,3}$/, '')
    .replace(/[\uD800-\uDBFF]$/, '');
}

/** A link as Slack writes it. Within its angle brackets the address may hold no bracket and no bar. */
export function linkTo({ text, url }: { text: string; url: string }): string {
  const { href } = new URL(url);
  const address = href.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E');
  return `<${address.replaceAll('&', '&amp;')}|${cut(escapeSlack(oneLine(text)), maxLinkText) || 'link'}>`;
}

/**
 * The end of a log, in a block of its own. Whole lines are kept, the newest first, as the end tells what went wrong.
 * Three backticks would end the block, so invisible joiners stand between them.
 */
export function codeBlock(code: string, share = 1): string {
  const fences = '```\n\n```'.length;
  let room = maxText * share - fences - 2;
  const lines: string[] = [];
  for (const line of escapeSlack(code).replaceAll('``', '`\u2060`').trimEnd().split('\n').reverse()) {
    const short = cut(line, 1000 * share);
    room -= short.length + 1;
    if (room < 0) {
      lines.unshift('…');
      break;
    }
    lines.unshift(short);
  }
  return `\`\`\`\n${lines.join('\n')}\n\`\`\``;
}

/**
 * `inc-4211-checkout-is-slow`: the same for the same incident, so that a repeat meets the channel of the first try.
 * Slack takes 80 characters of a to z, 0 to 9, hyphen and underscore; room is left for a suffix.
 */
export function channelName(number: number, title: string): string {
  const slug = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '');
  return `inc-${number}-${slug}`.slice(0, 76).replace(/-$/, '');
}
