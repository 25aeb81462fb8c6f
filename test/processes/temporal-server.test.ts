import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type RunningTemporal, startTemporal } from '../../processes/temporal-server.ts';

/** The TCP ports on which a process listens, with their addresses as the kernel writes them (Linux). */
async function listening(pid: number): Promise<{ address: string; port: number }[]> {
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  );
  const own = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')),
  );
  return tables
    .flatMap((table) => table.trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && own.has(fields[9] ?? ''))
    .map((fields) => {
      const [address = '', port = ''] = (fields[1] ?? '').split(':');
      return { address, port: Number.parseInt(port, 16) };
    });
}

describe.runIf(process.platform === 'linux')('the embedded Temporal', () => {
  let temporal: RunningTemporal;
  const folder = mkdtempSync(join(tmpdir(), 'baton-temporal-'));
  beforeAll(async () => {
    temporal = await startTemporal({ path: inject('temporalPath'), dataDir: folder });
  });
  afterAll(async () => {
    await temporal.stop();
    rmSync(folder, { recursive: true });
  });

  it('leaves no listener on this process where it ends by itself', async () => {
    const before = process.listenerCount('exit');
    const another = await startTemporal({ path: inject('temporalPath') });
    expect(process.listenerCount('exit')).toBe(before + 1);
    process.kill(another.pid, 'SIGKILL');
    await expect(another.ended).rejects.toThrow('ended by itself');
    expect(process.listenerCount('exit')).toBe(before);
  });

  it('is told to run on half of the processors', async () => {
    const environment = (await readFile(`/proc/${temporal.pid}/environ`, 'utf8')).split('\0');
    const half = Math.max(1, Math.floor(availableParallelism() / 2));
    expect(environment).toContain(`GOMAXPROCS=${half}`);
  });

  it('listens on loopback alone, has no web page unless it is asked for one, and no HTTP API', async () => {
    expect(temporal.uiUrl).toBeUndefined();
    const sockets = await listening(temporal.pid);
    expect(sockets.length).toBeGreaterThan(0);
    expect(sockets.filter(({ address }) => address !== '0100007F')).toEqual([]);
    for (const { port } of sockets)
      for (const path of ['/', '/api/v1/namespaces', '/api/v1/namespaces/default/workflows', '/namespaces']) {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) })
          .then(async (response) => ({ status: response.status, text: await response.text() }))
          .catch(() => undefined);
        // The metrics' page says that it has nothing else.
        if (answer) expect([403, 404]).toContain(answer.status);
      }
  });
});
