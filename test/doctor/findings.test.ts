import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { activities } from '../../activities/index.ts';
import { examine } from '../../server/doctor.ts';
import { simulatedRoleArn } from '../../simulator/ec2.ts';
import { kubernetesEnvironment } from '../../simulator/kubernetes.ts';
import { simulatedAppToken } from '../../simulator/slack/world.ts';
import { bad, connectionOf, examined, findingOf, untold, worlds } from './world.ts';

const naming = (provider: string, right: string) =>
  activities
    .filter((each) => each.provider === provider && (each.permissions as readonly string[]).includes(right))
    .map(({ name }) => name);

describe('what the doctor says', () => {
  it('names the activities that declare a right, and no others', async () => {
    const { simulator, env } = await worlds.slack();
    simulator.world.scopes = simulator.world.scopes?.filter((scope) => scope !== 'usergroups:read') ?? [];
    const finding = findingOf(await examined('slack', env), 'usergroups:read');
    expect(finding).toMatchObject({ ok: false, neededBy: naming('slack', 'usergroups:read') });
    expect(finding?.neededBy).toEqual(['listSlackGroupMembers']);
  });

  it('is that nobody uses a provider of which nothing is set, and which variable is missing where something is', async () => {
    expect(await examined('jira', {})).toMatchObject({ state: 'not used' });
    expect(await examined('jira', { JIRA_BASE_URL: 'https://acme.atlassian.net' })).toMatchObject({
      state: 'not connected',
      reason: 'Jira is not connected: set JIRA_EMAIL',
    });
  });

  it('ends when the time is over, also where a provider never answers', async () => {
    const { simulator, env } = await worlds.slack();
    simulator.fail({ kind: 'hang' });
    const { doctor, connection } = await connectionOf('slack', env);
    const deaf = { ...connection, check: () => new Promise<never>(() => {}) };
    for (const each of [connection, deaf])
      expect(await examine(doctor, each, AbortSignal.timeout(50))).toMatchObject({
        state: 'no answer',
        reason: 'it did not answer in time; try again',
      });
  });

  it('holds no secret, even where a provider repeats one', async () => {
    const { simulator, env } = await worlds.slack();
    const secret = env.SLACK_BOT_TOKEN ?? '';
    simulator.fail({
      kind: 'status',
      status: 400,
      body: JSON.stringify({ ok: false, error: `bad ${secret}` }),
    });
    const found = await examined('slack', env);
    expect(found.state).toBe('refused');
    expect(JSON.stringify(found)).not.toContain(secret);
    expect(found.reason).toContain('bad ');
  });
});

describe('PagerDuty', () => {
  it('says whose the token is', async () => {
    const { simulator, env } = await worlds.pagerduty();
    const reason = async () => findingOf(await examined('pagerduty', env), 'PAGERDUTY_API_TOKEN')?.reason;
    expect(await reason()).toBe('is a key of the account, or a token with scopes');
    simulator.world.tokenOf = 'PADALOP';
    expect(await reason()).toBe('is the key of Ada Lopez');
  });

  it('knows that a user who looks on writes nothing', async () => {
    const { simulator, env } = await worlds.pagerduty();
    simulator.world.tokenOf = 'PADALOP';
    for (const user of simulator.world.users) user.role = 'read_only_user';
    const found = await examined('pagerduty', env);
    expect(findingOf(found, 'incidents.write')).toMatchObject({
      ok: false,
      // Whose it is stands with the token alone: what is missing is shown to whoever helps.
      reason: 'the user whose it is may only look on; use the key of a responder',
      neededBy: naming('pagerduty', 'incidents.write'),
    });
  });

  it('takes a token that is not known for one of another region, perhaps', async () => {
    const { env } = await worlds.pagerduty();
    const found = await examined('pagerduty', {
      ...env,
      PAGERDUTY_API_TOKEN: 'other',
      PAGERDUTY_REGION: 'eu',
    });
    expect(found.state).toBe('refused');
    expect(found.reason).toMatch(/not known in the region eu: .* PAGERDUTY_REGION to us/);
  });

  it('wants both addresses in one region', async () => {
    const { env } = await worlds.pagerduty();
    const found = await examined('pagerduty', {
      ...env,
      PAGERDUTY_API_URL: undefined,
      PAGERDUTY_API_TOKEN: undefined,
      PAGERDUTY_EVENTS_URL: 'https://events.eu.pagerduty.com',
    });
    expect(findingOf(found, 'PAGERDUTY_REGION')).toMatchObject({ ok: false });
  });

  it('wants the address of a user in PAGERDUTY_FROM_EMAIL', async () => {
    const { env } = await worlds.pagerduty();
    const found = await examined('pagerduty', { ...env, PAGERDUTY_FROM_EMAIL: 'nobody@example.com' });
    expect(bad(found)).toEqual(['PAGERDUTY_FROM_EMAIL']);
    expect(findingOf(found, 'PAGERDUTY_FROM_EMAIL')?.reason).toContain('nobody@example.com');
  });

  it.each([
    ['', 'is not set'],
    ['short', 'has not the form'],
  ])('looks at the routing key without sending anything: "%s" %s', async (key, words) => {
    const { simulator, env } = await worlds.pagerduty();
    const found = await examined('pagerduty', { ...env, PAGERDUTY_ROUTING_KEY: key });
    expect(findingOf(found, 'Events API v2 integration key')?.reason).toContain(words);
    expect(simulator.calls.filter(({ path }) => path.startsWith('/events'))).toEqual([]);
  });

  it('cannot tell a key that no service shows, and says how to find out', async () => {
    const { env } = await worlds.pagerduty();
    const found = await examined('pagerduty', { ...env, PAGERDUTY_ROUTING_KEY: 'a1'.repeat(16) });
    expect(found.state).toBe('well');
    expect(untold(found)).toContain('Events API v2 integration key');
    expect(findingOf(found, 'Events API v2 integration key')?.reason).toContain('baton connections test');
  });

  it('warns of an integration that is not named after tool and service, which is no fault', async () => {
    const { simulator, env } = await worlds.pagerduty();
    const said = async () => {
      const found = await examined('pagerduty', env);
      expect(found.state).toBe('well');
      return findingOf(found, 'Events API v2 integration key')?.reason;
    };
    const key = 'f0'.repeat(16);
    const [service] = simulator.world.services;
    if (!service) throw new Error('there is no service');
    env.PAGERDUTY_ROUTING_KEY = key;
    const named = (name: string) => {
      service.integrations = [{ id: 'PINTEGR', name, routingKey: key }];
    };
    named('Alerts');
    expect(await said()).toContain('The integration Alerts is not named <tool>-<service>, as baton-');
    named(`deploys-${service.name.toLowerCase()}`);
    expect(await said()).toBeUndefined();
  });

  it('misses a webhook secret, without which nothing comes in', async () => {
    const { env } = await worlds.pagerduty();
    const found = await examined('pagerduty', { ...env, PAGERDUTY_WEBHOOK_SECRETS: undefined });
    expect(bad(found)).toEqual(['PAGERDUTY_WEBHOOK_SECRETS']);
    const pulling = { ...env, PAGERDUTY_WEBHOOK_SECRETS: undefined, BATON_PAGERDUTY_PULL: '1' };
    expect(bad(await examined('pagerduty', pulling))).toEqual([]);
  });
});

describe('Slack', () => {
  it('tells an app-level token that is none from one that opens a connection', async () => {
    const { env } = await worlds.slack();
    expect(bad(await examined('slack', { ...env, SLACK_APP_TOKEN: simulatedAppToken }))).toEqual([]);
    expect(bad(await examined('slack', { ...env, SLACK_APP_TOKEN: 'xapp-other' }))).toEqual([
      'SLACK_APP_TOKEN',
    ]);
  });

  it('cannot tell scopes that no header names', async () => {
    const { simulator, env } = await worlds.slack();
    delete simulator.world.scopes;
    const found = await examined('slack', env);
    expect(found.state).toBe('well');
    expect(untold(found)).toContain('chat:write');
  });

  it('misses no signing secret by Socket Mode, and connects nothing to find that out', async () => {
    const { simulator, env } = await worlds.slack();
    const bySocket = { ...env, SLACK_SIGNING_SECRET: undefined, SLACK_APP_TOKEN: simulatedAppToken };
    expect(bad(await examined('slack', bySocket))).toEqual([]);
    expect(simulator.calls.map(({ path }) => path).filter((path) => !path.startsWith('/api/'))).toEqual([]);
  });

  it('misses the signing secret', async () => {
    const { env } = await worlds.slack();
    expect(bad(await examined('slack', { ...env, SLACK_SIGNING_SECRET: undefined }))).toEqual([
      'SLACK_SIGNING_SECRET',
    ]);
  });
});

describe('Jira', () => {
  it('names a project that is not there, and a type that the project does not have', async () => {
    const { env } = await worlds.jira();
    expect(bad(await examined('jira', { ...env, JIRA_PROJECT_KEY: 'NONE' }))).toContain('JIRA_PROJECT_KEY');
    const found = await examined('jira', { ...env, JIRA_ISSUE_TYPE: 'Story' });
    expect(bad(found)).toEqual(['JIRA_ISSUE_TYPE']);
    expect(findingOf(found, 'JIRA_ISSUE_TYPE')?.reason).toContain('no issue type Story, but Task, Bug');
  });
});

describe('Kubernetes', () => {
  it('asks in each namespace that may be changed, and names those where a right is missing', async () => {
    const { simulator, env } = await worlds.kubernetes();
    simulator.world.granted = ['authorization.k8s.io/selfsubjectaccessreviews create', 'nodes list'];
    const found = await examined('kubernetes', { ...env, KUBERNETES_NAMESPACES: 'shop,reports' });
    expect(findingOf(found, 'pods list')?.reason).toContain('no role allows it in shop, reports');
    expect(findingOf(found, 'nodes patch')?.reason).toContain('in the whole cluster');
    const asked = simulator.calls.map(({ body }) => body).filter((body) => body.includes('"log"'));
    expect(asked).toHaveLength(2);
  });

  it('cannot tell what it may do in a namespace where none is named', async () => {
    const { simulator, env } = await worlds.kubernetes();
    simulator.world.granted = ['authorization.k8s.io/selfsubjectaccessreviews create'];
    const found = await examined('kubernetes', { ...env, KUBERNETES_NAMESPACES: '' });
    expect(untold(found)).toContain('pods list');
    expect(bad(found)).toContain('nodes list');
  });
});

describe('EC2', () => {
  it('cannot try a dry run without an instance that may be restarted', async () => {
    const { simulator, env } = await worlds.ec2();
    for (const instance of simulator.world.instances) instance.tags = {};
    const found = await examined('ec2', env);
    expect(untold(found)).toEqual([
      'ec2:GetConsoleOutput',
      'ec2:RebootInstances',
      'ec2:StartInstances',
      'ec2:StopInstances',
    ]);
    expect(findingOf(found, 'ec2:RebootInstances')?.reason).toContain('the tag baton:restart = allowed');
  });

  it('assumes the role of a connection that has one, as a look does, and says that a source identity may be set', async () => {
    const { simulator, env } = await worlds.ec2();
    const found = await examined('ec2', { ...env, EC2_ROLE_ARN: simulatedRoleArn });
    expect(found).toMatchObject({ state: 'well' });
    expect(findingOf(found, 'sts:AssumeRole')).toMatchObject({ ok: true, reason: simulatedRoleArn });
    expect(findingOf(found, 'sts:SetSourceIdentity')).toMatchObject({ ok: true });
    expect(findingOf(found, 'ec2:StopInstances')).toMatchObject({ ok: true });
    expect(simulator.ledger).toEqual([]);
  });

  it.each([
    ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    ['sts:SetSourceIdentity', 'sts:AssumeRole'],
  ])('says that the trust policy of the role lacks %s, where it has %s', async (missing, trusted) => {
    const { simulator, env } = await worlds.ec2();
    for (const { trust } of simulator.world.roles)
      for (const statement of trust.Statement) statement.Action = trusted;
    const found = await examined('ec2', { ...env, EC2_ROLE_ARN: simulatedRoleArn });
    expect(bad(found)).toEqual([missing]);
    expect(findingOf(found, missing)?.reason).toContain(`Allow ${missing} for ${simulatedRoleArn}`);
    expect(untold(found)).toContain('ec2:RebootInstances');
  });

  it('names a region that the account does not use', async () => {
    const { simulator, env } = await worlds.ec2();
    const body =
      '<Response><Errors><Error><Code>OptInRequired</Code><Message>no</Message></Error></Errors></Response>';
    simulator.fail({ kind: 'status', status: 401, body });
    expect(await examined('ec2', env)).toMatchObject({ state: 'refused' });
  });

  it('leaves out the code that AWS puts behind a refusal, which differs each time', async () => {
    const { simulator, env } = await worlds.ec2();
    const message = 'You are not authorized. Encoded authorization failure message: AbC123-_xyz';
    const body = `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>${message}</Message></Error></Errors></Response>`;
    simulator.fail({ kind: 'status', status: 403, body, match: 'Action=RebootInstances' });
    const finding = findingOf(await examined('ec2', env), 'ec2:RebootInstances');
    expect(finding).toMatchObject({ ok: false });
    expect(finding?.reason).toContain('You are not authorized');
    expect(finding?.reason).not.toContain('AbC123');
  });
});

describe('a provider that is away', () => {
  it('is said not to answer, and is no missing right', async () => {
    const server = createServer((request) => request.socket.destroy());
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const folder = mkdtempSync(join(tmpdir(), 'baton-doctor-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const found = await examined('kubernetes', kubernetesEnvironment(url, join(folder, 'config')));
    expect(found).toMatchObject({ state: 'no answer', findings: [] });
  });
});
