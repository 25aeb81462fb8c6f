import { type Logger, pino } from 'pino';

/**
 * JSON lines on `destination`, with secrets removed from each finished line: paths to redact would miss nested keys,
 * messages and stacks. Lines about one thing carry `event`, `incident` and `run`.
 */
export function createLog(
  scrub: (text: string) => string,
  {
    level = 'info',
    destination = process.stderr,
  }: { level?: string; destination?: { write(line: string): unknown } } = {},
): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => void destination.write(`${scrub(line.trimEnd())}\n`) },
  );
}
