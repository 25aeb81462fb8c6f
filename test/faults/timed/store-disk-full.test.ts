import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../domain/store-unavailable.ts';
import { reserveOf } from '../../../store/embedded/space.ts';
import { openStore } from '../../../store/open.ts';
import type { Store } from '../../../store/store.ts';
import { type SmallDisk, smallDisk } from '../../store/small-disk.ts';
import { watchedDisk } from '../../store/watched-disk.ts';
import { delivery, entry } from '../../store/world.ts';

describe('what is kept free', () => {
  it.each([
    [64, 9.6],
    [20, 8],
    [1_000, 64],
    [1_000_000, 64],
  ])('of a disk of %i MB are %d MB', (disk, reserve) => {
    expect(reserveOf(disk * 1024 * 1024) / 1024 / 1024).toBeCloseTo(reserve);
  });
});

describe.skipIf(!smallDisk.works)('the embedded store on a disk of 64 MB', () => {
  let disk: SmallDisk;
  let store: Store;
  let told: string[];
  const open = () =>
    openStore({
      dataDir: join(disk.path, 'data'),
      outages: { began: (reason) => void told.push(reason), ended: () => void told.push('ended') },
    });
  beforeEach(async () => {
    told = [];
    disk = smallDisk.mount(64);
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    disk.unmount();
  });

  const large = () =>
    delivery({ eventId: crypto.randomUUID(), body: crypto.getRandomValues(new Uint8Array(60_000)) });
  /** Stores until it is refused. What it gives was acknowledged. */
  async function storeUntilFull(): Promise<string[]> {
    const stored: string[] = [];
    for (;;) {
      const given = large();
      const error = await store.receive(given).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) stored.push(given.eventId);
      else {
        expect(error).toBeInstanceOf(StoreUnavailable);
        expect(error).toMatchObject({ kind: 'full', message: expect.stringContaining('full') });
        return stored;
      }
    }
  }
  const untilTaken = () =>
    expect.poll(() => store.receive(large()).then(() => 'taken', String), { timeout: 5000 }).toBe('taken');

  it('refuses before it is full by itself, can be read, and loses nothing that it took', async () => {
    const stored = await storeUntilFull();
    expect(stored.length).toBeGreaterThan(50);
    expect(disk.freeBytes()).toBeGreaterThan(1024 * 1024);
    await expect(store.ping()).rejects.toMatchObject({ kind: 'full' });
    await expect(store.append([entry()])).rejects.toMatchObject({ kind: 'full' });
    expect(await store.listEvents({ limit: 3 })).toHaveLength(3);
    expect(told).toHaveLength(1);
    await store.close();
    const before = disk.freeBytes();
    await expect(open()).rejects.toThrow(StoreUnavailable);
    expect(disk.freeBytes()).toBeLessThanOrEqual(before);
    // Larger now, as by whoever makes room.
    execFileSync('mount', ['-o', 'remount,size=200m', disk.path]);
    store = await open();
    for (const id of stored) expect(await store.findEvent(id)).toBeDefined();
    while ((await store.seal()) > 0);
    expect(await store.verifyRecord()).toMatchObject({ ok: true });
  });

  it.each(['for a moment', 'for longer'])(
    'goes on by itself when there is room again (full %s)',
    async (when) => {
      const given = large();
      await store.receive(given);
      disk.fill();
      const taken: string[] = [];
      const deadline = performance.now() + (when === 'for a moment' ? 50 : 600);
      while (performance.now() < deadline) {
        const more = large();
        await store.receive(more).then(
          () => void taken.push(more.eventId),
          (error: unknown) => expect(error).toBeInstanceOf(StoreUnavailable),
        );
      }
      disk.free();
      await untilTaken();
      await store.ping();
      for (const id of [given.eventId, ...taken]) expect(await store.findEvent(id)).toBeDefined();
      await expect.poll(() => store.append([entry()]).then(() => told.length), { timeout: 5000 }).toBe(2);
      expect(told).toEqual([expect.stringMatching(/full|No space left/), 'ended']);
    },
  );
});

describe('a commit to the embedded store', () => {
  it.each([
    [true, 'on the disk'],
    [false, 'not'],
  ])('with fsync %s is %s before it is answered', async (fsync) => {
    const disk = watchedDisk();
    const own = await openStore({ dataDir: disk.folder, fsync });
    try {
      const before = disk.calls();
      for (let count = 0; count < 5; count += 1) await own.receive(delivery());
      const synced = disk.calls() - before;
      if (fsync) expect(synced).toBeGreaterThanOrEqual(5);
      else expect(synced).toBe(0);
    } finally {
      await own.close();
      disk.remove();
    }
  });

  it('that the disk does not take is no commit, nor is any after it until a restart', async () => {
    const disk = watchedDisk();
    const { folder: dataDir } = disk;
    const own = await openStore({ dataDir });
    const given = delivery();
    disk.refuse();
    const refused = expect.objectContaining({
      name: 'StoreUnavailable',
      message: expect.stringMatching(/EIO.*restart/),
    });
    try {
      await expect(own.receive(given)).rejects.toEqual(refused);
    } finally {
      disk.take();
    }
    // The disk says yes again, and may have forgotten what it was given.
    await expect(own.receive(delivery())).rejects.toEqual(refused);
    await own.close().catch(() => undefined);
    const again = await openStore({ dataDir });
    expect(await again.receive(given)).toMatchObject({ seq: expect.any(Number) });
    await again.close();
    disk.remove();
  });
});
