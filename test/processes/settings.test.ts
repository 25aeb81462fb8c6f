import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CliFailure } from '../../processes/failure.ts';
import { secretKeyOf } from '../../processes/secret-key.ts';
import { masked, providers, readSettings, secretsOf, shownSettings } from '../../processes/settings.ts';

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
  BATON_SIMULATE: ['slack, jira', 'slack,msteams'],
  BATON_OIDC_ROLES: ['sre=operator, oncall=responder', 'sre=owner'],
  BATON_OIDC_SCOPES: ['openid profile', 'email'],
  JIRA_FIELDS: ['{"labels":["on-call"]}', '["on-call"]'],
  PAGERDUTY_WEBHOOK_SECRETS: ['hidden-word,hidden-word-2', 'hidden-word,,x'],
};

describe('the settings', () => {
  it('have a default for everything: embedded, and simulated', () => {
    expect(readSettings({})).toMatchObject({
      host: '127.0.0.1',
      port: undefined,
      dataDir: './data',
      databaseUrl: undefined,
      temporal: undefined,
      simulated: [...providers],
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
    expect(readSettings({ JIRA_API_TOKEN: 'x', BATON_SIMULATE: 'all' }).simulated).toEqual([...providers]);
    expect(readSettings({ JIRA_API_TOKEN: 'x', BATON_SIMULATE: 'ec2,slack' }).simulated).toEqual([
      'slack',
      'ec2',
    ]);
    expect(readSettings({ KUBECONFIG: '/home/ada/.kube/config' }).simulated).toEqual([]);
    expect(readSettings({ AWS_REGION: 'eu-central-1' }).simulated).toEqual([...providers]);
  });

  it("read Temporal's own variables as Temporal's tools do", () => {
    const { temporal } = readSettings({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'baton' });
    expect(temporal).toMatchObject({ connection: { address: 'temporal:7233' }, namespace: 'baton' });
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
      ['first-secret', 'second-secret', 'xoxb-1', 'p%40ssword', 'p@ssword', 'proxyword'].sort(),
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
