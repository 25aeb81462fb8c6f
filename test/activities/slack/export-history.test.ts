import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { exportSlackHistory } from '../../../activities/slack/export-history.ts';
import { keepsTexts } from '../run.ts';
import { startWorkspace } from './workspace.ts';

const channelId = 'C0GENERAL';
const at = (second: number) => (1_763_629_200 + second).toFixed(6);

async function startRoom() {
  const workspace = await startWorkspace();
  const { world } = workspace.simulator;
  world.channels[0]?.memberIds.push('U0BATON');
  const say = (second: number, userId: string, text: string, more: object = {}) =>
    world.messages.push({ channelId, ts: at(second), userId, text, ...more });
  return { ...workspace, say };
}

describe('the history of a channel', () => {
  it('is a text with names and times, the oldest first, its threads included, without what Slack itself says', async () => {
    const { run, say } = await startRoom();
    say(0, 'U0BATON', 'Incident #4211');
    say(1, 'U0ADA', 'ada has joined', { subtype: 'channel_join' });
    say(2, 'U0ADA', 'Looks like the <cache>, <@U0BEN> &amp; co\nagain'.replace('<cache>', '&lt;cache&gt;'));
    say(3, 'U0BATON', 'Alert: p99', { threadTs: at(0) });
    say(4, 'U0BEN', 'on it', { threadTs: at(0) });
    const history = await run(exportSlackHistory, { channelId });
    expect(history).toEqual({
      markdown: [
        '- 2025-11-20 09:00:00 **Baton**: Incident #4211',
        '- 2025-11-20 09:00:02 **Ada Lopez**: Looks like the <cache>, @Ben Okafor & co',
        '    again',
        '-   ↳ 2025-11-20 09:00:03 **Baton**: Alert: p99',
        '-   ↳ 2025-11-20 09:00:04 **Ben Okafor**: on it',
      ].join('\n'),
      truncated: false,
      digest: createHash('sha256').update(history.markdown).digest('hex'),
      messages: 4,
      people: 2,
      firstAt: '2025-11-20T09:00:00.000Z',
      lastAt: '2025-11-20T09:00:04.000Z',
      lastByPersonAt: '2025-11-20T09:00:04.000Z',
    });
  });

  it('is read page by page, and cut at 32 KiB on a whole line, while its digest is of all of it', async () => {
    const { run, say } = await startRoom();
    for (let second = 0; second < 450; second += 1) say(second, 'U0ADA', `${second} ${'ü'.repeat(100)}`);
    const long = await run(exportSlackHistory, { channelId });
    expect(long).toMatchObject({ messages: 450, truncated: true });
    expect(Buffer.byteLength(long.markdown)).toBeLessThanOrEqual(32 * 1024);
    expect(long.markdown).toMatch(/^- 2025-11-20 09:00:00 \*\*Ada Lopez\*\*: 0 ü{100}\n/);
    expect(long.markdown).toMatch(/: \d+ ü{100}$/);
    say(451, 'U0BEN', 'the last word');
    expect((await run(exportSlackHistory, { channelId })).digest).not.toBe(long.digest);
  });

  it('is kept whole where it is cut, and only there', async () => {
    const { run, say } = await startRoom();
    const { texts, keepText } = keepsTexts();
    say(0, 'U0ADA', 'short');
    expect(await run(exportSlackHistory, { channelId }, { keepText })).not.toHaveProperty('kept');
    for (let second = 1; second < 450; second += 1) say(second, 'U0ADA', `${second} ${'x'.repeat(100)}`);
    expect(await run(exportSlackHistory, { channelId, maxBytes: 0 }, { keepText })).not.toHaveProperty(
      'kept',
    );
    expect(texts).toEqual([]);

    const { kept, digest, markdown } = await run(exportSlackHistory, { channelId }, { keepText });
    expect(kept).toMatchObject({ digest, title: `What was said in ${channelId}`, truncated: false });
    expect(texts[0]?.text.startsWith(markdown)).toBe(true);
    expect(texts[0]?.text.split('\n')).toHaveLength(450);
  });

  it('of more than 2 000 messages says that there are more', async () => {
    const { run, say } = await startRoom();
    for (let second = 0; second < 2_001; second += 1) say(second, 'U0ADA', 'x');
    const { keepText } = keepsTexts();
    const asked = { channelId, maxBytes: 1_000 };
    expect(await run(exportSlackHistory, asked, { keepText })).toMatchObject({
      messages: 2_000,
      truncated: true,
      kept: { truncated: true },
    });
  });

  it('of an empty channel, and of one that is only planned, is empty', async () => {
    const { run } = await startRoom();
    const empty = { markdown: '', truncated: false, messages: 0, people: 0 };
    expect(await run(exportSlackHistory, { channelId })).toMatchObject(empty);
    expect(await run(exportSlackHistory, { channelId: 'CPLANNED' })).toMatchObject(empty);
  });
});
