import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Sources } from '../../server/story/gather.ts';
import { storyForPage } from '../../server/story/kept.ts';

const next = { isFirst: false };
const first = { isFirst: true };

describe('the pages of a story', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const told = (text: string) => ({
    at: '2026-11-20T09:00:00.000Z',
    actor: 'baton',
    via: 'worker',
    action: 'run.said',
    subject: 'Q1',
    detail: { run: 'x/Q1', text },
    seq: 1,
  });

  function sources() {
    let lines = [told('as it was')];
    const linesAbout = vi.fn(async () => lines);
    const store = {
      linesAbout,
      pageOfEvents: async () => ({ items: [] }),
      transcriptsOf: async () => [],
      searchRecord: async () => ({ items: [] }),
    } as unknown as Sources['store'];
    return { given: { store } satisfies Sources, linesAbout, say: (text: string) => (lines = [told(text)]) };
  }
  const textOf = async (story: ReturnType<typeof storyForPage>) => (await story).entries[0]?.text;

  it('are of what the first one has gathered, once', async () => {
    const { given, linesAbout, say } = sources();
    await storyForPage('Q1', given, first);
    say('as it is');
    for (let page = 0; page < 20; page += 1)
      expect(await textOf(storyForPage('Q1', given, next))).toContain('as it was');
    expect(linesAbout).toHaveBeenCalledTimes(1);
    expect(await textOf(storyForPage('Q1', given, first))).toContain('as it is');
    expect(await textOf(storyForPage('Q1', given, next))).toContain('as it is');
    expect(linesAbout).toHaveBeenCalledTimes(2);
  });

  it('are gathered anew where the first one is long ago, of another incident, or has failed', async () => {
    const { given, linesAbout } = sources();
    await storyForPage('Q1', given, first);
    await storyForPage('Q2', given, next);
    expect(linesAbout).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(30_000);
    await storyForPage('Q1', given, next);
    expect(linesAbout).toHaveBeenCalledTimes(3);
    linesAbout.mockRejectedValueOnce(new Error('the store is away'));
    await expect(storyForPage('Q1', given, first)).rejects.toThrow('the store is away');
    await storyForPage('Q1', given, next);
    expect(linesAbout).toHaveBeenCalledTimes(5);
  });

  it('are kept of a few incidents alone', async () => {
    const { given, linesAbout } = sources();
    for (const subject of ['Q1', 'Q2', 'Q3', 'Q4', 'Q5']) await storyForPage(subject, given, first);
    await storyForPage('Q5', given, next);
    expect(linesAbout).toHaveBeenCalledTimes(5);
    await storyForPage('Q1', given, next);
    expect(linesAbout).toHaveBeenCalledTimes(6);
  });

  it('are of a few stories alone also where one is asked for again and again: nothing holds one that another one has replaced', async () => {
    const { given } = sources();
    for (const subject of ['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q5', 'Q5'])
      await storyForPage(subject, given, first);
    // Each of them holds its story until it is over.
    expect(vi.getTimerCount()).toBe(4);
    vi.advanceTimersByTime(30_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
