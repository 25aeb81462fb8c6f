import type { Logger } from 'pino';

const eachMilliseconds = 10_000;
const mostLines = 5;
/** Of different keys; what comes beside them shares one count. */
const mostKeys = 50;

/**
 * Lets through the first five lines of a kind in ten seconds, and then tells how many were left out: whoever sends nonsense must not
 * decide how long the log is. Give it a `key` from a closed set.
 */
export function sampledLog(log: Logger): { line(key: string, write: (log: Logger) => void): void } {
  const counts = new Map<string, { lines: number; left: number }>();

  function tell(key: string): void {
    const left = counts.get(key)?.left ?? 0;
    counts.delete(key);
    if (left > 0)
      log.warn({ left, seconds: eachMilliseconds / 1000, of: key }, 'Lines of one kind were left out');
  }

  return {
    line(given, write) {
      const key = counts.has(given) || counts.size < mostKeys ? given : 'others';
      const count = counts.get(key);
      if (!count) {
        counts.set(key, { lines: 1, left: 0 });
        setTimeout(tell, eachMilliseconds, key).unref();
      } else if (count.lines >= mostLines) {
        count.left += 1;
        return;
      } else count.lines += 1;
      write(log);
    },
  };
}
