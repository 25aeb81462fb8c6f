/** Results end up in the run's history, which takes 4 MB at once: some reads side by side, and what goes with them. */
const maxTextBytes = 32 * 1024;

/**
 * The end of a text, 32 KiB at most and from the start of a line, marked where the beginning is missing. The end, because a
 * program says last what it died of.
 */
export function lastPart(text: string): { text: string; truncated?: true } {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxTextBytes) return { text: bytes.toString() };
  const end = bytes.subarray(bytes.length - maxTextBytes).toString();
  const lineStart = end.indexOf('\n') + 1;
  const rest = lineStart < end.length ? end.slice(lineStart) : end;
  return { text: rest.replace(/^\uFFFD+/, ''), truncated: true };
}
