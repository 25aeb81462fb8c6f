import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Clients } from '../../activities/clients.ts';
import { providers } from '../../activities/providers.ts';
import { readSettings } from '../../processes/settings.ts';
import { clientsFor } from '../clients.ts';
import { temporaryFolder } from './kubernetes/cluster.ts';

const kubeconfig = (server: string) => {
  const file = join(temporaryFolder(), 'config');
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
};

const jira = { JIRA_EMAIL: 'a@example.com', JIRA_API_TOKEN: 'secret', JIRA_PROJECT_KEY: 'OPS' };
const aws = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };
type Provider = keyof Clients;
const addresses: [variable: string, Provider, (address: string) => NodeJS.ProcessEnv][] = [
  ['PAGERDUTY_API_URL', 'pagerduty', (at) => ({ PAGERDUTY_API_TOKEN: 'secret', PAGERDUTY_API_URL: at })],
  [
    'PAGERDUTY_EVENTS_URL',
    'pagerduty',
    (at) => ({ PAGERDUTY_ROUTING_KEY: 'secret', PAGERDUTY_EVENTS_URL: at }),
  ],
  ['SLACK_API_URL', 'slack', (at) => ({ SLACK_BOT_TOKEN: 'secret', SLACK_API_URL: at })],
  ['JIRA_BASE_URL', 'jira', (at) => ({ ...jira, JIRA_BASE_URL: at })],
  ['AWS_ENDPOINT_URL_EC2', 'ec2', (at) => ({ ...aws, AWS_ENDPOINT_URL_EC2: at })],
  ['AWS_ENDPOINT_URL', 'ec2', (at) => ({ ...aws, AWS_ENDPOINT_URL: at })],
  [
    'GITHUB_API_URL',
    'github',
    (at) => ({ GITHUB_TOKEN: 'secret', GITHUB_REPOSITORIES: 'acme/*', GITHUB_API_URL: at }),
  ],
  ['KUBECONFIG', 'kubernetes', (at) => ({ KUBECONFIG: kubeconfig(at) })],
];
const elsewhere = [
  'http://provider.example.com',
  'http://10.0.0.7:8080/api/',
  'http://127.0.0.1.evil.example/',
  'http://127.0.0.1@evil.example/',
  'http://localhost.evil.example/',
  'HTTP://provider.example.com',
];
const fine = [
  'https://provider.example.com',
  'http://127.0.0.1:4711',
  'http://localhost:4711',
  'http://[::1]:4711',
];

describe.each(addresses)('%s', (variable, provider, env) => {
  it.each(elsewhere)('is refused, and named, as plain http to another machine: %s', async (address) => {
    await expect(clientsFor(env(address))[provider]('default')).rejects.toMatchObject({
      type: 'NotConnected',
      nonRetryable: true,
      message: expect.stringMatching(new RegExp(`${variable}.*https://`)),
    });
  });

  it.each(fine)('may be %s', async (address) => {
    await expect(clientsFor(env(address))[provider]('default')).resolves.toBeDefined();
  });

  it.runIf(variable !== 'KUBECONFIG')('is complained of at the start, and not shown', () => {
    for (const address of elsewhere)
      expect(() => readSettings(env(address), providers)).toThrowError(
        expect.objectContaining({ why: expect.stringMatching(new RegExp(`^- ${variable} is not an https`)) }),
      );
    for (const address of fine) expect(readSettings(env(address), providers).connectedBy).toBeDefined();
  });
});
