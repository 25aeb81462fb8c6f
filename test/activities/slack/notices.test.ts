import { describe, expect, it } from 'vitest';
import { sendSlackNotices } from '../../../activities/slack/send-notices.ts';
import type { Notice } from '../../../domain/notice.ts';
import { startWorkspace } from './workspace.ts';

const at = '2026-11-26T09:00:00.000Z';
const userId = 'U0ADA';
const notice = (number: number): Notice => ({
  about: `#${number}`,
  text: `Nobody has acknowledged #${number} yet.`,
  links: [{ text: 'PagerDuty incident', url: `https://acme.pagerduty.com/incidents/Q${number}` }],
});

/** A workspace, and what is left for Ada: told are the notices that were claimed. */
async function startWith(count: number, lastToldAt?: string) {
  let waiting = Array.from({ length: count }, (_, index) => notice(index + 1));
  const claimed = new Map<string, Notice[]>();
  const workspace = await startWorkspace(
    {},
    {
      untoldNotices: async () => ({ notices: waiting, ...(lastToldAt ? { lastToldAt } : {}) }),
      claimNotices: async (_, key) => {
        claimed.set(key, waiting);
        return waiting;
      },
      toldNotices: async (_, key) => {
        waiting = waiting.filter((each) => !claimed.get(key)?.includes(each));
      },
    },
  );
  const blocks = () => workspace.simulator.world.messages.map((message) => JSON.stringify(message.blocks));
  return { ...workspace, blocks, left: () => waiting.length };
}

describe('telling a person what runs have left for them', () => {
  it('says one thing in its own words', async () => {
    const { run, blocks, left } = await startWith(1);
    expect(await run(sendSlackNotices, { userId, at })).toEqual({ changed: true, waitMs: 0 });
    expect(blocks()).toEqual([expect.stringContaining('Nobody has acknowledged #1 yet.')]);
    expect(blocks()[0]).not.toContain('incidents wait');
    expect(left()).toBe(0);
  });

  it('names five hundred in one message that Slack takes', async () => {
    const { run, blocks, left } = await startWith(500);
    await run(sendSlackNotices, { userId, at });
    expect(blocks()).toHaveLength(1);
    expect(blocks()[0]).toMatch(/500 incidents wait for you: #1, #2, .*#50 and 450 more\./);
    expect(blocks()[0]).toContain('And 490 more.');
    expect(blocks()[0]).toContain('incidents/Q10|#10');
    expect(left()).toBe(0);
  });

  it('waits until a minute has passed since the last time', async () => {
    const { run, blocks } = await startWith(2, '2026-11-26T08:59:20.000Z');
    expect(await run(sendSlackNotices, { userId, at })).toEqual({ changed: false, waitMs: 20_000 });
    expect(blocks()).toEqual([]);
    const later = '2026-11-26T09:00:20.000Z';
    expect(await run(sendSlackNotices, { userId, at: later })).toEqual({ changed: true, waitMs: 0 });
  });

  it('says nothing where nothing is left', async () => {
    const { run, blocks } = await startWith(0);
    expect(await run(sendSlackNotices, { userId, at })).toEqual({ changed: false, waitMs: 0 });
    expect(blocks()).toEqual([]);
  });

  it('says it once when the connection is cut after it was said', async () => {
    const { run, blocks, left, simulator } = await startWith(3);
    simulator.fail({ kind: 'cut-after', match: 'chat.postMessage' });
    await expect(run(sendSlackNotices, { userId, at })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    expect(left()).toBe(3);
    expect(await run(sendSlackNotices, { userId, at }, { number: 2 })).toEqual({ changed: true, waitMs: 0 });
    expect(blocks()).toHaveLength(1);
    expect(left()).toBe(0);
  });
});
