import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAllYaml, loadYaml } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { activities } from '../activities/index.ts';
import { settingsOf } from '../activities/provider.ts';
import { providers } from '../activities/providers.ts';
import type { SetUp } from '../domain/set-up.ts';
import { ownSettings } from '../processes/own-settings.ts';
import { timelineShortcut } from '../server/slack/asked.ts';
import { slashCommand } from '../server/slack/commands.ts';

const read = (file: string) => readFileSync(join(import.meta.dirname, '../deploy', file), 'utf8');
const neededAt = (provider: string) =>
  [
    ...new Set(
      activities.filter((each) => each.provider === provider).flatMap(({ permissions }) => permissions),
    ),
  ].sort();
/** The rights that a page lists: what its list items begin with, in code marks. */
const listed = (page: string) => [...page.matchAll(/^- `([^`]+)`/gm)].map(([, right]) => right).sort();

describe('docker-compose.yml', () => {
  const text = readFileSync(join(import.meta.dirname, '../docker-compose.yml'), 'utf8');
  const compose = z.object({
    services: z.record(
      z.string(),
      z.object({
        environment: z
          .record(z.string(), z.unknown())
          .default({})
          .transform(({ '<<': shared, ...own }) => ({ ...(shared as object | undefined), ...own })),
        env_file: z.never().optional(),
      }),
    ),
  });
  const { services } = compose.parse(loadYaml(text));
  const secretsOf = (service: string) =>
    Object.keys(services[service]?.environment ?? {}).filter((name) =>
      /SECRET|TOKEN|KEY$|PASSWORD/.test(name),
    );

  it('gives server and worker each its own secrets, and none of the other', () => {
    expect(secretsOf('server').sort()).toEqual([
      'BATON_FORMER_SECRET_KEYS',
      'BATON_OIDC_CLIENT_SECRET',
      'BATON_SECRET_KEY',
      'HTTP_SUBSCRIBER_SECRETS',
      'HTTP_WEBHOOK_SECRETS',
      'HTTP_WEBHOOK_TOKENS',
      'JIRA_WEBHOOK_SECRETS',
      'PAGERDUTY_API_TOKEN',
      'PAGERDUTY_CLIENT_SECRET',
      'PAGERDUTY_ROUTING_KEY',
      'PAGERDUTY_WEBHOOK_SECRETS',
      'SLACK_APP_TOKEN',
      // Forms are opened within 3 s of a click, and so by the server.
      'SLACK_BOT_TOKEN',
      'SLACK_SIGNING_SECRET',
    ]);
    expect(services.server?.environment.PAGERDUTY_API_TOKEN).toMatch(/^\$\{BATON_PAGERDUTY_PULL:\+/);
    expect(secretsOf('worker').sort()).toEqual([
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'BATON_FORMER_SECRET_KEYS',
      'BATON_SECRET_KEY',
      'GITHUB_TOKEN',
      'HTTP_BEARER_TOKEN',
      'HTTP_HMAC_SECRET',
      'JIRA_API_TOKEN',
      'JIRA_PROJECT_KEY',
      'PAGERDUTY_API_TOKEN',
      'PAGERDUTY_CLIENT_SECRET',
      'PAGERDUTY_ROUTING_KEY',
      'PROMETHEUS_PASSWORD',
      'PROMETHEUS_TOKEN',
      'SLACK_BOT_TOKEN',
    ]);
    for (const other of ['temporal', 'temporal-ui', 'temporal-namespace', 'temporal-schema'])
      expect(secretsOf(other).filter((name) => !/^(SQL|POSTGRES)_/.test(name))).toEqual([]);
  });

  /** Read where Baton is started, but for what the shape of this file settles. */
  const settled = [
    'BATON_DATA_DIR',
    'BATON_STORE_FSYNC',
    'BATON_TEMPORAL_UI',
    'BATON_SIMULATE',
    'BATON_SIMULATED_TIME_SCALE',
    // The image has it from its build.
    'BATON_COMMIT',
    'KUBERNETES_SERVICE_HOST',
    // What setup keeps is of named connections alone.
    'PAGERDUTY_CONSENT',
  ];
  const settable = [...ownSettings, ...providers.flatMap(settingsOf)];
  const given = (service: string) => Object.keys(services[service]?.environment ?? {});

  it('hands every setting that is read to the process that needs it', () => {
    expect(settable.length).toBeGreaterThan(15);
    const all = ['server', 'worker', 'migrate'].flatMap(given);
    expect(settable.filter((name) => !all.includes(name) && !settled.includes(name))).toEqual([]);
  });

  it('tells the server alone how long to keep things and where to write the heads, on a volume', () => {
    const names = ['BATON_RETENTION_DAYS', 'BATON_RECORD_HEADS_DIR'];
    expect(given('server')).toEqual(expect.arrayContaining(names));
    expect(given('worker').filter((name) => names.includes(name))).toEqual([]);
    expect(text).toContain(`BATON_RECORD_HEADS_DIR: \u0024{BATON_RECORD_HEADS_DIR:-/heads}`);
    expect(text).toContain("volumes: ['heads:/heads']");
  });

  it('hands the proxy, and what payloads are encrypted by, to server and worker', () => {
    for (const name of [
      'BATON_ENCRYPT_PAYLOADS',
      'BATON_FORMER_SECRET_KEYS',
      'HTTPS_PROXY',
      'ALL_PROXY',
      'NO_PROXY',
    ])
      expect([given('server'), given('worker')]).toEqual([
        expect.arrayContaining([name]),
        expect.arrayContaining([name]),
      ]);
  });

  it('takes every variable of the example file to somebody', () => {
    const names = [...read('example.env').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name ?? '');
    const taken = Object.values(services).flatMap(({ environment }) => Object.keys(environment));
    expect(names.filter((name) => !taken.includes(name) && !text.includes(`\${${name}:`))).toEqual([]);
  });
});

describe('the rights that are shipped', () => {
  it('are for Slack exactly those that the activities need', () => {
    const manifest = z.object({
      oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
    });
    const { oauth_config } = manifest.parse(JSON.parse(read('slack-manifest.json')));
    // The one that no activity needs: to be given commands at all.
    expect(oauth_config.scopes.bot.sort()).toEqual([...neededAt('slack'), 'commands'].sort());
  });

  it('let Slack send the command, the shortcut and the forms, with mentions that can be told', () => {
    const { features, settings } = z
      .object({
        features: z.object({
          slash_commands: z.array(z.record(z.string(), z.unknown())),
          shortcuts: z.array(z.record(z.string(), z.unknown())),
        }),
        settings: z.object({ interactivity: z.object({ is_enabled: z.boolean(), request_url: z.string() }) }),
      })
      .parse(JSON.parse(read('slack-manifest.json')));
    expect(features.slash_commands).toEqual([
      expect.objectContaining({
        command: slashCommand,
        url: expect.stringMatching(/\/slack\/commands$/),
        usage_hint: expect.stringContaining('help'),
        should_escape: true,
      }),
    ]);
    expect(features.shortcuts).toEqual([
      expect.objectContaining({ type: 'message', callback_id: timelineShortcut }),
    ]);
    expect(settings.interactivity).toMatchObject({
      is_enabled: true,
      request_url: expect.stringMatching(/\/slack\/interactivity$/),
    });
  });

  it('are for Slack the same by Socket Mode, for which the app names no addresses', () => {
    const withoutAddresses = JSON.parse(read('slack-manifest.json'), (name, value) =>
      /(^|_)urls?$/.test(name) ? undefined : value,
    );
    expect(JSON.parse(read('slack-socket-manifest.json'))).toEqual({
      ...withoutAddresses,
      settings: { ...withoutAddresses.settings, socket_mode_enabled: true },
    });
  });

  it('are for AWS exactly those that the activities need, and changes only where the tag allows them', () => {
    const policy = z.object({
      Statement: z.array(
        z.object({
          Effect: z.literal('Allow'),
          Action: z.array(z.string()),
          Condition: z.unknown().optional(),
        }),
      ),
    });
    const { Statement } = policy.parse(JSON.parse(read('iam-policy.json')));
    expect(Statement.flatMap(({ Action }) => Action).sort()).toEqual(neededAt('ec2'));
    for (const { Action, Condition } of Statement)
      if (Action.some((action) => !/^ec2:(Describe|Get)/.test(action)))
        expect(Condition).toEqual({ StringEquals: { 'aws:ResourceTag/baton:restart': 'allowed' } });
  });

  it('are for a role of AWS the same: where the tag or a person allows it; and whoever assumes it may only name who', () => {
    const policy = z.object({
      Statement: z.array(z.object({ Action: z.array(z.string()), Resource: z.string().optional() })),
    });
    const { Statement } = policy.parse(JSON.parse(read('iam-role-policy.json')));
    const actions = Statement.flatMap(({ Action }) => Action);
    expect([...new Set(actions)].sort()).toEqual(neededAt('ec2'));
    const assuming = ['sts:AssumeRole', 'sts:SetSourceIdentity'];
    for (const file of ['iam-role-trust.json', 'iam-assume-role.json'])
      expect(policy.parse(JSON.parse(read(file))).Statement.map(({ Action }) => Action)).toEqual([assuming]);
  });

  it('are for PagerDuty, Jira and GitHub exactly those that the activities need', () => {
    const pagerDuty = neededAt('pagerduty').filter((right) => right.includes('.'));
    expect(listed(read('pagerduty-scopes.md'))).toEqual(pagerDuty);
    expect(listed(read('jira-permissions.md'))).toEqual(neededAt('jira'));
    expect(listed(read('github-permissions.md'))).toEqual(neededAt('github'));
  });
});

describe('what setup prints for an administrator', () => {
  const providerOf = (word: string) => {
    const found = providers.find(({ name }) => name === word);
    if (!found || !('setUp' in found)) throw new Error(`${word} is not set up`);
    return found.setUp as unknown as { load(): Promise<SetUp<unknown>> };
  };
  const papersOf = async (provider: string, answers: Record<string, string>, connection = 'default') => {
    const { papers } = await providerOf(provider).load();
    const publicUrl = 'https://baton.example.com';
    return (await papers?.({ connection, answers, rights: neededAt(provider), publicUrl })) ?? [];
  };

  it('is for Slack the manifest that ships, with the addresses of the connection', async () => {
    const [http] = await papersOf('slack', {}, 'beta');
    expect(JSON.parse((http?.text ?? '').replaceAll(/\/beta"/g, '"'))).toEqual(
      JSON.parse(read('slack-manifest.json')),
    );
    expect(http?.text).toContain('https://baton.example.com/slack/interactivity/beta"');
    const [socket] = await papersOf('slack', { clicks: 'socket' });
    expect(JSON.parse(socket?.text ?? '')).toEqual(JSON.parse(read('slack-socket-manifest.json')));
  });

  it('is for AWS the policies that ship, of one region and one tag where they are chosen', async () => {
    const [policy] = await papersOf('ec2', {});
    const shipped = JSON.parse(read('iam-policy.json'));
    const sorted = (document: string | object) =>
      JSON.parse(typeof document === 'string' ? document : JSON.stringify(document), (_, value) =>
        Array.isArray(value) && value.every((each) => typeof each === 'string') ? value.toSorted() : value,
      );
    expect(sorted(policy?.text ?? '')).toEqual(sorted(shipped));
    const role = 'arn:aws:iam::111122223333:role/baton';
    const chosen = { region: 'eu-central-1', allowedTag: 'team=checkout', role };
    const [own, trust, assume] = await papersOf('ec2', chosen);
    expect(JSON.parse(own?.text ?? '').Statement[1]).toMatchObject({
      Resource: 'arn:aws:ec2:eu-central-1:*:instance/*',
      Condition: {
        StringEquals: { 'aws:ResourceTag/baton:restart': 'allowed', 'aws:ResourceTag/team': 'checkout' },
      },
    });
    expect(JSON.parse(assume?.text ?? '')).toEqual(JSON.parse(read('iam-assume-role.json')));
    expect(JSON.parse(trust?.text ?? '').Statement[0]).toMatchObject({
      Principal: JSON.parse(read('iam-role-trust.json')).Statement[0].Principal,
    });
  });

  it.each([
    ['eusc-de-east-1', undefined, 'aws-eusc'],
    ['us-iso-east-1', undefined, 'aws-iso'],
    ['us-isob-east-1', undefined, 'aws-iso-b'],
    ['us-isof-south-1', undefined, 'aws-iso-f'],
    ['eu-isoe-west-1', undefined, 'aws-iso-e'],
    ['cn-north-1', undefined, 'aws-cn'],
    ['us-gov-west-1', undefined, 'aws-us-gov'],
    [undefined, 'arn:aws-us-gov:iam::111122223333:role/baton', 'aws-us-gov'],
  ])('is for AWS of the partition of the region %s or the role %s', async (region, role, partition) => {
    const answers = { ...(region ? { region } : {}), ...(role ? { role } : {}) };
    const [policy] = await papersOf('ec2', answers);
    expect(JSON.parse(policy?.text ?? '').Statement[1].Resource).toBe(
      `arn:${partition}:ec2:${region ?? '*'}:*:instance/*`,
    );
  });

  it('is for Kubernetes one of this account alone, so that none writes over the rights of another one', async () => {
    const namesFor = async (serviceAccount?: string) => {
      const answers = {
        namespaces: 'shop,123',
        readOnly: 'true',
        ...(serviceAccount ? { serviceAccount } : {}),
      };
      const [paper] = await papersOf('kubernetes', answers);
      return loadAllYaml(paper?.text ?? '').map((each) => {
        const { kind, metadata, roleRef } = each as {
          kind: string;
          metadata: { name: string; namespace?: string };
          roleRef?: { name: string };
        };
        if (roleRef) expect(roleRef.name).toBe(metadata.name);
        return `${kind} ${JSON.stringify(metadata.namespace)} ${metadata.name}`;
      });
    };
    const own = await namesFor();
    expect(own).toContain('ClusterRole undefined baton:baton:baton');
    expect(own).toContain('Role "123" baton:baton:baton');
    const staging = await namesFor('staging/baton');
    expect(staging.filter((each) => own.includes(each))).toEqual([]);
  });

  it('is for Kubernetes a Role in each namespace with what ships; a limited connection gets nothing on nodes', async () => {
    const kinds = (text = '') =>
      loadAllYaml(text).map((each) => {
        const { kind, metadata, rules } = each as {
          kind: string;
          metadata: { namespace?: string };
          rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
        };
        return { kind, namespace: metadata.namespace, rights: (rules ?? []).flatMap(rightsOf).sort() };
      });
    const rightsOf = ({
      apiGroups: [group = ''],
      resources,
      verbs,
    }: {
      apiGroups: string[];
      resources: string[];
      verbs: string[];
    }) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`));
    const merged = (text: string, kind: string) =>
      [
        ...new Set(
          kinds(text)
            .filter((each) => each.kind === kind)
            .flatMap(({ rights }) => rights),
        ),
      ].sort();
    const [role] = await papersOf('kubernetes', { namespaces: 'shop, search' });
    const text = role?.text ?? '';
    expect(kinds(text).map(({ kind, namespace }) => `${kind} ${namespace ?? ''}`)).toEqual([
      'ServiceAccount baton',
      'Role shop',
      'RoleBinding shop',
      'Role search',
      'RoleBinding search',
      'ClusterRole ',
      'ClusterRoleBinding ',
    ]);
    for (const kind of ['Role', 'ClusterRole'])
      expect(merged(text, kind)).toEqual(merged(read('kubernetes-role.yaml'), kind));
    const [limited] = await papersOf('kubernetes', { onlyNamespaces: 'shop', readOnly: 'true' });
    expect(merged(limited?.text ?? '', 'ClusterRole')).toEqual([
      'authorization.k8s.io/selfsubjectaccessreviews create',
    ]);
    expect(limited?.text).not.toMatch(/patch|delete/);
    await expect(papersOf('kubernetes', { namespaces: 'shop: x' })).rejects.toThrow('no name of a namespace');
  });
});
