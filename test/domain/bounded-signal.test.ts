import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { boundedSignal } from '../../domain/bounded-signal.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const fired = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('a signal that is bounded in time', () => {
  it('fires with the other one, and with its reason', () => {
    const other = new AbortController();
    const signal = boundedSignal(other.signal, 60_000);
    expect(signal.aborted).toBe(false);
    other.abort(new Error('stopped'));
    expect(signal.reason).toEqual(new Error('stopped'));
    expect(boundedSignal(other.signal, 60_000).reason).toEqual(new Error('stopped'));
  });

  it('fires when the time is over, with a TimeoutError, and leaves the other one as it is', async () => {
    const other = new AbortController();
    const signal = boundedSignal(other.signal, 1);
    const isOver = fired(signal);
    // Its timer keeps no process alive.
    const alive = setTimeout(() => {}, 10_000);
    await isOver;
    clearTimeout(alive);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
    expect(other.signal.aborted).toBe(false);
    other.abort();
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('leaves nothing behind, also one of another one, with somebody who still listens', async () => {
    const other = new AbortController();
    const made = async () => {
      const outer = boundedSignal(other.signal, 2);
      const inner = boundedSignal(outer, 1);
      inner.addEventListener('abort', () => {});
      await fired(inner);
      return [new WeakRef(outer), new WeakRef(inner)];
    };
    const alive = setTimeout(() => {}, 10_000);
    const all = (await Promise.all(Array.from({ length: 100 }, made))).flat();
    await fired(boundedSignal(other.signal, 5));
    clearTimeout(alive);
    collectGarbage();
    // A last one may still lie on the stack.
    expect(all.filter((each) => each.deref() !== undefined).length).toBeLessThan(5);
    expect(other.signal.aborted).toBe(false);
  });
});
