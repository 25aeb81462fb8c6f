import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RecordRow } from '../../domain/record.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { createLog } from '../../log/log.ts';
import { startSealer } from '../../server/rounds/sealer.ts';
import { linkHash, noLine } from '../../store/record/chain.ts';
import { embeddedWorld, entry } from '../store/world.ts';

const hour = 3_600_000;
const round = 500;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function logged() {
  const lines: string[] = [];
  const log = createLog((text) => text, { destination: { write: (line) => lines.push(line) } });
  const heads = () => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'Head of the record');
  return { log, lines, heads };
}

/** A record in memory: seven thousand rounds make an hour, which a database would take its time for. */
function recordInMemory() {
  const rows: RecordRow[] = [];
  let pending = 0;
  let failure: Error | undefined;
  return {
    write: (count: number) => {
      pending += count;
    },
    failWith: (error: Error | undefined) => {
      failure = error;
    },
    hashOf: (seq: number) => rows[seq - 1]?.hash,
    async seal() {
      if (failure) throw failure;
      const linked = pending;
      for (; pending > 0; pending -= 1) {
        const line = {
          ...(entry() as RecordRow),
          seq: rows.length + 1,
          previous: rows.at(-1)?.hash ?? noLine.hash,
        };
        rows.push({ ...line, hash: linkHash({ ...line, detail: JSON.stringify(line.detail) }) });
      }
      return linked;
    },
    async head() {
      const last = rows.at(-1);
      return { seq: last?.seq ?? noLine.seq, hash: last?.hash ?? noLine.hash };
    },
  };
}

describe('the head of the record', () => {
  it('is in the log at the start, and then once an hour, as it is then', async () => {
    const record = recordInMemory();
    const { log, heads } = logged();
    record.write(3);
    const sealer = startSealer(record, log);
    vi.advanceTimersByTime(round);
    await vi.waitFor(() => expect(heads()).toHaveLength(1));
    expect(heads()[0]).toMatchObject({ seq: 3, hash: record.hashOf(3) });

    record.write(1_000);
    vi.advanceTimersByTime(hour - 2 * round);
    await sealer.stop();
    expect(heads()).toHaveLength(1);

    const next = startSealer(record, log);
    vi.advanceTimersByTime(round);
    await vi.waitFor(() => expect(heads()).toHaveLength(2));
    record.write(5);
    vi.advanceTimersByTime(hour);
    await next.stop();
    expect(heads().map(({ seq }) => seq)).toEqual([3, 1_003, 1_008]);
    expect(heads()[2].hash).toBe(record.hashOf(1_008));
  });

  it('is told as soon as the store answers again', async () => {
    const record = recordInMemory();
    const { log, lines, heads } = logged();
    record.failWith(new StoreUnavailable('The store is not available'));
    const sealer = startSealer(record, log);
    onTestFinished(() => sealer.stop());
    vi.advanceTimersByTime(round);
    await vi.waitFor(() => expect(lines.join()).toContain('could not be linked'));
    expect(heads()).toEqual([]);
    record.failWith(undefined);
    vi.advanceTimersByTime(round);
    await vi.waitFor(() => expect(heads()).toHaveLength(1));
  });

  it('is on a real store the one that verifying finds', async () => {
    const world = await embeddedWorld();
    const store = world.newStore();
    onTestFinished(async () => {
      await store.close();
      await world.close();
    });
    const { log, heads } = logged();
    const sealer = startSealer(store, log);
    await store.append(Array.from({ length: 1_500 }, (_, n) => entry({ detail: { n } })));
    vi.advanceTimersByTime(round);
    await vi.waitFor(() => expect(heads()).toHaveLength(1));
    await store.append([entry(), entry()]);
    await sealer.stop();
    const verified = await store.verifyRecord();
    expect(verified).toMatchObject({ ok: true, rows: 1_502, pending: 0 });
    const [line] = await store.readRecord({ after: 1_499, limit: 1 });
    expect(heads()).toEqual([expect.objectContaining({ seq: 1_500, hash: line?.hash })]);
  });
});
