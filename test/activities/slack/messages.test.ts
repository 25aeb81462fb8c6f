import { describe, expect, it } from 'vitest';
import { postSlackEphemeral } from '../../../activities/slack/post-ephemeral.ts';
import { postSlackMessage } from '../../../activities/slack/post-message.ts';
import { sendSlackDirectMessage } from '../../../activities/slack/send-direct-message.ts';
import { updateSlackMessage } from '../../../activities/slack/update-message.ts';
import { effects, methods, startWorkspace } from './workspace.ts';

const channelId = 'C0GENERAL';

describe('a message', () => {
  it('says a plain text, its links and a log, and where it stands', async () => {
    const { simulator, run } = await startWorkspace();
    const { ts, permalink } = await run(postSlackMessage, {
      channelId,
      text: 'Restarted checkout-1',
      links: [{ text: 'Jira OPS-1', url: 'https://acme.atlassian.net/browse/OPS-1?a=1&b=2' }],
      code: 'line 1\nline 2',
    });
    expect(permalink).toBe(`https://acme.slack.com/archives/C0GENERAL/p${ts.replace('.', '')}`);
    expect(simulator.world.messages).toMatchObject([
      {
        ts,
        text: 'Restarted checkout-1',
        metadata: { event_type: 'baton_message', event_payload: { key: 'run-1#5' } },
        blocks: [
          { type: 'section', text: { type: 'plain_text', text: 'Restarted checkout-1' } },
          { type: 'section', text: { type: 'mrkdwn', text: '```\nline 1\nline 2\n```', verbatim: true } },
          {
            type: 'context',
            elements: [
              {
                type: 'mrkdwn',
                text: '<https://acme.atlassian.net/browse/OPS-1?a=1&amp;b=2|Jira OPS-1>',
                verbatim: true,
              },
            ],
          },
        ],
      },
    ]);
  });

  it('begins with the mark of an attempt in which something is simulated, however it is sent', async () => {
    const { simulator, run } = await startWorkspace();
    const mark = 'SIMULATED: ec2';
    const text = 'Rebooted <it>';
    const { ts } = await run(postSlackMessage, { channelId, text: 'Rebooting' }, { mark });
    await run(updateSlackMessage, { channelId, ts, text }, { mark });
    await run(sendSlackDirectMessage, { userId: 'U0ADA', text }, { mark });
    for (const message of simulator.world.messages)
      expect(message).toMatchObject({
        text: 'SIMULATED: ec2 Rebooted &lt;it&gt;',
        blocks: [{ type: 'context', elements: [{ type: 'plain_text', text: mark }] }, { type: 'section' }],
      });
    expect(simulator.world.messages).toHaveLength(2);
    await run(postSlackEphemeral, { channelId, userId: 'U0ADA', text }, { mark });
    expect(simulator.calls.at(-1)?.body).toContain('SIMULATED');
    await run(postSlackMessage, { channelId, text: '&'.repeat(5000), code: 'x'.repeat(9000) }, { mark });
  });

  it.each([
    '<!channel> <@U0ADA> <https://evil.example|https://ok.example>',
    '*_~`\n> quote\r\n',
    '```<!here>```',
    'half a pair \uD83D',
    '\u202Edrawkcab\u0000',
    '&'.repeat(5000),
    `${'a'.repeat(2999)}&${'b'.repeat(9000)}`,
  ])('mentions nobody and breaks no limit, whatever it is told to say: %#', async (hostile) => {
    const { simulator, run } = await startWorkspace();
    const links = [{ text: hostile, url: 'https://ok.example/a|b>c' }];
    await run(postSlackMessage, { channelId, text: hostile, links, code: hostile });
    await run(postSlackEphemeral, { channelId, userId: 'U0ADA', text: hostile, links, code: hostile });
    const [message] = simulator.world.messages;
    const written = JSON.stringify([message?.text, message?.blocks]);
    expect(written).not.toMatch(/<[@!#]/);
    expect(written.match(/<[^|]*/g)).toEqual(['<https://ok.example/a%7Cb%3Ec']);
    const { body } = simulator.calls.find(({ path }) => path === '/api/chat.postMessage') ?? { body: '' };
    expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({
      parse: 'none',
      link_names: 'false',
      unfurl_links: 'false',
      unfurl_media: 'false',
    });
  });

  it('calls those whose ids it is given, and nobody whom its text names', async () => {
    const { simulator, run } = await startWorkspace();
    await run(postSlackMessage, { channelId, text: 'Help <@U0EVE>', mention: ['U0ADA', 'U0BEN'] });
    const written = JSON.stringify(simulator.world.messages[0]?.blocks);
    expect(written.match(/<@[^>]*>/g)).toEqual(['<@U0ADA>', '<@U0BEN>']);
    const all = { channelId, text: 'x', mention: ['!channel'] };
    expect(postSlackMessage.input.safeParse(all).success).toBe(false);
  });

  it('keeps the end of a long log', async () => {
    const { simulator, run } = await startWorkspace();
    const code = Array.from({ length: 2000 }, (_, index) => `<line ${index}>`).join('\n');
    await run(postSlackMessage, { channelId, text: 'Log', code });
    const written = JSON.stringify(simulator.world.messages[0]?.blocks);
    expect(written).toContain('&lt;line 1999&gt;\\n```');
    expect(written).toContain('```\\n…\\n&lt;line ');
    expect(written).not.toContain('&lt;line 1&gt;');
  });

  it('shows a text of 4 000 characters whole', async () => {
    const { simulator, run } = await startWorkspace();
    await run(postSlackMessage, { channelId, text: 'Q'.repeat(4000) });
    expect(JSON.stringify(simulator.world.messages[0]?.blocks).match(/Q/g)).toHaveLength(4000);
  });

  it('is posted once when the connection is cut after the first, also where Baton is not in the channel', async () => {
    const { simulator, run } = await startWorkspace();
    simulator.fail({ kind: 'cut-after', match: 'chat.postMessage' });
    const message = { channelId, text: 'restarted' };
    await expect(run(postSlackMessage, message)).rejects.toMatchObject({ type: 'ProviderUnavailable' });
    const again = await run(postSlackMessage, message, {
      number: 2,
      uncertainSince: new Date().toISOString(),
    });
    expect(again).toMatchObject({ changed: false, ts: simulator.world.messages[0]?.ts });
    expect(effects(simulator)).toEqual(['message posted', 'channel joined']);
  });

  it('is posted by a second attempt where the first did not get through', async () => {
    const { simulator, run } = await startWorkspace();
    simulator.fail({ kind: 'status', status: 503, match: 'chat.postMessage' });
    const message = { channelId, text: 'restarted' };
    await expect(run(postSlackMessage, message)).rejects.toMatchObject({ type: 'ProviderUnavailable' });
    expect(await run(postSlackMessage, message, { number: 2 })).toMatchObject({ changed: true });
    expect(effects(simulator)).toContain('message posted');
  });

  it('is posted by each step that says the same', async () => {
    const { simulator, run } = await startWorkspace();
    await run(postSlackMessage, { channelId, text: 'restarted' }, { key: 'run-1#5' });
    await run(postSlackMessage, { channelId, text: 'restarted' }, { key: 'run-1#15', number: 2 });
    expect(effects(simulator).filter((effect) => effect === 'message posted')).toHaveLength(2);
  });

  it('is looked for behind a page of newer ones', async () => {
    const { simulator, run } = await startWorkspace();
    const { ts } = await run(postSlackMessage, { channelId, text: 'restarted' });
    for (let index = 0; index < 450; index += 1)
      simulator.world.messages.push({
        channelId,
        ts: `${Number(ts.split('.')[0]) + 1}.${String(index).padStart(6, '0')}`,
        userId: 'U0ADA',
        text: 'chatter',
      });
    const again = await run(postSlackMessage, { channelId, text: 'restarted' }, { number: 2 });
    expect(again).toMatchObject({ changed: false, ts });
  });

  it('goes to a thread, and is looked for there', async () => {
    const { simulator, run } = await startWorkspace();
    const { ts: threadTs } = await run(postSlackMessage, { channelId, text: 'parent' });
    simulator.fail({ kind: 'cut-after', match: 'chat.postMessage' });
    const reply = { channelId, text: 'reply', threadTs };
    await expect(run(postSlackMessage, reply, { key: 'run-1#6' })).rejects.toThrow();
    const again = await run(postSlackMessage, reply, { key: 'run-1#6', number: 2 });
    expect(again.changed).toBe(false);
    expect(again.permalink).toContain(`?thread_ts=${threadTs}&cid=${channelId}`);
    expect(simulator.world.messages.filter((each) => each.threadTs === threadTs)).toHaveLength(1);
  });

  it('goes to one person', async () => {
    const { simulator, run } = await startWorkspace();
    simulator.fail({ kind: 'cut-after', match: 'chat.postMessage' });
    const message = { userId: 'U0ADA', text: 'You are on call' };
    await expect(run(sendSlackDirectMessage, message)).rejects.toThrow();
    const again = await run(sendSlackDirectMessage, message, { number: 2 });
    expect(again.changed).toBe(false);
    expect(effects(simulator)).toEqual(['conversation opened', 'message posted']);
    expect(simulator.world.channels.find(({ id }) => id === again.channelId)?.memberIds).toContain('U0ADA');
  });
});

describe('replacing a message', () => {
  it('changes what it says and keeps its place', async () => {
    const { simulator, run } = await startWorkspace();
    const { ts } = await run(postSlackMessage, { channelId, text: 'waiting' });
    const update = { channelId, ts, text: 'done' };
    expect(await run(updateSlackMessage, update)).toMatchObject({ changed: true, ts });
    simulator.fail({ kind: 'cut-after', match: 'chat.update' });
    await expect(run(updateSlackMessage, update)).rejects.toThrow();
    await run(updateSlackMessage, update, { number: 2 });
    expect(effects(simulator)).toEqual(['message posted', 'message edited']);
    expect(simulator.world.messages[0]?.text).toBe('done');
  });

  it('posts it anew, once, where it is gone', async () => {
    const { simulator, run } = await startWorkspace();
    const update = { channelId, ts: '1700000000.000001', text: 'done' };
    simulator.fail({ kind: 'cut-after', match: 'chat.postMessage' });
    await expect(run(updateSlackMessage, update)).rejects.toThrow();
    const { changed, ts } = await run(updateSlackMessage, update, { number: 2 });
    expect({ changed, ts }).toEqual({ changed: false, ts: simulator.world.messages[0]?.ts });
    expect(effects(simulator).filter((effect) => effect === 'message posted')).toHaveLength(1);
  });
});

describe('a message to one person in a channel', () => {
  it('is shown to that person only', async () => {
    const { simulator, run } = await startWorkspace();
    await run(postSlackEphemeral, { channelId, userId: 'U0ADA', text: 'You may not' });
    expect(simulator.world.ephemerals).toMatchObject([{ channelId, userId: 'U0ADA', text: 'You may not' }]);
    expect(simulator.world.messages).toEqual([]);
    expect(methods(simulator)).toEqual(['chat.postEphemeral']);
  });

  it('is refused where the person is not in the channel', async () => {
    const { simulator, run } = await startWorkspace();
    simulator.world.channels[0]?.memberIds.splice(0);
    await expect(run(postSlackEphemeral, { channelId, userId: 'U0ADA', text: 'x' })).rejects.toMatchObject({
      type: 'ProviderRefused',
      message: 'Slack refused: user_not_in_channel',
    });
  });
});
