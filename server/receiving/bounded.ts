/** PagerDuty's own limit for a title. */
export const longestText = 1_024;
/** What people write is longer: notes, messages, status updates. */
const longestProse = 25_000;
const prose: readonly string[] = ['content', 'message'];
/** Of the output of a program the end is kept: it says last what it died of. */
const longestOutput = 100_000;

/** A text of at most `longest` characters; what was cut off is shown by an ellipsis. */
export function boundedText(text: string, longest = longestText): string {
  if (text.length <= longest) return text;
  // Half of a character that takes two places is no text.
  return `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** The end of a text, marked where the beginning is missing. */
const endOf = (text: string): string =>
  text.length <= longestOutput
    ? text
    : `…${text.slice(text.length - longestOutput + 1).replace(/^[\uDC00-\uDFFF]/, '')}`;

/**
 * Event data with bounded texts: triggers and workflows search in them, and whoever can raise an alert writes them. Ids stay whole,
 * for two that differ must not become one.
 */
export function boundedData(data: unknown, key = ''): unknown {
  if (typeof data === 'string' && key === 'output') return endOf(data);
  if (typeof data === 'string')
    return key === 'id' ? data : boundedText(data, prose.includes(key) ? longestProse : longestText);
  if (Array.isArray(data)) return data.map((each) => boundedData(each, key));
  if (data === null || typeof data !== 'object') return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, boundedData(value, name)]));
}
