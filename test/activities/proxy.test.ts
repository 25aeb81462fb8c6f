import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AnyActivity, carryOut } from '../../activities/activity.ts';
import { listEc2Instances } from '../../activities/ec2/list-instances.ts';
import { listGitHubDeployments } from '../../activities/github/list-deployments.ts';
import { readJiraIssue } from '../../activities/jira/read-issue.ts';
import { listKubernetesNodes } from '../../activities/kubernetes/list-nodes.ts';
import { readPagerDutyIncident } from '../../activities/pagerduty/read-incident.ts';
import { queryPrometheus } from '../../activities/prometheus/query.ts';
import { proxyFor } from '../../activities/proxy.ts';
import { readSlackUser } from '../../activities/slack/read-user.ts';
import { surroundingsFor } from '../clients.ts';
import { attemptWith } from './run.ts';

/** A proxy that lets nothing through, and what it was asked for. */
async function startProxy() {
  const asked: string[] = [];
  const server = createServer((_, response) => response.writeHead(400).end());
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://user:hidden-word@127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function kubeconfig(server: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-proxy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'kubeconfig.json');
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server } }],
      users: [{ name: 'u', user: { token: 'hidden-token' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  return file;
}

const settings = async () => ({
  PAGERDUTY_API_TOKEN: 'token-of-a-test',
  SLACK_BOT_TOKEN: 'token-of-a-test',
  JIRA_BASE_URL: 'https://acme.atlassian.example',
  JIRA_EMAIL: 'baton@example.com',
  JIRA_API_TOKEN: 'token-of-a-test',
  JIRA_PROJECT_KEY: 'OPS',
  KUBECONFIG: await kubeconfig('https://cluster.example:6443'),
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'id-of-a-test',
  AWS_SECRET_ACCESS_KEY: 'key-of-a-test',
  GITHUB_TOKEN: 'token-of-a-test',
  GITHUB_REPOSITORIES: 'acme/shop',
  PROMETHEUS_URL: 'https://prometheus.example',
});

/** What reaches AWS STS first, for the role of the connection. */
const withRole = { EC2_ROLE_ARN: 'arn:aws:iam::111122223333:role/baton' };

const calls: [string, AnyActivity, Record<string, unknown>, string][] = [
  ['PagerDuty', readPagerDutyIncident, { incidentId: 'Q1ABC' }, 'api.pagerduty.com:443'],
  ['Slack', readSlackUser, { userId: 'U0ADA' }, 'slack.com:443'],
  ['Jira', readJiraIssue, { key: 'OPS-1' }, 'acme.atlassian.example:443'],
  ['Kubernetes', listKubernetesNodes, {}, 'cluster.example:6443'],
  ['EC2', listEc2Instances, { instanceIds: ['i-0abc12345def67890'] }, 'ec2.eu-central-1.amazonaws.com:443'],
  ['GitHub', listGitHubDeployments, { repository: 'acme/shop' }, 'api.github.com:443'],
  ['Prometheus', queryPrometheus, { query: 'up' }, 'prometheus.example:443'],
];

function run(
  activity: AnyActivity,
  input: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
): Promise<unknown> {
  const attempt = attemptWith({ signal: AbortSignal.timeout(9_000) });
  const use = { run: 'run-1', by: 'baton' };
  return carryOut(activity, activity.input.parse(input), { ...surroundingsFor(env), attempt }, use);
}

describe('a network whose only way out is a proxy', () => {
  it.each(calls)('is left by it to %s', async (_, activity, input, address) => {
    const proxy = await startProxy();
    const env = {
      ...(await settings()),
      HTTPS_PROXY: proxy.url,
      HTTP_PROXY: proxy.url,
      NO_PROXY: '127.0.0.1',
    };
    const failure = await run(activity, input, env).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'ProviderUnavailable' });
    expect(JSON.stringify(failure)).not.toContain('hidden-word');
    expect(new Set(proxy.asked)).toEqual(new Set([address]));
  });

  it('is left by it to AWS STS, to that of the region', async () => {
    const proxy = await startProxy();
    const env = { ...(await settings()), ...withRole, HTTPS_PROXY: proxy.url };
    const failure = await run(listEc2Instances, { instanceIds: ['i-0abc12345def67890'] }, env).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ type: 'ProviderUnavailable' });
    expect(JSON.stringify(failure)).not.toContain('hidden-word');
    expect(new Set(proxy.asked)).toEqual(new Set(['sts.eu-central-1.amazonaws.com:443']));
  });

  const forms = [
    (host: string) => `other.example, ${host}`,
    (host: string) => `other.example ${host.toUpperCase()}.`,
    (host: string) => `*${host.slice(1)}:443`,
    () => '.EXAMPLE',
  ];
  const asked = calls.flatMap(([name, activity, input]) =>
    forms.map((form) => [name, form(`${name.toLowerCase()}.example`), activity, input] as const),
  );

  it.each(asked)('is not asked by %s where NO_PROXY is "%s"', async (name, list, activity, input) => {
    const proxy = await startProxy();
    // Hosts of the reserved domain: nothing leaves this machine.
    const host = `${name.toLowerCase()}.example`;
    const addresses = {
      PAGERDUTY_API_URL: `https://${host}`,
      SLACK_API_URL: `https://${host}/api/`,
      JIRA_BASE_URL: `https://${host}`,
      KUBECONFIG: await kubeconfig(`https://${host}`),
      AWS_ENDPOINT_URL_EC2: `https://${host}`,
      GITHUB_API_URL: `https://${host}`,
      PROMETHEUS_URL: `https://${host}`,
    };
    const env = {
      ...(await settings()),
      ...addresses,
      https_proxy: proxy.url,
      no_proxy: list,
    };
    await run(activity, input, env).catch(() => {});
    expect(proxy.asked).toEqual([]);
  });
});

describe('a network whose proxy is named wrongly', () => {
  it.each(calls)('is not left to %s, and the failure names the variable', async (_, activity, input) => {
    const env = { ...(await settings()), HTTPS_PROXY: 'http://user:hidden-word@:3128' };
    const failure = await run(activity, input, env).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      type: 'NotConnected',
      message: expect.stringMatching(/set HTTPS_PROXY to an address like http:\/\/proxy\.example:3128/),
    });
    expect(JSON.stringify(failure)).not.toContain('hidden-word');
  });
});

describe('the proxy for an address', () => {
  const url = 'https://api.pagerduty.com/incidents';
  const proxy = 'http://proxy.example:3128';

  it.each([
    [{ HTTPS_PROXY: proxy }, proxy],
    [{ HTTPS_PROXY: 'proxy.example:3128' }, proxy],
    [{ https_proxy: ' proxy.example:3128\n' }, proxy],
    [{ HTTPS_PROXY: 'user:word@proxy.example:3128' }, 'http://user:word@proxy.example:3128'],
    [{ HTTPS_PROXY: 'proxy' }, 'http://proxy'],
    [{ HTTPS_PROXY: '[fd00::1]:3128' }, 'http://[fd00::1]:3128'],
    [{ HTTPS_PROXY: 'https://proxy.example' }, 'https://proxy.example'],
    [{ ALL_PROXY: 'proxy.example:3128' }, proxy],
    [{ all_proxy: proxy, ALL_PROXY: 'http://other' }, proxy],
    [{ https_proxy: proxy, HTTPS_PROXY: 'http://other', all_proxy: 'http://other' }, proxy],
    [{ https_proxy: '', HTTPS_PROXY: proxy, ALL_PROXY: 'socks5://other' }, proxy],
    [{ HTTP_PROXY: proxy }, undefined],
    [{ HTTPS_PROXY: '', ALL_PROXY: '' }, undefined],
  ])('is read from %j', (env, found) => expect(proxyFor(url, env)).toBe(found));

  it.each([
    [{ HTTPS_PROXY: 'http://' }, 'HTTPS_PROXY'],
    [{ https_proxy: 'proxy:port' }, 'https_proxy'],
    [{ HTTPS_PROXY: 'http://a proxy:3128' }, 'HTTPS_PROXY'],
    [{ HTTPS_PROXY: 'socks5://proxy:1080' }, 'HTTPS_PROXY'],
    [{ ALL_PROXY: 'socks5h://proxy:1080' }, 'ALL_PROXY'],
    [{ all_proxy: 'http://proxy:99999' }, 'all_proxy'],
    [{ HTTPS_PROXY: 'http://user:100%@proxy:3128' }, 'HTTPS_PROXY'],
  ])('cannot be read from %j, and the failure says what to write', (env, variable) => {
    expect(() => proxyFor(url, env)).toThrow(`set ${variable} to an address like http://proxy.example:3128`);
  });

  it('is none for plain http, which is spoken with this machine only', () => {
    expect(proxyFor('http://127.0.0.1:8080', { HTTPS_PROXY: proxy, HTTP_PROXY: proxy })).toBeUndefined();
  });
});
