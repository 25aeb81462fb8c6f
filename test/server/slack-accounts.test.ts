import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../log/log.ts';
import type { SlackSaid } from '../../server/slack/said.ts';
import { startNamedSockets } from '../../server/slack/sockets.ts';
import { newSecret } from '../../simulator/secret.ts';
import type { StoredConnection } from '../../store/connections/stored-connections.ts';
import { clickBody, clickPayload, slackForm, slackSigned } from '../fixtures/slack-requests.ts';
import { eventually } from '../world.ts';
import { slackSecret, startReceiver, storeIsDown } from './receiver.ts';
import { startSlack } from './slack-answers.ts';
import { startedSlack } from './slack-socket.ts';

const [own, second] = [newSecret(), newSecret()];
/** Settings by connection. */
const known: Record<string, Record<string, string>> = {
  beta: { SLACK_SIGNING_SECRET: `${own}, ${second}` },
  closed: { SLACK_BOT_TOKEN: 'xoxb-1' },
};
const connections = {
  async settingsOf(provider: string, name: string) {
    if (name === 'down') throw storeIsDown();
    const values = provider === 'slack' && Object.hasOwn(known, name) ? known[name] : undefined;
    return values && { values, version: '1' };
  },
};

const bodies = {
  interactivity: clickBody(),
  commands: Buffer.from('user_id=U0ADA&team_id=T0ACME&channel_id=C1&trigger_id=1.2&text=ack+Q1ABCDEF2GHIJK'),
  events: Buffer.from('{"event_id":"Ev1","event":{"type":"app_mention"}}'),
};
const paths = (['interactivity', 'commands', 'events'] as const).map((path) => [path, bodies[path]] as const);
const typeOf = (path: string) => (path === 'events' ? 'application/json' : slackForm);

describe.each(paths)('what a named Slack connection sends to /slack/%s', (path, body) => {
  const signedBy = (secret: string) => slackSigned(body, secret, { type: typeOf(path) });

  it('is taken with any of its own secrets, and is its own', async () => {
    const receiver = await startReceiver({ connections });
    for (const secret of [own, second])
      expect((await receiver.post(`/slack/${path}/beta`, body, signedBy(secret))).status).toBe(200);
    expect(new Set(receiver.stored.map(({ eventId }) => eventId)).size).toBe(1);
    expect(receiver.stored[0]?.eventId).toMatch(/^beta\//);
    if (path !== 'events') expect(receiver.stored[0]?.event).toMatchObject({ slackConnection: 'beta' });
    // The same words from another account are another happening, whoever made them.
    await receiver.post(`/slack/${path}`, body, signedBy(slackSecret));
    const ids = receiver.stored.map(({ eventId }) => eventId);
    expect(ids).toHaveLength(2);
    expect(ids[1]).not.toContain('beta');
    expect(receiver.stored[1]?.event).not.toHaveProperty('slackConnection');
  });

  it.each([
    ['signed with the secret of default', 'beta', slackSecret, 401],
    ['of a connection without a signing secret', 'closed', own, 503],
    ['of an unknown connection', 'gamma', own, 404],
    ['of something that is no name', 'BETA', own, 404],
    ['while the store is down', 'down', own, 503],
    ['of default, signed by a named one', 'default', own, 401],
  ])('is refused %s', async (_, name, secret, status) => {
    const receiver = await startReceiver({ connections });
    expect((await receiver.post(`/slack/${path}/${name}`, body, signedBy(secret))).status).toBe(status);
    expect(receiver.stored).toEqual([]);
  });

  it('is taken for default at its longer address, too', async () => {
    const receiver = await startReceiver({ connections });
    expect((await receiver.post(`/slack/${path}/default`, body, signedBy(slackSecret))).status).toBe(200);
    expect(receiver.stored).toHaveLength(1);
  });
});

describe('a click that cannot be stored', () => {
  it('is answered at the address of its own account alone', async () => {
    const slack = await startSlack();
    known.answering = { SLACK_SIGNING_SECRET: own, SLACK_API_URL: `${slack.url}/api/` };
    const receiver = await startReceiver({ connections });
    receiver.failWith(storeIsDown());
    const body = clickBody(clickPayload({ response_url: `${slack.url}/respond` }));
    await receiver.post('/slack/interactivity/answering', body, slackSigned(body, own));
    await eventually('the answer', () => slack.heard.length === 1);
    await receiver.post('/slack/interactivity', body, slackSigned(body, slackSecret));
    await eventually('the refusal', () => receiver.log.some((line) => line.includes('could not be told')));
    expect(slack.heard).toHaveLength(1);
  });
});

describe('Socket Mode of named connections', () => {
  it('follows what is added, changed and removed', async () => {
    const [one, two] = [await startedSlack(), await startedSlack()];
    const all = new Map<string, StoredConnection>();
    const set = (name: string, values: Record<string, string>, provider = 'slack') =>
      all.set(name, { name, provider, values, secrets: [] } as unknown as StoredConnection);
    const by: string[] = [];
    const lines: string[] = [];
    const sockets = startNamedSockets({
      connections: { known: async () => ({ version: 1, connections: all, routes: [], defaults: new Map() }) },
      takeBy:
        ({ connection }) =>
        async ({ kind }: SlackSaid) => {
          by.push(`${kind} by ${connection}`);
          return {};
        },
      wayToSlack: undefined,
      log: createLog((text) => text, { level: 'trace', destination: { write: (line) => lines.push(line) } }),
    });
    onTestFinished(sockets.stop);
    const api = ({ url }: { url: string }) => `${url}/api/`;
    set('beta', { SLACK_APP_TOKEN: one.world.appToken, SLACK_API_URL: api(one) });
    set('silent', { SLACK_BOT_TOKEN: 'xoxb-1' });
    set('eu', { SLACK_APP_TOKEN: 'none of PagerDuty’s' }, 'pagerduty');
    await eventually('its socket', () => sockets.states().beta?.up);
    await one.sockets.send({ type: 'interactive', payload: clickPayload() });
    expect(by).toEqual(['interactive by beta']);
    expect(Object.keys(sockets.states())).toEqual(['beta']);
    expect(lines.join('\n')).toContain('"connection":"beta"');

    set('beta', { SLACK_APP_TOKEN: two.world.appToken, SLACK_API_URL: api(two), SLACK_BOT_TOKEN: 'xoxb-2' });
    await eventually(
      'the other socket',
      () => two.sockets.open.length === 1 && one.sockets.open.length === 0,
    );
    all.delete('beta');
    await eventually('no socket', () => two.sockets.open.length === 0);
    expect(sockets.states()).toEqual({});
  });
});
