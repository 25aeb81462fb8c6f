import { describe, expect, it, vi } from 'vitest';
import { archiveSlackChannel } from '../../../activities/slack/archive-channel.ts';
import { findSlackUser } from '../../../activities/slack/find-user.ts';
import { openSlackWarRoom } from '../../../activities/slack/open-war-room.ts';
import { postSlackMessage } from '../../../activities/slack/post-message.ts';
import { slackEnvironment } from '../../../simulator/slack.ts';
import { startServing } from '../run.ts';
import { startWorkspace } from './workspace.ts';

const token = slackEnvironment('').SLACK_BOT_TOKEN ?? '';
const ask = { email: 'ada@example.com' };
const caught = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error);

/** A Slack that always answers so. */
async function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const { url } = await startServing(() => ({ status, body, headers }));
  return startWorkspace({ SLACK_API_URL: `${url}/api` });
}

describe('a limited rate', () => {
  const inAMinute = () => new Date(Date.now() + 60_500).toUTCString();

  it.each([
    ['seconds', () => ({ 'retry-after': '7' }), [7000, 7000]],
    ['a date', () => ({ 'retry-after': inAMinute() }), [50_000, 61_000]],
    ['nothing', () => ({}), [30_000, 30_000]],
  ] as const)('is waited for as long as Slack asks, which says %s', async (_, headers, [least, most]) => {
    const { simulator, run } = await startWorkspace();
    simulator.fail({ kind: 'status', status: 429, headers: headers() });
    const failure = await caught(run(findSlackUser, ask));
    expect(failure).toMatchObject({
      type: 'RateLimited',
      nonRetryable: false,
      details: [{ effect: 'none' }],
    });
    const { nextRetryDelay } = failure as { nextRetryDelay: number };
    expect(nextRetryDelay).toBeGreaterThanOrEqual(least);
    expect(nextRetryDelay).toBeLessThanOrEqual(most);
    expect(simulator.calls).toHaveLength(1);
  });

  it.each(['ratelimited', 'rate_limited', 'too_many_requests', 'message_limit_exceeded'])(
    'may come as an answer: %s',
    async (error) => {
      const { run } = await answering(200, JSON.stringify({ ok: false, error }), { 'retry-after': '9' });
      await expect(run(findSlackUser, ask)).rejects.toMatchObject({
        type: 'RateLimited',
        nextRetryDelay: 9000,
      });
    },
  );
});

describe('Slack out of reach', () => {
  it.each([
    ['answers 503', { kind: 'status', status: 503 }],
    ['cuts the connection', { kind: 'cut' }],
    ['breaks down half-way', { kind: 'status-after', status: 200 }],
  ] as const)('is tried again later, its effect unknown: it %s', async (_, fault) => {
    const { simulator, run } = await startWorkspace();
    simulator.fail({ ...fault, match: 'conversations.archive' });
    const { channelId } = await run(openSlackWarRoom, { incidentId: 'Q1', number: 1, title: 'slow' });
    await expect(run(archiveSlackChannel, { channelId })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
      nonRetryable: false,
      details: [{ provider: 'Slack', effect: 'unknown' }],
    });
    expect(simulator.calls.filter(({ path }) => path.endsWith('archive'))).toHaveLength(1);
  });

  it.each(['<html>Bad gateway</html>', '', 'null', '[]', '{"ok":true}', '{"ok":true,"user":{"id":7}}'])(
    'is also an answer that cannot be read: %s',
    async (body) => {
      const { run } = await answering(200, body);
      await expect(run(findSlackUser, ask)).rejects.toMatchObject({ type: 'AnswerUnreadable' });
    },
  );

  it('ends with the attempt', async () => {
    const { simulator, run } = await startWorkspace();
    simulator.fail({ kind: 'hang' });
    const reason = new Error('the attempt is over');
    const attempt = new AbortController();
    const ended = caught(run(findSlackUser, ask, { signal: attempt.signal }));
    await vi.waitFor(() => expect(simulator.calls).toHaveLength(1), { interval: 5 });
    attempt.abort(reason);
    expect(await ended).toBe(reason);
  });

  it('is not followed to another address', async () => {
    const { run } = await answering(302, '', { location: 'http://127.0.0.1:9/' });
    await expect(run(findSlackUser, ask)).rejects.toMatchObject({
      type: 'ProviderRefused',
      message: 'Slack refused (302): no reason given',
    });
  });
});

describe('a refusal', () => {
  it.each([
    [{ error: 'invalid_auth' }, 'Slack refused: invalid_auth'],
    [{ error: 'missing_scope', needed: 'users:read' }, 'Slack refused: missing_scope (it needs users:read)'],
    [
      { error: 'invalid_blocks', response_metadata: { messages: ['[ERROR] too long'] } },
      'Slack refused: invalid_blocks: [ERROR] too long',
    ],
  ])('is final, in Slack’s own words: %j', async (answer, message) => {
    const { run } = await answering(200, JSON.stringify({ ok: false, ...answer }));
    await expect(run(findSlackUser, ask)).rejects.toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message,
      details: [{ provider: 'Slack', effect: 'none' }],
    });
  });

  it('says that Baton sees no private channel that it is not in', async () => {
    const { simulator, run } = await startWorkspace();
    const room = { incidentId: 'Q1', number: 1, title: 'slow', private: true };
    const { channelId } = await run(openSlackWarRoom, room);
    simulator.world.channels.find(({ id }) => id === channelId)?.memberIds.splice(0);
    await expect(run(archiveSlackChannel, { channelId })).rejects.toMatchObject({
      message: 'Slack refused: channel_not_found',
    });
  });

  it('holds no token', async () => {
    const { simulator, run } = await startWorkspace({ SLACK_BOT_TOKEN: 'xoxb-another-secret' });
    for (const fault of [undefined, { kind: 'status', status: 500 }, { kind: 'cut' }] as const) {
      if (fault) simulator.fail({ ...fault });
      const failure = await caught(run(postSlackMessage, { channelId: 'C0GENERAL', text: 'x' }));
      expect(failure).toBeInstanceOf(Error);
      const { message, stack, details, cause } = failure as Error & { details: unknown };
      expect(JSON.stringify([message, stack, details, cause])).not.toContain('xoxb');
    }
    expect(simulator.calls[0]?.headers.authorization).toBe('Bearer xoxb-another-secret');
  });
});

describe('a workspace that is not connected', () => {
  it('names the setting, or the connection', async () => {
    const { simulator, run } = await startWorkspace({ SLACK_BOT_TOKEN: '' });
    await expect(run(findSlackUser, ask)).rejects.toMatchObject({
      type: 'NotConnected',
      message: 'Slack is not connected: set SLACK_BOT_TOKEN',
    });
    await expect(run(findSlackUser, { ...ask, connection: 'emea' })).rejects.toMatchObject({
      type: 'NotConnected',
      message: 'Slack has no connection named "emea"',
    });
    expect(simulator.calls).toEqual([]);
  });

  it('sends the token as a header only', async () => {
    const { simulator, run } = await startWorkspace();
    await run(findSlackUser, ask);
    expect(simulator.calls.map(({ path, body }) => path + body).join()).not.toContain(token);
  });
});
