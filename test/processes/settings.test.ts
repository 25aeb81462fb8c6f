import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settingsOf } from '../../activities/provider.ts';
import { providers } from '../../activities/providers.ts';
import { CliFailure } from '../../processes/failure.ts';
import * as masking from '../../processes/masking.ts';
import { misspeltSettings } from '../../processes/misspelt.ts';
import { ownSettings } from '../../processes/own-settings.ts';
import { secretKeyOf } from '../../processes/secret-key.ts';
import * as settings from '../../processes/settings.ts';

const readSettings = (env: NodeJS.ProcessEnv) => settings.readSettings(env, providers);
const secretsOf = (env: NodeJS.ProcessEnv) => masking.secretsOf(env, providers);
const masked = (name: string, value: string) => masking.masked(name, value, providers);
const shownSettings = (env: NodeJS.ProcessEnv) => masking.shownSettings(env, providers);
const everySimulated = providers.filter((each) => 'simulated' in each).map(({ name }) => name);
/** Those of a first start without any provider. */
const atFirst = ['pagerduty', 'slack', 'jira', 'kubernetes', 'ec2'];

const complaintsOf = (env: NodeJS.ProcessEnv) => {
  try {
    readSettings(env);
    return [];
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    return (error.why ?? '').split('\n').map((line) => line.replace(/^- /, '').split(' ')[0]);
  }
};

/** For each variable, a value that will do and one that will not. */
const examples: Record<string, [good: string, bad: string]> = {
  HOST: ['0.0.0.0', 'two words'],
  PORT: ['8081', '70000'],
  BATON_PUBLIC_URL: ['https://baton.example.com', 'baton.example.com'],
  DATABASE_URL: ['postgres://baton:hidden-word@db/baton', 'mysql://baton:hidden-word@db/baton'],
  BATON_SECRET_KEY: ['hidden-word-with-16', 'hidden-word'],
  BATON_TEMPORAL_UI: ['1', 'yes'],
  BATON_MIGRATION_DATABASE_URL: ['postgres://owner:hidden-word@db/baton', 'owner:hidden-word@db'],
  BATON_RETENTION_DAYS: ['30', '0'],
  BATON_WORKER_VERSIONS: ['1', 'yes'],
  BATON_WORKERS_EXPECTED: ['3', '0'],
  BATON_ENCRYPT_PAYLOADS: ['1', 'yes'],
  BATON_SIMULATE: ['slack, jira', 'slack,msteams'],
  BATON_PAGERDUTY_PULL: ['1', '2'],
  BATON_OIDC_ROLES: ['sre=operator, oncall=responder', 'sre=owner'],
  BATON_OIDC_SCOPES: ['openid profile', 'email'],
  JIRA_FIELDS: ['{"labels":["on-call"]}', '["on-call"]'],
  PAGERDUTY_WEBHOOK_SECRETS: ['hidden-word,hidden-word-2', 'hidden-word,,x'],
  PAGERDUTY_REGION: ['eu', 'hidden-word'],
  SLACK_API_URL: ['https://slack.example.com/api/', 'http://hidden-word.example.com'],
  AWS_ENDPOINT_URL: ['http://127.0.0.1:4566', 'hidden-word'],
};

describe('the settings', () => {
  it('have a default for everything: embedded, and simulated', () => {
    expect(readSettings({})).toMatchObject({
      host: '127.0.0.1',
      port: undefined,
      dataDir: './data',
      databaseUrl: undefined,
      temporal: undefined,
      simulated: atFirst,
      misspelt: [],
      halves: [],
    });
  });

  it.each(['1', '30', '365', '36500'])('keep things for %s days', (days) => {
    expect(readSettings({ BATON_RETENTION_DAYS: days }).retentionDays).toBe(Number(days));
    expect(readSettings({}).retentionDays).toBe(365);
  });

  it.each(['0', '-1', '1.5', '36501', '1e2', 'ever', '99999999'])(
    'refuse to keep things for "%s" days',
    (days) => {
      expect(complaintsOf({ BATON_RETENTION_DAYS: days })).toEqual(['BATON_RETENTION_DAYS']);
    },
  );

  it('either will do or are all complained about at once, and never shown', () => {
    const environment = fc.record(
      Object.fromEntries(
        Object.keys(examples).map((name) => [name, fc.constantFrom('good', 'bad', 'empty')]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(environment, (choice) => {
        const env = Object.fromEntries(
          Object.entries(choice).map(([name, which]) => {
            const [good, bad] = examples[name] ?? ['', ''];
            return [name, { good, bad, empty: '' }[which ?? 'empty'] ?? ''];
          }),
        );
        const bad = Object.keys(choice).filter((name) => choice[name] === 'bad');
        expect(complaintsOf(env).sort()).toEqual(bad.sort());
      }),
    );
    try {
      readSettings({ DATABASE_URL: examples.DATABASE_URL?.[1] });
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify({ ...(error as CliFailure), message: String(error) })).not.toContain(
        'hidden-word',
      );
    }
  });

  it('take any text in any variable without another error than complaints', () => {
    const any = fc.dictionary(
      fc.constantFrom(...Object.keys(examples), 'BATON_DATA_DIR', 'TEMPORAL_ADDRESS'),
      fc.string(),
    );
    fc.assert(
      fc.property(any, (env) => {
        complaintsOf(env);
      }),
    );
  });

  it('simulate nothing once a provider is set, unless asked to', () => {
    expect(readSettings({ JIRA_API_TOKEN: 'x' }).simulated).toEqual([]);
    expect(readSettings({ JIRA_API_TOKEN: 'x', BATON_SIMULATE: 'all' }).simulated).toEqual(everySimulated);
    expect(readSettings({ JIRA_API_TOKEN: 'x', BATON_SIMULATE: 'ec2,slack' }).simulated).toEqual([
      'slack',
      'ec2',
    ]);
    expect(readSettings({ KUBECONFIG: '/home/ada/.kube/config' }).simulated).toEqual([]);
    expect(readSettings({ AWS_REGION: 'eu-central-1' }).simulated).toEqual(atFirst);
  });

  it("read Temporal's own variables as Temporal's tools do", () => {
    const { temporal } = readSettings({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'baton' });
    expect(temporal).toMatchObject({ connection: { address: 'temporal:7233' }, namespace: 'baton' });
  });
});

describe('a variable that is nearly a setting', () => {
  it.each([
    ['PAGERDUTY_API_TOKN', 'PAGERDUTY_API_TOKEN'],
    ['PAGERDUTY_WEBHOOK_SECRET', 'PAGERDUTY_WEBHOOK_SECRETS'],
    ['SLACK_SINGING_SECRET', 'SLACK_SIGNING_SECRET'],
    ['SLACK_BOT_TOKENS', 'SLACK_BOT_TOKEN'],
    ['JIRA_BASEURL', 'JIRA_BASE_URL'],
    ['jira_email', 'JIRA_EMAIL'],
    ['BATON_SIMULATED', 'BATON_SIMULATE'],
    ['KUBERNETES_NAMESPACE', 'KUBERNETES_NAMESPACES'],
    ['AWS_REGOIN', 'AWS_REGION'],
    ['PAGERDTY_API_TOKEN', 'PAGERDUTY_API_TOKEN'],
  ])('is told with what it may mean, and turns no simulation off: %s', (name, meant) => {
    const { misspelt, simulated, connectedBy, halves } = readSettings({ [name]: 'hidden-word' });
    expect(misspelt).toEqual([`Baton knows no setting ${name}: did you mean ${meant}?`]);
    expect({ simulated, connectedBy, halves }).toEqual({
      simulated: atFirst,
      connectedBy: [],
      halves: [],
    });
  });

  it('is told without a guess where there is none', () => {
    expect(readSettings({ PAGERDUTY_ANYTHING_ELSE: 'x', BATON_COLOUR: 'x' }).misspelt).toEqual([
      'Baton knows no setting BATON_COLOUR',
      'Baton knows no setting PAGERDUTY_ANYTHING_ELSE',
    ]);
  });

  it('is not what others set: the AWS SDK, Kubernetes for its services, proxies, Temporal, anybody', () => {
    const others = [
      ['AWS_PROFILE', 'AWS_PAGER', 'AWS_SDK_LOAD_CONFIG', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'],
      ['KUBERNETES_SERVICE_PORT_HTTPS', 'KUBERNETES_PORT_443_TCP_ADDR', 'JIRA_PORT', 'SLACK_SERVICE_HOST'],
      ['HTTPS_PROXY', 'no_proxy', 'TEMPORAL_TLS', 'HOSTNAME', 'SHELL', 'PORTS', 'GITLAB_TOKEN', 'STACK_NAME'],
    ].flat();
    const env = Object.fromEntries(others.map((name) => [name, 'x']));
    expect(readSettings(env).misspelt).toEqual([]);
  });

  it('is never one that is a setting, and never shows what stands in it', () => {
    const names = [...ownSettings, ...providers.flatMap(settingsOf)];
    const near = fc
      .tuple(fc.constantFrom(...names), fc.nat(40), fc.constantFrom('', 'X', '_'))
      .map(([name, at, letter]) => name.slice(0, at) + letter + name.slice(at + 1));
    fc.assert(
      fc.property(near, (name) => {
        const told = misspeltSettings({ [name]: 'hidden-word' }, providers);
        if (names.includes(name)) expect(told).toEqual([]);
        expect(told.join()).not.toContain('hidden-word');
      }),
    );
  });
});

describe('a provider that is connected in half', () => {
  const halves = (env: NodeJS.ProcessEnv, process?: 'server' | 'worker') =>
    settings.halvesFor(readSettings(env), process);
  const missing = (env: NodeJS.ProcessEnv, process?: 'server' | 'worker') =>
    halves(env, process).map((words) => /: (.*) is not set, so /.exec(words)?.[1]);

  it('is told with what is missing and what follows, and shows no value', () => {
    expect(halves({ SLACK_BOT_TOKEN: 'hidden-word' })).toEqual([
      'Slack is connected in half: SLACK_SIGNING_SECRET or SLACK_APP_TOKEN is not set, so its buttons and commands are refused with 503',
    ]);
  });

  const pagerDuty = { PAGERDUTY_WEBHOOK_SECRETS: 'x', PAGERDUTY_API_TOKEN: 'x', PAGERDUTY_ROUTING_KEY: 'x' };
  const keys = { AWS_REGION: 'x', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
  it.each([
    [
      { PAGERDUTY_API_TOKEN: 'x' },
      ['PAGERDUTY_WEBHOOK_SECRETS or BATON_PAGERDUTY_PULL', 'PAGERDUTY_FROM_EMAIL', 'PAGERDUTY_ROUTING_KEY'],
    ],
    [
      { PAGERDUTY_WEBHOOK_SECRETS: 'x' },
      ['PAGERDUTY_API_TOKEN or PAGERDUTY_CLIENT_ID', 'PAGERDUTY_ROUTING_KEY'],
    ],
    [pagerDuty, ['PAGERDUTY_FROM_EMAIL']],
    [{ ...pagerDuty, PAGERDUTY_FROM_EMAIL: 'baton@example.com' }, []],
    [{ SLACK_SIGNING_SECRET: 'x' }, ['SLACK_BOT_TOKEN']],
    [{ SLACK_BOT_TOKEN: 'x' }, ['SLACK_SIGNING_SECRET or SLACK_APP_TOKEN']],
    [{ SLACK_BOT_TOKEN: 'x', SLACK_APP_TOKEN: 'x' }, []],
    [{ JIRA_BASE_URL: 'https://acme.atlassian.net' }, ['JIRA_EMAIL', 'JIRA_API_TOKEN', 'JIRA_PROJECT_KEY']],
    [{ KUBECONFIG: '/config' }, []],
    [keys, []],
    [{ ...keys, AWS_REGION: '', AWS_DEFAULT_REGION: 'x' }, []],
    [{ AWS_ACCESS_KEY_ID: 'x' }, ['AWS_REGION or AWS_DEFAULT_REGION', 'AWS_SECRET_ACCESS_KEY']],
    [{ AWS_REGION: 'x', AWS_PROFILE: 'x' }, []],
    [{ AWS_REGION: 'x' }, []],
  ] satisfies [NodeJS.ProcessEnv, string[]][])('with %o lacks %o', (env, lacks) => {
    expect(missing(env)).toEqual(lacks);
  });

  it('is whole for a server or a worker that has what it needs itself', () => {
    const server = { PAGERDUTY_WEBHOOK_SECRETS: 'x', PAGERDUTY_ROUTING_KEY: 'x', SLACK_SIGNING_SECRET: 'x' };
    expect(missing(server, 'server')).toEqual([]);
    expect(missing(server, 'worker')).toEqual([
      'PAGERDUTY_API_TOKEN or PAGERDUTY_CLIENT_ID',
      'SLACK_BOT_TOKEN',
    ]);
  });

  it('is nobody whom a simulator stands in for', () => {
    expect(halves({ SLACK_BOT_TOKEN: 'x', BATON_SIMULATE: 'slack' })).toEqual([]);
  });

  it('is none for a server that pulls PagerDuty’s log and has no webhook, but without a token there is no log', () => {
    const missing = (env: NodeJS.ProcessEnv) => halves({ PAGERDUTY_ROUTING_KEY: 'x', ...env }, 'server');
    expect(missing({ PAGERDUTY_API_TOKEN: 'x' }).join()).toContain('PAGERDUTY_WEBHOOK_SECRETS');
    expect(missing({ PAGERDUTY_API_TOKEN: 'x', BATON_PAGERDUTY_PULL: '1' })).toEqual([]);
    expect(missing({ BATON_PAGERDUTY_PULL: '1' })).toEqual([
      'PagerDuty is connected in half: PAGERDUTY_API_TOKEN or PAGERDUTY_CLIENT_ID is not set, so its log is not pulled',
    ]);
    expect(readSettings({ BATON_PAGERDUTY_PULL: '1' }).pullSeconds).toBe(15);
    expect(readSettings({ BATON_PAGERDUTY_PULL: '60' }).pullSeconds).toBe(60);
    expect(readSettings({}).pullSeconds).toBeUndefined();
  });
});

describe('the sign-in by an OpenID provider', () => {
  const whole = {
    BATON_OIDC_ISSUER: 'https://id.example.com/realm',
    BATON_OIDC_CLIENT_ID: 'baton',
    BATON_OIDC_CLIENT_SECRET: 'hidden-word-of-oidc',
  };

  it('is off, or whole', () => {
    expect(readSettings({}).oidc).toBeUndefined();
    expect(readSettings({ ...whole, BATON_OIDC_ROLES: 'sre=operator' }).oidc).toEqual({
      issuer: whole.BATON_OIDC_ISSUER,
      clientId: 'baton',
      clientSecret: whole.BATON_OIDC_CLIENT_SECRET,
      scopes: 'openid email',
      groupsClaim: 'groups',
      roles: new Map([['sre', 'operator']]),
    });
    for (const name of Object.keys(whole)) {
      expect(complaintsOf({ ...whole, [name]: '' })).toEqual(['BATON_OIDC_…']);
      expect(() => readSettings({ ...whole, [name]: '' })).not.toThrow('hidden-word');
    }
  });

  it('sends nobody over a network in the clear', () => {
    expect(complaintsOf({ ...whole, BATON_OIDC_ISSUER: 'http://id.example.com' })).toEqual([
      'BATON_OIDC_ISSUER',
    ]);
    expect(complaintsOf({ ...whole, BATON_PUBLIC_URL: 'http://baton.example.com' })).toEqual([
      'BATON_PUBLIC_URL',
    ]);
    expect(readSettings({ ...whole, BATON_OIDC_ISSUER: 'http://127.0.0.1:9000' }).oidc).toBeDefined();
  });

  it('has a secret that is shown nowhere', () => {
    expect(secretsOf(whole)).toContain(whole.BATON_OIDC_CLIENT_SECRET);
    expect(JSON.stringify(shownSettings(whole))).not.toContain('hidden-word');
  });
});

describe('the secret key', () => {
  it('is the one that is set, has to be where a database is shared, and is made in the data folder else', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'baton-settings-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true }));
    const env = { BATON_DATA_DIR: dataDir };
    const DATABASE_URL = 'postgres://baton@db/baton';
    const set = { BATON_SECRET_KEY: 'sixteen characters and more' };
    expect(secretKeyOf(readSettings({ ...env, ...set, DATABASE_URL }))).toBe(set.BATON_SECRET_KEY);
    expect(() => secretKeyOf(readSettings({ ...env, DATABASE_URL }))).toThrow('DATABASE_URL is set');
    const made = secretKeyOf(readSettings(env));
    expect(made).toMatch(/^[0-9a-f]{64}$/);
    expect(secretKeyOf(readSettings(env))).toBe(made);
  });
});

describe('what is secret', () => {
  it('is every token, each of a list, and the password of an address, written either way', () => {
    const env = {
      PAGERDUTY_WEBHOOK_SECRETS: 'first-secret, second-secret',
      SLACK_BOT_TOKEN: 'xoxb-1',
      DATABASE_URL: 'postgres://baton:p%40ssword@db/baton',
      HTTPS_PROXY: 'http://ada:proxyword@proxy:3128',
      PORT: '8080',
    };
    expect(secretsOf(env).sort()).toEqual(
      [
        'first-secret, second-secret',
        'first-secret',
        'second-secret',
        'xoxb-1',
        'p%40ssword',
        'p@ssword',
        'proxyword',
      ].sort(),
    );
    expect(JSON.stringify(shownSettings(env))).not.toMatch(/secret|xoxb|ssword/);
    expect(masked('DATABASE_URL', env.DATABASE_URL)).toBe('postgres://baton:••••••••@db/baton');
  });

  it('is also what a variable of somebody else looks like, and a password among the parameters', () => {
    const env = {
      ACME_API_TOKEN: 'acme-0123456789',
      GITHUB_TOKEN: 'github-0123456789',
      DATABASE_URL: 'postgres://db/baton?user=baton&password=parameter-word',
      SOME_TOKEN: 'true',
      JIRA_PROJECT_KEY: 'OPERATIONS-AND-MORE',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/token',
    };
    expect(secretsOf(env).sort()).toEqual(['acme-0123456789', 'github-0123456789', 'parameter-word']);
  });

  it('is everything that is not known to be harmless, when the settings are shown', () => {
    const env = {
      PORT: '8080',
      JIRA_EMAIL: 'baton@example.com',
      TEMPORAL_ADDRESS: 'temporal:7233',
      AWS_ACCESS_KEY_ID: 'hidden',
      BATON_SOMETHING_NEW: 'hidden',
      PAGERDUTY_API_TOKEN: 'hidden',
      TEMPORAL_GRPC_META_X_API_KEY: 'hidden',
      TEMPORAL_TLS_CLIENT_KEY_PATH: 'hidden',
      HTTPS_PROXY: 'http://ada:hidden@proxy:3128',
      SLACK_API_URL: 'https://hidden@slack.example/api?token=hidden#hidden',
      BATON_PUBLIC_URL: 'https://ada:hidden@baton.example/x',
      DATABASE_URL: 'postgres://ada:hid/den@db1,db2/baton?sslpassword=hidden',
    };
    const shown = shownSettings(env);
    expect(Object.keys(shown).sort()).toEqual(Object.keys(env).sort());
    expect(JSON.stringify(shown)).not.toMatch(/hid/);
    expect(shown).toMatchObject({
      PORT: '8080',
      JIRA_EMAIL: 'baton@example.com',
      TEMPORAL_ADDRESS: 'temporal:7233',
      BATON_SOMETHING_NEW: '••••••••',
      SLACK_API_URL: 'https://••••••••@slack.example/api?••••••••',
      BATON_PUBLIC_URL: 'https://ada:••••••••@baton.example/x',
    });
    expect(shownSettings({ PATH: '/bin', HOME: '/root' })).toEqual({});
  });
});
