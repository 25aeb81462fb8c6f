import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderInUse } from '../../store/embedded/lock.ts';
import { openStore } from '../../store/open.ts';
import { delivery } from '../store/world.ts';

const writer = new URL('../store/writer.ts', import.meta.url);

describe('the embedded store', () => {
  let dataDir: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'baton-embedded-'));
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** A process that stores events without end, and says the id of each that was acknowledged. */
  function startWriter(): ChildProcess {
    child = fork(writer, [dataDir], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    return child;
  }
  const ended = (one: ChildProcess) => new Promise((resolve) => one.once('exit', resolve));

  it('knows after a restart what it had, and takes it up at once', async () => {
    const given = delivery();
    const first = await openStore({ dataDir });
    const { seq } = await first.receive(given);
    await first.close();
    const second = await openStore({ dataDir });
    expect(await second.receive(given)).toMatchObject({ duplicate: true });
    expect(await second.claim(10)).toMatchObject([{ seq, event: given.event, attempts: 1 }]);
    await second.close();
  });

  it('refuses a second process on its folder, and says what to do', async () => {
    const one = startWriter();
    await new Promise((resolve) => one.once('message', resolve));
    const refused = openStore({ dataDir });
    await expect(refused).rejects.toThrow(DataFolderInUse);
    await expect(refused).rejects.toThrow(`${dataDir} is in use by process ${one.pid}`);
    await expect(refused).rejects.toThrow('DATABASE_URL');
  });

  it('loses nothing that was acknowledged when its process is killed while it writes', async () => {
    const one = startWriter();
    const acknowledged: string[] = [];
    await new Promise<void>((resolve) => {
      one.on('message', (id) => {
        acknowledged.push(String(id));
        if (acknowledged.length === 200) resolve();
      });
    });
    const end = ended(one);
    one.kill('SIGKILL');
    await end;
    const store = await openStore({ dataDir });
    for (const id of acknowledged) expect(await store.findEvent(id)).toBeDefined();
    while ((await store.seal()) > 0);
    expect(await store.verifyRecord()).toMatchObject({ ok: true });
    await store.close();
  });

  it('starts again after it was interrupted while its folder was being made', async () => {
    const one = startWriter();
    const unfinished = join(dataDir, 'store.new');
    await expect.poll(() => readdirOrNone(unfinished), { timeout: 30_000, interval: 10 }).not.toEqual(0);
    const end = ended(one);
    one.kill('SIGKILL');
    await end;
    const store = await openStore({ dataDir });
    await store.ping();
    await store.close();
  });
});

function readdirOrNone(folder: string): number {
  try {
    return readFileSync(join(folder, 'PG_VERSION')).length;
  } catch {
    return 0;
  }
}
