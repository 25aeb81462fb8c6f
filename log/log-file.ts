import { closeSync, constants, fstatSync, openSync, renameSync, rmSync, write, writeSync } from 'node:fs';

/** Lines that wait while the last ones are being written. More are left out: a log that hangs must not fill the memory. */
const mostWaitingBytes = 1024 * 1024;
const mostAtOnce = 64 * 1024;

export interface LogFile {
  write(line: string): void;
  /** Writes what waits, and closes. */
  close(): void;
}

export interface Rotation {
  /** A file that is this long is put aside. */
  bytes: number;
  /** Files that were put aside: `<path>.1` is the newest. */
  kept: number;
}

const usual: Rotation = { bytes: 8 * 1024 * 1024, kept: 3 };

/**
 * Writes lines to a file (0600, put aside as `rotation` says), or to a descriptor that is open, such as stderr. It never throws, and never
 * waits for whoever reads: a full disk, a reader that is gone or one that hangs cost lines, which are counted, and told in a line of
 * their own when writing works again.
 */
export function openLogFile(target: string | number, rotation: Rotation = usual): LogFile {
  const path = typeof target === 'string' ? target : undefined;
  let descriptor = typeof target === 'number' ? target : undefined;
  let length = 0;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing = false;
  /** The last write ended in the middle of a line. */
  let torn = false;
  let lost = 0;
  let reason = '';

  /** Without waiting: a pipe in the place of the file may have no reader. */
  function open(file: string): number {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
    const opened = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o600);
    length = fstatSync(opened).size;
    return opened;
  }

  function rotate(file: string, open: number): void {
    closeSync(open);
    descriptor = undefined;
    for (let number = rotation.kept; number >= 1; number -= 1) {
      const from = number === 1 ? file : `${file}.${number - 1}`;
      try {
        renameSync(from, `${file}.${number}`);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    // Without any to keep, the file begins anew.
    if (rotation.kept === 0) rmSync(file, { force: true });
  }

  /** Where to write now. Throws what the system says. */
  function place(): number {
    if (path !== undefined && descriptor !== undefined && length >= rotation.bytes) rotate(path, descriptor);
    if (descriptor === undefined && path !== undefined) descriptor = open(path);
    if (descriptor === undefined) throw new Error('closed');
    return descriptor;
  }

  /** The next bytes, and how many lines among them nobody gave. */
  function take(): { chunk: Buffer; told: number; own: number } {
    const parts: Buffer[] = torn ? [Buffer.from('\n')] : [];
    if (lost > 0) parts.push(lostLine(lost, reason));
    const own = parts.length;
    let bytes = 0;
    while (waiting[0] && bytes < mostAtOnce) {
      const part = waiting.shift() as Buffer;
      bytes += part.length;
      parts.push(part);
    }
    waitingBytes -= bytes;
    return { chunk: Buffer.concat(parts), told: lost, own };
  }

  function settle(
    { chunk, told, own }: ReturnType<typeof take>,
    written: number,
    error?: Error | null,
  ): void {
    length += written;
    if (written > 0) {
      torn = chunk[written - 1] !== newline;
      lost -= told;
    }
    if (!error && written === chunk.length) return;
    reason = error ? error.message : 'not all of them could be written';
    lost += linesIn(chunk.subarray(written)) - (written > 0 ? 0 : own);
  }

  function pump(): void {
    if (writing || waiting.length === 0) return;
    const taken = take();
    let to: number;
    try {
      to = place();
    } catch (error) {
      settle(taken, 0, error as Error);
      return;
    }
    writing = true;
    write(to, taken.chunk, 0, taken.chunk.length, null, (error, written) => {
      writing = false;
      settle(taken, error ? 0 : written, error);
      pump();
    });
  }

  /** At the end nothing is called back any more. What is on its way is not waited for: it may hang. */
  function flush(): void {
    while (!writing && waiting.length > 0) {
      const taken = take();
      try {
        settle(taken, writeSync(place(), taken.chunk));
      } catch (error) {
        settle(taken, 0, error as Error);
      }
    }
  }

  process.on('exit', flush);
  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (waitingBytes + bytes.length > mostWaitingBytes) {
        lost += 1;
        reason = 'they could not be written as fast as they came';
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      pump();
    },
    close() {
      flush();
      process.off('exit', flush);
      if (path !== undefined && descriptor !== undefined && !writing) closeSync(descriptor);
      descriptor = writing ? descriptor : undefined;
      waiting = [];
    },
  };
}

const newline = 0x0a;

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === newline) lines += 1;
  return lines;
}

const lostLine = (lost: number, reason: string) =>
  Buffer.from(
    `${JSON.stringify({ level: 40, time: new Date().toISOString(), lost, reason, msg: 'Lines of this log were lost' })}\n`,
  );

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';
