import { afterEach, describe, expect, it, vi } from 'vitest';
import { Lifetime } from '../../processes/lifetime.ts';

describe('a lifetime', () => {
  const tell = vi.fn();
  afterEach(() => tell.mockClear());

  it('closes what it has opened, newest first', async () => {
    const lifetime = new Lifetime();
    const closed: string[] = [];
    lifetime.onClose(async () => closed.push('lock'));
    expect(await lifetime.opens(Promise.resolve('store'), async (it) => closed.push(it))).toBe('store');
    await lifetime.close(tell);
    expect(closed).toEqual(['store', 'lock']);
  });

  it('waits for what is still being opened when another part has failed, and closes it', async () => {
    const lifetime = new Lifetime();
    const { promise, resolve } = Promise.withResolvers<string>();
    const close = vi.fn(async () => {});
    void lifetime.opens(promise, close);
    const closing = lifetime.close(tell);
    expect(close).not.toHaveBeenCalled();
    resolve('store');
    await closing;
    expect(close).toHaveBeenCalledExactlyOnceWith('store');
  });

  it('closes nothing of what could not be opened, and leaves its failure to whoever awaits it', async () => {
    const lifetime = new Lifetime();
    const close = vi.fn(async () => {});
    const opening = lifetime.opens(Promise.reject(new Error('no room')), close);
    await lifetime.close(tell);
    expect(close).not.toHaveBeenCalled();
    expect(tell).not.toHaveBeenCalled();
    await expect(opening).rejects.toThrow('no room');
  });

  it('keeps the failure of a part for whoever waits later', async () => {
    const lifetime = new Lifetime();
    lifetime.fail(new Error('the store is lost'));
    await new Promise((resolve) => void setImmediate(resolve));
    await expect(lifetime.untilEnd()).rejects.toThrow('the store is lost');
    await lifetime.close(tell);
  });
});
