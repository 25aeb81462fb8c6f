/** As wide as the terminals of old, and of mails. */
export const lineWidth = 80;

/** Words in lines of at most `lineWidth`, all but the first line indented a little more. */
export function wrapped(words: readonly string[], indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of words) {
    const isFirst = line.trim() === '';
    if (!isFirst && line.length + 1 + word.length > lineWidth) {
      lines.push(line);
      line = `${indent}  ${word}`;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line].map(cut);
}

/** Items after what they are, separated by commas. */
export const listed = (what: string, items: readonly string[], indent: string): string[] =>
  wrapped([what, ...items.map((item, place) => (place === items.length - 1 ? item : `${item},`))], indent);

/** A line that is longer ends with an ellipsis. */
export const cut = (line: string): string =>
  line.length <= lineWidth ? line : `${line.slice(0, lineWidth - 1)}…`;
