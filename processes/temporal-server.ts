import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, devNull } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { childEnvironment } from '../worker/child-environment.ts';
import { CliFailure } from './failure.ts';
import { freePort } from './ports.ts';

const run = promisify(execFile);

/**
 * Values that the development server needs to be quick and closed. Its defaults let each workflow task wait up to 50 ms (three polling
 * limits) and spread one machine's tasks over four partitions.
 */
export const devServerSettings: readonly string[] = [
  'history.transferProcessorMaxPollRPS=1000',
  'history.timerProcessorMaxPollRPS=1000',
  'history.visibilityProcessorMaxPollRPS=1000',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  // Its HTTP API cannot be switched off. No request can name this host, as a space is not allowed there: each is refused.
  'frontend.httpAllowedHosts=["no host"]',
].flatMap((value) => ['--dynamic-config-value', value]);

/** A database in a file is half as fast without these; what a killed process had committed survives with them. */
export const devServerFileSettings: readonly string[] = [
  '--sqlite-pragma',
  'journal_mode=wal',
  '--sqlite-pragma',
  'synchronous=normal',
];

export interface TemporalOptions {
  /** The program, from `findTemporal`. */
  path: string;
  /** Where its database and log are kept. In memory, and silent, when left out. */
  dataDir?: string;
  /** Taken as given; when left out 7233 or, where that is taken, a free one. */
  port?: number;
  /** Of its web page: a number, or from 8233 on the first one that is free. Left out: no page, as it has no sign-in. */
  uiPort?: number | 'free';
  /** Nobody needs it any more: a start that is under way is broken off. */
  signal?: AbortSignal;
}

export interface RunningTemporal {
  /** `127.0.0.1:<port>`. */
  address: string;
  uiUrl?: string;
  pid: number;
  /** Rejects when the server ends without having been told to. */
  ended: Promise<never>;
  stop(): Promise<void>;
}

const usualPort = 7233;
const usualUiPort = 8233;
const startMilliseconds = 30_000;
const stopMilliseconds = 5_000;
/** Between two questions whether it answers. */
const pollMilliseconds = 50;
/** Of its log: it writes warnings alone, and in trouble many. */
const mostLogBytes = 8 * 1024 * 1024;
const lookAtLogMilliseconds = 60_000;

/**
 * Starts Temporal's development server on loopback and waits until it answers. It has a process group of its own, so that
 * Ctrl-C stops Baton first and the server after it. It ends with this process; after a `kill -9`, which leaves nobody to end
 * it, the next start on the same data folder does.
 */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const dataDir = options.dataDir === undefined ? undefined : resolve(options.dataDir);
  if (dataDir !== undefined) {
    await mkdir(dataDir, { recursive: true });
    await endOrphan(dataDir);
  }
  options.signal?.throwIfAborted();
  const port = options.port ?? (await freePort('127.0.0.1', usualPort));
  const uiPort = options.uiPort === 'free' ? await freePort('127.0.0.1', usualUiPort) : options.uiPort;
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'];
  args.push(...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]), ...devServerSettings);
  if (dataDir !== undefined) args.push('--db-filename', databaseOf(dataDir), ...devServerFileSettings);

  const log = dataDir === undefined ? devNull : join(dataDir, 'temporal.log');
  const child = spawnQuietly(options.path, args, log);
  const exit = new Promise<string>((settle) => {
    child.once('exit', (code, signal) => settle(signal ?? `exit code ${code}`));
    child.once('error', (error) => settle(error.message));
  });
  const logLength = setInterval(cutLog, lookAtLogMilliseconds, log).unref();
  const endWithUs = () => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  void exit.then(() => {
    clearInterval(logLength);
    process.off('exit', endWithUs);
  });
  const stop = async () => {
    await end(child, exit);
    if (dataDir !== undefined) await rm(pidFileOf(dataDir), { force: true });
  };

  const address = `127.0.0.1:${port}`;
  const pid = child.pid ?? 0;
  try {
    if (dataDir !== undefined) await writeFile(pidFileOf(dataDir), JSON.stringify({ pid, address }));
    await untilItAnswers(address, exit, log, options.signal);
  } catch (error) {
    await stop();
    throw error;
  }
  let stopping = false;
  const ended = exit.then((how) => {
    if (stopping) return new Promise<never>(() => {});
    throw new CliFailure(`The Temporal server ended by itself (${how})`, { why: `Its log: ${log}` });
  });
  ended.catch(() => {});
  return {
    address,
    ...(uiPort === undefined ? {} : { uiUrl: `http://127.0.0.1:${uiPort}` }),
    pid,
    ended,
    stop: () => {
      stopping = true;
      return stop();
    },
  };
}

const databaseOf = (dataDir: string) => join(dataDir, 'temporal.db');
const pidFileOf = (dataDir: string) => join(dataDir, 'temporal.json');

/**
 * Go's runtime takes every processor, and spends time on sharing them out. Half of them are for Baton itself: on two processors the server takes an
 * eighth less time for the same work than without this.
 */
const processors = String(Math.max(1, Math.floor(availableParallelism() / 2)));

/** Its output goes straight to a file: through a pipe it would end with us, in the middle of a write. */
function spawnQuietly(path: string, args: string[], log: string): ChildProcess {
  // It appends, so that a file that was cut while it runs begins anew and not with a hole.
  if (log !== devNull) writeFileSync(log, '', { mode: 0o600 });
  const output = openSync(log, 'a');
  try {
    const env = { ...childEnvironment(process.env), GOMAXPROCS: processors };
    return spawn(path, args, { stdio: ['ignore', output, output], detached: true, env });
  } finally {
    closeSync(output);
  }
}

/** What is too long begins anew: it cannot be put aside, since the server holds the file. */
export function cutLog(log: string): void {
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > mostLogBytes) truncateSync(log);
}

async function untilItAnswers(
  address: string,
  exit: Promise<string>,
  log: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Loaded here, since only a starting process needs it and it takes a quarter of a second.
  const { Connection } = await import('@temporalio/client');
  const connection = Connection.lazy({
    address,
    // After a refusal it would not look again for a second, and longer each time: the server listens half a second after its start.
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': pollMilliseconds,
      'grpc.max_reconnect_backoff_ms': pollMilliseconds,
    },
  });
  let ended: string | undefined;
  void exit.then((how) => {
    ended = how;
  });
  const deadline = Date.now() + startMilliseconds;
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (ended !== undefined)
        throw new CliFailure(`The Temporal server did not start (${ended})`, { why: await tailOf(log) });
      try {
        await connection.withDeadline(Date.now() + 1_000, () =>
          connection.workflowService.describeNamespace({ namespace: 'default' }),
        );
        return;
      } catch (error) {
        if (Date.now() > deadline)
          throw new CliFailure(`The Temporal server does not answer within ${startMilliseconds / 1000} s`, {
            why: (error as Error).message,
            next: `Its log: ${log}`,
          });
        await pause(pollMilliseconds);
      }
    }
  } finally {
    await connection.close();
  }
}

async function tailOf(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-5).join('\n');
}

async function end(child: ChildProcess, exit: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const inTime = await Promise.race([exit.then(() => true), pause(stopMilliseconds, false, { ref: false })]);
  if (!inTime) child.kill('SIGKILL');
  await exit;
}

const pidFile = z.object({ pid: z.number().int().min(2) });

/**
 * Ends the server that a killed Baton has left behind on this data folder. The file names a process id, which may be
 * another's by now: only a process that has our database in its command line is ended.
 */
async function endOrphan(dataDir: string): Promise<void> {
  const text = await readFile(pidFileOf(dataDir), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const known = pidFile.safeParse(parseJson(text));
  if (known.success) {
    const { pid } = known.data;
    const isOurs = async () => (await commandLine(pid)).includes(databaseOf(dataDir));
    const deadline = Date.now() + stopMilliseconds;
    for (let signal: NodeJS.Signals = 'SIGTERM'; await isOurs(); await pause(50)) {
      if (Date.now() > deadline) signal = 'SIGKILL';
      kill(pid, signal);
    }
  }
  await rm(pidFileOf(dataDir), { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Empty where there is no such process, or where it has ended and only waits to be counted off. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux')
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
  return run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  );
}
