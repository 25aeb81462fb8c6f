/** One word of a command as it was typed, and where the text goes on after it. */
export interface Word {
  text: string;
  /** It stood in quotes: it is a name or a text, whatever it looks like. */
  quoted: boolean;
  /** The command's text from here on, this word with it. */
  rest: string;
}

/** Phones write other quotes than keyboards. */
const opening = '"“”„«';
const closing = '"“”»';

/** The words of a command. What stands in quotes is one word; `name="two words"` too. A quote that is not closed is a letter like others. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text[at])) at += 1;
    if (at >= text.length) return words;
    const start = at;
    let word = '';
    let quoted = false;
    while (at < text.length && !isSpace(text[at])) {
      const end = opening.includes(text[at] ?? '') ? closeOf(text, at + 1) : -1;
      if (end < 0) {
        word += text[at];
        at += 1;
      } else {
        quoted ||= at === start;
        word += text.slice(at + 1, end);
        at = end + 1;
      }
    }
    words.push({ text: word, quoted, rest: text.slice(start).trim() });
  }
}

const isSpace = (letter: string | undefined) => letter !== undefined && /\s/.test(letter);

function closeOf(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) if (closing.includes(text[at] ?? '')) return at;
  return -1;
}

/**
 * A text as a person meant it. With `should_escape`, Slack writes mentions, channels and addresses in angle brackets, and the letters
 * `&`, `<` and `>` as entities (https://docs.slack.dev/interactivity/implementing-slash-commands).
 */
export function plainText(escaped: string): string {
  return escaped
    .replaceAll(/<([^<>]*)>/g, (_, inside: string) => readable(inside))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim();
}

function readable(inside: string): string {
  const bar = inside.indexOf('|');
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const name = bar < 0 ? '' : inside.slice(bar + 1);
  if (target.startsWith('@')) return `@${name || target.slice(1)}`;
  if (target.startsWith('#')) return `#${name || target.slice(1)}`;
  if (target.startsWith('!')) return name || `@${target.slice(1)}`;
  return target;
}

/** The user whom a word mentions: `<@U0ADA|ada>`. */
export const mentionIn = (word: string): string | undefined =>
  /^<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>$/.exec(word)?.[1];

/** The address that a word is: `<https://example.com|label>`, or as it is typed where nothing is escaped. */
export function addressIn(word: string): string | undefined {
  const text = plainText(word);
  return /^https?:\/\/\S+$/.test(text) && URL.canParse(text) ? text : undefined;
}

/** Without the quotes around the whole of it. */
export function unquoted(text: string): string {
  const [only, more] = wordsOf(text);
  return only?.quoted && more === undefined ? only.text : text;
}

/** What somebody typed, shown back to them. */
export const shown = (text: string) => {
  const plain = plainText(text);
  return plain.length > 60 ? `${plain.slice(0, 59)}…` : plain;
};
