import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';

export interface TestPostgres {
  /** A database of its own, empty. */
  url: string;
  /** Makes one more empty database on this server, and gives its address. */
  newDatabase(): Promise<string>;
  /** What can be done to a server that is ours; undefined where `BATON_TEST_DATABASE_URL` names one. */
  faults: PostgresFaults | undefined;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

export interface PostgresFaults {
  /** Ends the server at once, as `pg_ctl stop -m immediate` does. */
  crash(): Promise<void>;
  /** Starts it again, on the same port and files. */
  restart(): Promise<void>;
  /** Halts all its processes: connections stay open and are not answered. */
  freeze(): void;
  thaw(): void;
}

/**
 * A PostgreSQL for a test: `BATON_TEST_DATABASE_URL`, else one that is started from the binaries found, on a free port, in a fresh
 * folder, never as root. Undefined, with a word about it, where there is none.
 */
export async function startPostgres(): Promise<TestPostgres | undefined> {
  const given = process.env.BATON_TEST_DATABASE_URL;
  if (given) return onServer(given, undefined, async () => undefined);
  const binaries = findBinaries();
  if (!binaries) {
    console.warn(
      'PostgreSQL: skipped. No BATON_TEST_DATABASE_URL, and no initdb and postgres on this machine.',
    );
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'baton-postgres-'));
  const user = unprivilegedUser();
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const initdb = [...['-D', data, '-U', 'baton', '-A', 'trust'], '-E', 'UTF8', '--no-locale', '--no-sync'];
  execFileSync(join(binaries, 'initdb'), initdb, { ...user, cwd: folder, stdio: 'ignore' });
  const port = await freePort();
  const url = `postgres://baton@127.0.0.1:${port}/postgres`;
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=off',
    'max_connections=60',
  ];
  const flags = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];

  const start = async () => {
    const child = spawn(join(binaries, 'postgres'), flags, { ...user, cwd: folder, stdio: 'ignore' });
    await untilReady(url, child);
    return child;
  };
  let child = await start();
  // A test that fails may not come to its end.
  process.once('exit', () => child.kill('SIGQUIT'));
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    signalAll(child, 'SIGCONT');
    child.kill('SIGQUIT');
    await ended;
  };
  const faults: PostgresFaults = {
    crash: end,
    restart: async () => {
      child = await start();
    },
    freeze: () => signalAll(child, 'SIGSTOP'),
    thaw: () => signalAll(child, 'SIGCONT'),
  };
  return onServer(url, faults, async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  });
}

async function onServer(
  serverUrl: string,
  faults: PostgresFaults | undefined,
  stop: () => Promise<void>,
): Promise<TestPostgres> {
  const newDatabase = async () => {
    const name = `baton_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
    await onClient(serverUrl, (client) => client.query(`create database ${name}`));
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    return url.href;
  };
  return { url: await newDatabase(), newDatabase, faults, stop };
}

async function onClient(url: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  // A server that goes away again is the caller's query that fails.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const ready = await onClient(url, (client) => client.query('select 1')).then(
      () => true,
      () => false,
    );
    if (ready) return;
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('PostgreSQL did not start');
    await wait(20);
  }
}

/** The folder of the binaries: that of PATH, else the newest of the usual place. */
function findBinaries(): string | undefined {
  const onPath = (process.env.PATH ?? '').split(':');
  const base = '/usr/lib/postgresql';
  const versions = spawnSync('test', ['-d', base]).status === 0 ? readdirSync(base) : [];
  const usual = versions
    .sort((one, other) => Number(other) - Number(one))
    .map((name) => join(base, name, 'bin'));
  const works = (folder: string) =>
    ['initdb', 'postgres'].every((name) => spawnSync(join(folder, name), ['--version']).status === 0);
  return [...onPath.filter((folder) => folder.startsWith('/')), ...usual].find(works);
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${name}:`));
    const [, , uid, gid] = line?.split(':') ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('Running as root, and there is no user postgres or nobody');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port');
  return address.port;
}

/** Each connection has a process of its own, in its own group: all children of the first one get the signal. */
function signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid } = child;
  if (pid === undefined) return;
  child.kill(signal);
  for (const one of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)) {
    try {
      process.kill(Number(one), signal);
    } catch {
      // It ended between the two lines.
    }
  }
}
