import { type Logger, pino } from 'pino';
import { StoreUnavailable } from '../domain/store-unavailable.ts';
import type { OutageListener } from '../store/outage.ts';
import { type LogFile, openLogFile } from './log-file.ts';

/**
 * JSON lines on `destination`, with secrets removed from each finished line: paths to redact would miss nested keys,
 * messages and stacks. Lines about one thing carry `event`, `incident` and `run`. An outage of the store is told once
 * (`outageLines`), so a line whose `err` is a part of it is left out.
 */
export function createLog(
  scrub: (text: string) => string,
  {
    level = 'info',
    destination = toStderr(),
  }: { level?: string; destination?: { write(line: string): unknown } } = {},
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(given, write) {
          if (!isTold(given[0])) write.apply(this, given);
        },
      },
    },
    { write: (line: string) => void destination.write(`${scrub(line.trimEnd())}\n`) },
  );
}

let stderr: LogFile | undefined;
/** Not through `process.stderr`, which ends the process when its reader is gone, and waits for one that hangs. */
const toStderr = () => {
  stderr ??= openLogFile(process.stderr.fd);
  return stderr;
};

function isTold(line: unknown): boolean {
  const error = typeof line === 'object' && line !== null && 'err' in line ? line.err : undefined;
  return error instanceof StoreUnavailable && error.told;
}

/** One line when an outage of the store begins, and one when it ends. */
export function outageLines(log: () => Logger): OutageListener {
  return {
    began: (reason) =>
      log().error({ reason }, 'The store is not available: deliveries are answered 503 until it is back'),
    ended: ({ seconds, failed, reason }) =>
      log().warn({ seconds, failed, reason }, 'The store is available again'),
  };
}
