import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSimulator } from '../../simulator/simulator.ts';
import { signSlack, slackClick, slackEnvironment, slackSimulation } from '../../simulator/slack.ts';

async function startSlack(stateFile?: string) {
  const simulator = await startSimulator(slackSimulation(), stateFile ? { stateFile } : {});
  onTestFinished(() => simulator.close());
  const { SLACK_BOT_TOKEN: token, SLACK_API_URL: url } = slackEnvironment(simulator.url);
  const call = async (method: string, args: unknown = {}, headers: Record<string, string> = {}) => {
    const answer = await fetch(url + method, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(args),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { ok: boolean; error?: string; ts: string; channel: { id: string } };
  };
  return { simulator, call };
}

describe('the signature of a request', () => {
  it('is Slack’s own for Slack’s own example', () => {
    const body = [
      'token=tok&team_id=T0001&team_domain=acme&channel_id=C0001&channel_name=ops&user_id=U0001&user_name=zoe',
      'command=%2Fincident&text=ack+Q1ABCDEF2GHIJK&api_app_id=A0001&is_enterprise_install=false',
      'response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT0001%2F1%2Fabc&trigger_id=1.2.abc',
    ].join('&');
    expect(signSlack('0123456789abcdef0123456789abcdef', 1763629200, body)).toBe(
      'v0=a2aebac8053156e910c6ccffbb8c1e887ce9f9628e97a884ec683b749468c4f5',
    );
  });

  it('goes with a click, which is a form of one field', () => {
    const { headers, body } = slackClick({
      signingSecret: 's3cret',
      actionId: 'acknowledge',
      incidentId: 'Q1ABC',
      userId: 'U0ADA',
      channelId: 'C1',
      messageTs: '1.000001',
      actionTs: '2.000002',
      now: new Date('2026-11-21T08:00:00Z'),
    });
    expect(headers).toEqual({
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': '1795248000',
      'x-slack-signature': signSlack('s3cret', 1795248000, body),
    });
    const [[name, payload] = []] = [...new URLSearchParams(body)];
    expect(name).toBe('payload');
    expect(JSON.parse(payload ?? '')).toMatchObject({
      type: 'block_actions',
      user: { id: 'U0ADA', name: 'ada', team_id: 'T0ACME' },
      channel: { id: 'C1' },
      container: { type: 'message', message_ts: '1.000001', channel_id: 'C1' },
      actions: [{ action_id: 'acknowledge', value: 'Q1ABC', action_ts: '2.000002' }],
    });
  });
});

describe('the simulated Slack', () => {
  it('asks for its token', async () => {
    const { call } = await startSlack();
    expect(await call('auth.test', {}, { authorization: 'Bearer xoxb-wrong' })).toEqual({
      ok: false,
      error: 'invalid_auth',
    });
    expect(await call('auth.test', {}, { authorization: '' })).toEqual({ ok: false, error: 'not_authed' });
    expect(await call('auth.test')).toMatchObject({ ok: true, user_id: 'U0BATON', team_id: 'T0ACME' });
  });

  it('knows no other method, and no other address', async () => {
    const { simulator, call } = await startSlack();
    expect(await call('chat.shout')).toMatchObject({ ok: false, error: 'unknown_method' });
    expect((await fetch(`${simulator.url}/v2/anything`)).status).toBe(404);
  });

  it('keeps the name of an archived channel', async () => {
    const { call } = await startSlack();
    const { channel } = await call('conversations.create', { name: 'inc-1' });
    expect(await call('conversations.archive', { channel: channel.id })).toEqual({ ok: true });
    expect(await call('conversations.archive', { channel: channel.id })).toMatchObject({
      error: 'already_archived',
    });
    expect(await call('conversations.create', { name: 'inc-1' })).toMatchObject({ error: 'name_taken' });
    expect(await call('chat.postMessage', { channel: channel.id, text: 'x' })).toMatchObject({
      error: 'is_archived',
    });
  });

  it.each([
    ['', 'invalid_name_required'],
    ['Upper', 'invalid_name_specials'],
    ['a b', 'invalid_name_specials'],
    ['---', 'invalid_name_punctuation'],
    ['a'.repeat(81), 'invalid_name_maxlength'],
  ])('refuses the channel name %j', async (name, error) => {
    const { call } = await startSlack();
    expect(await call('conversations.create', { name })).toEqual({ ok: false, error });
  });

  it('takes the same message twice', async () => {
    const { simulator, call } = await startSlack();
    const message = { channel: 'C0GENERAL', text: 'hello' };
    const [one, two] = [await call('chat.postMessage', message), await call('chat.postMessage', message)];
    expect(Number(two.ts)).toBeGreaterThan(Number(one.ts));
    expect(simulator.ledger.map(({ effect, target }) => `${effect} ${target}`)).toEqual([
      'message posted C0GENERAL',
      'message posted C0GENERAL',
    ]);
  });

  it('refuses blocks beyond the limits of Block Kit', async () => {
    const { simulator, call } = await startSlack();
    const post = (blocks: unknown) => call('chat.postMessage', { channel: 'C0GENERAL', text: 'x', blocks });
    const header = (text: string) => ({ type: 'header', text: { type: 'plain_text', text } });
    expect(await post([header('x'.repeat(150))])).toMatchObject({ ok: true });
    expect(await post([header('x'.repeat(151))])).toMatchObject({
      error: 'invalid_blocks',
      response_metadata: { messages: [expect.stringContaining('json-pointer:/blocks/0/text/text')] },
    });
    expect(await post([header('')])).toMatchObject({ error: 'invalid_blocks' });
    expect(await post(Array.from({ length: 51 }, () => header('x')))).toMatchObject({
      error: 'invalid_blocks',
    });
    expect(await post([{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }])).toMatchObject({
      error: 'invalid_blocks',
    });
    expect(await post('nonsense')).toMatchObject({ error: 'invalid_blocks_format' });
    expect(simulator.ledger).toHaveLength(1);
  });

  it('announces a topic each time it is set', async () => {
    const { simulator, call } = await startSlack();
    const { channel } = await call('conversations.create', { name: 'inc-1' });
    await call('conversations.setTopic', { channel: channel.id, topic: 'a' });
    await call('conversations.setTopic', { channel: channel.id, topic: 'a' });
    expect(simulator.world.messages.filter(({ subtype }) => subtype === 'channel_topic')).toHaveLength(2);
    expect(await call('conversations.setTopic', { channel: 'C0GENERAL', topic: 'a' })).toMatchObject({
      error: 'not_in_channel',
    });
  });

  it('lets only those edit who wrote, and does not count an edit that changes nothing', async () => {
    const { simulator, call } = await startSlack();
    const { ts } = await call('chat.postMessage', { channel: 'C0GENERAL', text: 'one' });
    const update = { channel: 'C0GENERAL', ts, text: 'one' };
    await call('chat.update', update);
    await call('chat.update', { ...update, text: 'two' });
    expect(simulator.ledger.map(({ effect }) => effect)).toEqual(['message posted', 'message edited']);
    simulator.world.messages.push({ channelId: 'C0GENERAL', ts: '1.000001', userId: 'U0ADA', text: 'mine' });
    expect(await call('chat.update', { ...update, ts: '1.000001' })).toMatchObject({
      error: 'cant_update_message',
    });
    expect(await call('chat.update', { ...update, ts: '1.000009' })).toMatchObject({
      error: 'message_not_found',
    });
  });

  it('is the same after a restart', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'slack-')), 'slack.json');
    const { simulator, call } = await startSlack(file);
    const { channel } = await call('conversations.create', { name: 'inc-1' });
    await simulator.close();
    const { call: callAgain } = await startSlack(file);
    expect(await callAgain('conversations.info', { channel: channel.id })).toMatchObject({
      channel: { name: 'inc-1', creator: 'U0BATON', is_member: true },
    });
    expect(await callAgain('conversations.create', { name: 'inc-1' })).toMatchObject({ error: 'name_taken' });
  });
});
