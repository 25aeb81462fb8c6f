import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import {
  type Clients,
  type ConnectionSource,
  connectClients,
  environmentConnections,
  loadClients,
} from '../../activities/clients.ts';
import { defineProvider, type SentTo, settingsOf } from '../../activities/provider.ts';
import { providers } from '../../activities/providers.ts';
import { masked, secretsOf, shownSettings } from '../../processes/masking.ts';
import { ownSettings } from '../../processes/own-settings.ts';
import { halvesFor, readSettings } from '../../processes/settings.ts';
import { simulators } from '../../simulator/index.ts';
import { jiraEnvironment } from '../../simulator/jira.ts';
import { pagerDutyEnvironment } from '../../simulator/pagerduty.ts';
import { slackEnvironment } from '../../simulator/slack.ts';
import { weather } from '../cli/fixture/weather.ts';
import { startProviders } from '../world.ts';
import { temporaryFolder } from './kubernetes/cluster.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** Connections as a store would have them, to be changed by the test. */
function storedConnections(
  connections: Record<string, { values: Record<string, string>; version: string } | undefined>,
): ConnectionSource {
  return { settingsOf: async (provider, connection) => connections[`${provider}/${connection}`] };
}

describe('every provider', () => {
  it.each(providers.map((each) => [each.title, each] as const))(
    'declares its settings so that people, docs and masks can read them: %s',
    (_, provider) => {
      const names = settingsOf(provider);
      expect(names.filter((name) => !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(name))).toEqual([]);
      for (const name of names) {
        const setting: z.ZodType = provider.settings.shape[name as never];
        expect([name, setting.description]).toEqual([name, expect.stringMatching(/./)]);
        // Each may be left out, and what is wrong is said in words that follow the name.
        const complaint = setting.safeParse('\u0000 no such thing').error?.issues[0]?.message;
        expect([name, complaint ?? 'is fine']).toEqual([name, expect.stringMatching(/^(is|has) /)]);
      }
      expect(provider.settings.safeParse({}).success).toBe(true);
      const sentTo: SentTo = 'sentTo' in provider ? provider.sentTo : {};
      // Whoever changes where a secret is sent gives it anew.
      expect(names.filter((name) => /_(URL|URL_\w+|ORIGINS)$/.test(name) && !(name in sentTo))).toEqual([]);
      const named = [
        ...provider.secrets,
        ...Object.entries(sentTo).flatMap(([name, secrets]) => [name, ...(secrets ?? [])]),
        ...(provider.needs ?? []).flatMap(({ oneOf, beside }) => [...oneOf, ...(beside ? [beside] : [])]),
      ];
      expect(named.filter((name) => ![...names, ...ownSettings].includes(name))).toEqual([]);
    },
  );

  it.each(providers.map((each) => [each.title, each] as const))(
    'stands with all its settings in the README and in deploy/example.env: %s',
    (_, provider) => {
      const rows = read('README.md').match(/^\| `[A-Z].*$/gm) ?? [];
      const listed = rows.flatMap((row) => row.split(' | ')[0]?.match(/[A-Z][A-Z0-9_]+/g) ?? []);
      const given = [...read('deploy/example.env').matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map(
        ([, name]) => name,
      );
      // What setup keeps is of named connections alone.
      for (const name of settingsOf(provider).filter((each) => each !== 'PAGERDUTY_CONSENT')) {
        expect(listed).toContain(name);
        expect(given).toContain(name);
      }
      if ('simulated' in provider)
        expect(rows.find((row) => row.includes('`BATON_SIMULATE`'))).toContain(`\`${provider.name}\``);
    },
  );

  it('has a simulator where it says so, and no other one has', () => {
    const said = providers.filter((each) => 'simulated' in each).map(({ name }) => name);
    expect(simulators.map(({ provider }) => provider).sort()).toEqual([...said].sort());
  });

  it('checks its credentials harmlessly', async () => {
    const world = await startProviders(temporaryFolder());
    onTestFinished(() => world.close());
    // A classic token: of another one it cannot be told what it may write.
    world.github.world.scopes = 'repo';
    const env = { ...world.env, GITHUB_REPOSITORIES: 'acme/shop' };
    const clients = connectClients(providers, environmentConnections(env), env);
    for (const { name, check } of providers) {
      const client = (await clients[name]('default')) as never;
      const asked = { rights: [], settings: world.env };
      const findings = await check(client, AbortSignal.timeout(5_000), asked);
      expect([name, findings.filter(({ ok }) => ok !== true)]).toEqual([name, []]);
      // HTTP has no account that could be asked.
      if (name !== 'http') expect(findings.length).toBeGreaterThan(0);
    }
    for (const { ledger } of [
      world.pagerDuty,
      world.slack,
      world.jira,
      world.kubernetes,
      world.ec2,
      world.github,
    ])
      expect(ledger).toEqual([]);
  });
});

describe('a client', () => {
  const made: Record<string, unknown>[] = [];
  const counted = defineProvider({
    name: 'counted',
    title: 'Counted',
    settings: z.object({ COUNTED_TOKEN: z.string().optional() }),
    secrets: ['COUNTED_TOKEN'],
    async connect(settings, env, connection) {
      made.push({ ...settings, connection, url: env.BATON_PUBLIC_URL });
      if (!settings.COUNTED_TOKEN) throw new Error('no token');
      return { number: made.length };
    },
    check: async () => [],
  });
  function connect(source: ConnectionSource, env: NodeJS.ProcessEnv = {}) {
    made.length = 0;
    const clients = connectClients([counted], source, env) as unknown as Record<
      'counted',
      (connection: string) => Promise<{ number: number }>
    >;
    return clients.counted;
  }

  it('is made at first use, once for each connection', async () => {
    const client = connect(
      storedConnections({
        'counted/default': { values: { COUNTED_TOKEN: 'a' }, version: '1' },
        'counted/emea': { values: { COUNTED_TOKEN: 'b' }, version: '1' },
      }),
    );
    expect(made).toEqual([]);
    const all = await Promise.all(['default', 'emea', 'default', 'emea'].map(client));
    expect(all[0]).toBe(all[2]);
    expect(all[1]).toBe(all[3]);
    expect(made.map(({ COUNTED_TOKEN }) => COUNTED_TOKEN)).toEqual(['a', 'b']);
  });

  it('is made anew when the settings have changed, and gone with the connection', async () => {
    const connections = { 'counted/emea': { values: { COUNTED_TOKEN: 'old' }, version: '1' } };
    const client = connect(storedConnections(connections));
    const first = await client('emea');
    connections['counted/emea'] = { values: { COUNTED_TOKEN: 'new' }, version: '2' };
    expect(await client('emea')).not.toBe(first);
    expect(made.at(-1)).toMatchObject({ COUNTED_TOKEN: 'new' });
    delete (connections as Record<string, unknown>)['counted/emea'];
    await expect(client('emea')).rejects.toMatchObject({
      type: 'NotConnected',
      message: 'Counted has no connection named "emea"',
    });
  });

  it('that could not be made is tried again', async () => {
    const connections = { 'counted/default': { values: { COUNTED_TOKEN: '' }, version: '1' } };
    const client = connect(storedConnections(connections));
    await expect(client('default')).rejects.toThrow('no token');
    connections['counted/default'].values.COUNTED_TOKEN = 'a';
    expect(await client('default')).toEqual({ number: 2 });
  });

  it('gets its own settings, the process’s environment beside them, and nothing of the one in the other', async () => {
    const env = { COUNTED_TOKEN: 'of-the-environment', BATON_PUBLIC_URL: 'https://baton.example.com' };
    const emea = { values: { COUNTED_TOKEN: 'b', OTHER: 'x', BATON_PUBLIC_URL: 'x' }, version: '1' };
    await connect(storedConnections({ 'counted/emea': emea }), env)('emea');
    expect(made).toEqual([{ COUNTED_TOKEN: 'b', connection: 'emea', url: 'https://baton.example.com' }]);
  });
});

describe('another connection than default', () => {
  const clientsBeside = (env: NodeJS.ProcessEnv, values: Record<string, string> = {}): Clients =>
    connectClients(
      providers,
      {
        settingsOf: async (_, connection) => (connection === 'emea' ? { values, version: '1' } : undefined),
      },
      env,
    );
  const environment = {
    ...pagerDutyEnvironment('http://127.0.0.1:1'),
    ...slackEnvironment('http://127.0.0.1:1'),
    ...jiraEnvironment('http://127.0.0.1:1'),
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'of-the-environment',
    AWS_SECRET_ACCESS_KEY: 'of-the-environment',
    KUBECONFIG: '/of/the/environment',
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
  };

  it.each([
    ['slack', {}, 'Slack (connection "emea") is not connected: set SLACK_BOT_TOKEN'],
    ['jira', {}, 'Jira (connection "emea") is not connected: set JIRA_BASE_URL'],
    ['kubernetes', {}, 'Kubernetes (connection "emea") is not connected: set KUBECONFIG_CONTENT'],
    [
      'kubernetes',
      { KUBERNETES_SERVICE_HOST: '127.0.0.1' },
      'Kubernetes (connection "emea") is not connected: set KUBECONFIG_CONTENT',
    ],
    ['ec2', {}, 'EC2 (connection "emea") is not connected: set AWS_REGION'],
    [
      'ec2',
      { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'id' },
      'EC2 (connection "emea") is not connected: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ],
    [
      'slack',
      { SLACK_API_URL: 'http://hidden-word.example.com' },
      'Slack (connection "emea") is not connected: SLACK_API_URL is not an https:// address (plain http:// is taken on this machine only)',
    ],
  ] satisfies [keyof Clients, Record<string, string>, string][])(
    'does not fall back to the environment’s credentials, and names what is missing: %s with %o',
    async (provider, values, message) => {
      for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
      onTestFinished(() => void vi.unstubAllEnvs());
      await expect(clientsBeside(environment, values)[provider]('emea')).rejects.toMatchObject({
        type: 'NotConnected',
        nonRetryable: true,
        message,
      });
    },
  );

  it('asks PagerDuty with no token but its own', async () => {
    const client = await clientsBeside(environment).pagerduty('emea');
    await expect(client.get('/incidents', {}, AbortSignal.timeout(1_000))).rejects.toThrow(
      'PagerDuty (connection "emea") is not connected: set PAGERDUTY_API_TOKEN',
    );
    expect(() => client.from()).toThrow('PAGERDUTY_FROM_EMAIL');
  });

  it('sends its AWS key to AWS, and not to the address that the environment has for the default one', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`default's address: ${request.url}`);
      response.end();
    }).on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    vi.stubEnv('AWS_ENDPOINT_URL_EC2', address);
    onTestFinished(() => void vi.unstubAllEnvs());
    const values = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' };
    const ec2 = await clientsBeside({ HTTPS_PROXY: address }, values).ec2('emea');
    await ec2.client.send(new ec2.sdk.DescribeInstancesCommand()).catch(() => undefined);
    expect(asked).toEqual(['ec2.eu-west-1.amazonaws.com:443']);
  });

  it('has clients of its own where the default one has none, and loading those of the default one is no error', async () => {
    const world = await startProviders(temporaryFolder());
    onTestFinished(() => world.close());
    const clients = clientsBeside({}, world.env);
    await loadClients(clients);
    for (const { name } of providers) await expect(clients[name]('emea')).resolves.toBeDefined();
    // HTTP needs nothing to be set.
    for (const { name } of providers.filter((each) => each.name !== 'http'))
      await expect(clients[name]('default')).rejects.toMatchObject({ type: 'NotConnected' });
  });
});

describe('a sixth provider', () => {
  const six = [...providers, weather];

  it('gets its settings read, its complaints told with all others, and is in use by any of them', () => {
    expect(() => readSettings({ WEATHER_URL: 'hidden-word', PORT: '0' }, six)).toThrowError(
      expect.objectContaining({
        why: '- PORT is not a port number (1 to 65535)\n- WEATHER_URL is not an address',
      }),
    );
    const settings = readSettings({ WEATHER_TOKEN: 'hidden-word' }, six);
    expect(settings).toMatchObject({ connectedBy: ['WEATHER_TOKEN'], simulated: [] });
    expect(halvesFor(settings)).toEqual([
      'Weather is connected in half: WEATHER_WEBHOOK_SECRET is not set, so no storm comes in',
    ]);
    expect(readSettings({ WEATHER_TOKN: 'hidden-word' }, six).misspelt).toEqual([
      'Baton knows no setting WEATHER_TOKN: did you mean WEATHER_TOKEN?',
    ]);
    expect(readSettings({}, six).simulated).toContain('weather');
    expect(readSettings({ BATON_SIMULATE: 'weather' }, six).simulated).toEqual(['weather']);
  });

  it('gets its secrets masked and scrubbed, and shows the rest', () => {
    const env = { WEATHER_TOKEN: 'hidden-word', WEATHER_URL: 'https://weather.example.com' };
    expect(secretsOf(env, six)).toEqual(['hidden-word']);
    expect(masked('WEATHER_TOKEN', env.WEATHER_TOKEN, six)).not.toContain('hidden');
    expect(shownSettings(env, six)).toMatchObject({ WEATHER_URL: 'https://weather.example.com' });
  });

  it('gets its clients', async () => {
    const env = { WEATHER_TOKEN: 'token' };
    const clients = connectClients(six, environmentConnections(env), env) as unknown as Record<
      'weather',
      (connection: string) => Promise<unknown>
    >;
    expect(await clients.weather('default')).toEqual({ url: undefined, token: 'token' });
    await expect(clients.weather('emea')).rejects.toMatchObject({
      message: 'Weather has no connection named "emea"',
    });
  });
});
