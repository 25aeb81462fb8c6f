import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleWebhook, signWebhook } from '../../../cli/example.ts';
import { anyFreePort } from '../../../processes/ports.ts';

const program = join(import.meta.dirname, '../../cli/fixture/baton.ts');
const secret = 'a-secret-of-this-test';
const run = promisify(execFile);

/** Tries until it holds, or fails with the last reason. */
async function until<T>(what: () => Promise<T>, milliseconds = 30_000): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    try {
      return await what();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(50);
    }
  }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    // One that has ended and was not counted off by its parent yet still has its id, and no command line.
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
};

describe('baton start', () => {
  let folder: string;
  let port: number;
  const started: ChildProcess[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton start '));
    port = await anyFreePort('127.0.0.1');
  });
  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    const temporal = temporalPid();
    if (temporal !== undefined && isAlive(temporal)) process.kill(temporal, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const environment = (more: NodeJS.ProcessEnv = {}) => ({
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORT: String(port),
    BATON_DATA_DIR: join(folder, 'data'),
    PAGERDUTY_WEBHOOK_SECRETS: secret,
    ...more,
  });
  const temporalPid = (): number | undefined => {
    try {
      return JSON.parse(readFileSync(join(folder, 'data/temporal.json'), 'utf8')).pid;
    } catch {
      return undefined;
    }
  };
  function start(more: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [program, 'start'], { env: environment(more) });
    started.push(child);
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (part) => (said.stdout += part));
    child.stderr.on('data', (part) => (said.stderr += part));
    const exit = new Promise<number | string | null>((ended) =>
      child.once('exit', (code, signal) => ended(code ?? signal)),
    );
    return { child, exit, said };
  }
  const baton = async (...argv: string[]) =>
    JSON.parse((await run(process.execPath, [program, ...argv, '--json'], { env: environment() })).stdout);
  const ready = () =>
    until(async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
      expect(await answer.json()).toMatchObject({ status: 'ok' });
    });
  /** A program in Temporal's place. Its process id stands in `begun` once it is to serve, which it does as `serve` says. */
  function inTemporalsPlace(serve: string): { PATH: string; begun: string } {
    const [bin, begun] = [join(folder, 'bin'), join(folder, 'begun')];
    mkdirSync(bin);
    const version = '[ "$1" = --version ] && echo "temporal version 1.0.0 (Server 1.0.0)" && exit 0';
    writeFileSync(join(bin, 'temporal'), `#!/bin/sh\n${version}\necho $$ > '${begun}'\n${serve}\n`);
    chmodSync(join(bin, 'temporal'), 0o755);
    return { PATH: `${bin}:${process.env.PATH}`, begun };
  }
  const send = async () => {
    const webhook = exampleWebhook(new Date());
    const body = JSON.stringify(webhook);
    const headers = {
      'content-type': 'application/json',
      'x-pagerduty-signature': signWebhook(body, secret),
    };
    const answer = await fetch(`http://127.0.0.1:${port}/webhooks/pagerduty`, {
      method: 'POST',
      headers,
      body,
    });
    expect(answer.status).toBe(202);
    return webhook.event.data.id;
  };
  const exampleTitle = exampleWebhook(new Date()).event.data.title;
  const inTemporal = () =>
    readdirSync(join(folder, 'data'))
      .filter((name) => name.startsWith('temporal.db'))
      .map((name) => readFileSync(join(folder, 'data', name), 'latin1'))
      .join('\n');
  const isRunning = (id: string) =>
    until(async () => expect(await baton('runs', 'show', id)).toMatchObject({ run: { state: 'running' } }));

  it('takes an event, runs its workflow, goes on after kill -9, stops cleanly and leaves nothing behind', async () => {
    const first = start();
    await ready();
    await until(async () => expect(first.said.stdout).toContain('admin.token'));
    expect(first.said.stdout.trim().split('\n').length).toBeLessThanOrEqual(12);
    expect(statSync(join(folder, 'data/admin.token')).mode & 0o777).toBe(0o600);
    const id = await send();
    await isRunning(`news/${id}`);
    expect(inTemporal()).toContain(exampleTitle);

    const orphan = temporalPid() ?? 0;
    first.child.kill('SIGKILL');
    await first.exit;
    expect(isAlive(orphan)).toBe(true);

    const second = start();
    await ready();
    expect(second.said.stdout).not.toContain('admin.token');
    expect(isAlive(orphan)).toBe(false);
    await isRunning(`news/${id}`);
    const temporal = temporalPid() ?? 0;
    expect(isAlive(temporal)).toBe(true);

    const began = Date.now();
    second.child.kill('SIGTERM');
    expect(await second.exit).toBe(0);
    expect(Date.now() - began).toBeLessThan(15_000);
    expect(isAlive(temporal)).toBe(false);
    expect(await baton('audit', 'verify')).toMatchObject({ ok: true });
  }, 120_000);

  it('keeps nothing of an incident in Temporal’s files that can be read, where it is to be encrypted, and shows it', async () => {
    start({ BATON_ENCRYPT_PAYLOADS: '1' });
    await ready();
    const id = await send();
    await isRunning(`news/${id}`);
    expect(inTemporal()).toContain(`news/${id}`);
    expect(inTemporal()).not.toContain(exampleTitle);
    expect(JSON.stringify(await baton('incidents', 'show', id))).toContain(exampleTitle);
  }, 120_000);

  it('starts Temporal again when it ends by itself', async () => {
    start();
    await ready();
    const before = temporalPid() ?? 0;
    process.kill(before, 'SIGKILL');
    await until(async () => {
      expect(temporalPid()).not.toBe(before);
      expect(isAlive(temporalPid() ?? 0)).toBe(true);
    });
    const id = await send();
    await isRunning(`news/${id}`);
  }, 120_000);

  it('ends with an error when the thread of its store ends, and has what it took at the next start', async () => {
    const calls = new URL('../../store/disk-calls.mjs', import.meta.url).href;
    const first = start({ BATON_TEST_DISK: folder, NODE_OPTIONS: `--import=${calls}` });
    await ready();
    const id = await send();
    writeFileSync(join(folder, 'ends'), '');
    expect(await first.exit).toBe(1);
    expect(first.said.stderr).toMatch(/The store is not available: its thread has ended.*Restart Baton/);
    start();
    await ready();
    await isRunning(`news/${id}`);
  }, 120_000);

  it('refuses a second start on the same folder, and leaves the first alone', async () => {
    start();
    await ready();
    const temporal = temporalPid() ?? 0;
    const { PATH, begun } = inTemporalsPlace('exit 3');
    const second = start({ PATH, PORT: String(await anyFreePort('127.0.0.1')) });
    expect(await second.exit).toBe(1);
    expect(second.said.stderr).toContain('in use');
    expect(second.said.stderr).toContain('BATON_DATA_DIR');
    expect(existsSync(begun)).toBe(false);
    expect(isAlive(temporal)).toBe(true);
    await ready();
  }, 120_000);

  it('closes its store and frees the folder where Temporal does not start, and says why', async () => {
    const { PATH, begun } = inTemporalsPlace('echo no room >&2\nexit 3');
    const { exit, said } = start({ PATH });
    expect(await exit).toBe(1);
    expect(said.stderr).toMatch(/^baton: The Temporal server did not start \(exit code 3\)\nno room$/m);
    expect(isAlive(Number(readFileSync(begun, 'utf8')))).toBe(false);
    expect(existsSync(join(folder, 'data/baton.lock'))).toBe(false);
    rmSync(begun);
    start();
    await ready();
  }, 120_000);

  it('ends the Temporal that it has begun where its store does not open, and says why', async () => {
    mkdirSync(join(folder, 'data/store'), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'data/store/PG_VERSION'), '1\n');
    const { PATH, begun } = inTemporalsPlace('exec sleep 60');
    const { exit, said } = start({ PATH });
    expect(await exit).toBe(1);
    expect(said.stderr).toMatch(
      /^baton: Error: The database in .+store does not open: PGlite failed to initialize properly\. Put back a copy/m,
    );
    expect(said.stderr).not.toContain('Temporal');
    expect(temporalPid()).toBeUndefined();
    expect(existsSync(begun) && isAlive(Number(readFileSync(begun, 'utf8')))).toBe(false);
    expect(existsSync(join(folder, 'data/baton.lock'))).toBe(false);
  }, 120_000);

  it('says so when its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(port, '127.0.0.1', listening));
    const { exit, said } = start();
    expect(await exit).toBe(1);
    expect(said.stderr).toContain(`Port ${port} is taken`);
    other.close();
  });

  it('ends the process in the pid file only if it is the Temporal of this folder', async () => {
    const bystander = spawn('sleep', ['60']);
    started.push(bystander);
    start();
    await ready();
    for (const child of started) if (child !== bystander) child.kill('SIGTERM');
    await until(async () => expect(temporalPid()).toBeUndefined());
    writeFileSync(join(folder, 'data/temporal.json'), JSON.stringify({ pid: bystander.pid }));
    start();
    await ready();
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
  }, 120_000);
});
