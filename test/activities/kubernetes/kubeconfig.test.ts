import { describe, expect, it } from 'vitest';
import { listKubernetesNodes } from '../../../activities/kubernetes/list-nodes.ts';
import { kubernetes } from '../../../activities/kubernetes/provider.ts';
import { providers } from '../../../activities/providers.ts';
import { secretsOf } from '../../../processes/masking.ts';
import { checkedValues, checkUsable, shownVariables } from '../../../server/operations/connection-values.ts';
import { kubernetesConfig } from '../../../simulator/kubernetes.ts';
import { newSecret } from '../../../simulator/secret.ts';
import { secretParts } from '../../../store/connections/stored-connections.ts';
import { clientsFor } from '../../clients.ts';
import { failureOf, runnerFor } from '../run.ts';
import { startCluster } from './cluster.ts';

const token = newSecret();
const config = kubernetesConfig('http://127.0.0.1:6443', token).trimEnd();

/** What a person hears who adds a connection with these values. */
async function refusalOf(values: Record<string, string>): Promise<string> {
  try {
    await checkUsable(kubernetes, checkedValues(kubernetes, values).values);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the content of a kubeconfig as a setting', () => {
  it('connects, as YAML and as JSON, without any file', async () => {
    const { simulator } = await startCluster();
    simulator.world.token = token;
    const yaml = kubernetesConfig(simulator.url, token).trimEnd();
    const sdk = await import('@kubernetes/client-node');
    for (const KUBECONFIG_CONTENT of [yaml, JSON.stringify(sdk.loadYaml(yaml))]) {
      const { nodes } = await runnerFor({ KUBECONFIG_CONTENT })(listKubernetesNodes, {});
      expect(nodes).toHaveLength(2);
      expect(await refusalOf({ KUBECONFIG_CONTENT })).toBe('none');
    }
  });

  it('is a secret, and so is what stands in it', () => {
    const { values, secrets } = checkedValues(kubernetes, { KUBECONFIG_CONTENT: config });
    expect(secrets).toEqual(['KUBECONFIG_CONTENT']);
    expect(secretParts(values, secrets)).toEqual([token]);
    expect(secretsOf({ KUBECONFIG_CONTENT: config }, providers)).toContain(token);
    const asJson = `{"users":[{"name":"a","user":{"password":"${token}","client-key-data":"${token}K"}}]}`;
    expect(secretParts({ KUBECONFIG_CONTENT: asJson }, secrets)).toEqual([token, `${token}K`]);
  });

  it('is refused where a path belongs, and a path where it belongs, with the name of the right setting', async () => {
    const words = await refusalOf({ KUBECONFIG: config });
    expect(words).toMatch(/^KUBECONFIG has a file’s content, .*: give it in KUBECONFIG_CONTENT\.$/);
    expect(words).not.toContain(token);
    expect(await refusalOf({ KUBECONFIG_CONTENT: '/etc/kube/config' })).toMatch(/give that in KUBECONFIG\.$/);
    expect(await refusalOf({ KUBECONFIG_CONTENT: config, KUBECONFIG: '/etc/kube/config' })).toMatch(
      /given beside KUBECONFIG/,
    );
  });

  it('that an earlier Baton took as a path is not shown', () => {
    const stored = { values: { KUBECONFIG: config }, secrets: [] } as unknown as Parameters<
      typeof shownVariables
    >[0];
    expect(JSON.stringify(shownVariables(stored))).not.toContain(token);
  });

  it.each([
    [
      'exec: {command: touch, args: [/tmp/hidden-word]}',
      /users\.0\.user\.exec, which runs a command on the worker/,
    ],
    [
      'auth-provider: {name: gcp, config: {cmd-path: hidden-word}}',
      /users\.0\.user\.auth-provider, which may run a command/,
    ],
    ['token-file: /etc/hidden-word', /users\.0\.user\.token-file, which names a file/],
    ['tokenFile: /etc/hidden-word', /users\.0\.user\.tokenFile, which names a file/],
    ['client-key: /etc/hidden-word', /users\.0\.user\.client-key, which names a file/],
    ['client-certificate: /etc/hidden-word', /users\.0\.user\.client-certificate, which names a file/],
    ['hidden-word: 1', /a field under users\.0\.user that Baton does not know/],
  ])('is refused with a user that leaves it: %s', async (user, words) => {
    const leaving = config.replace(/token: \S+/, user);
    const refusal = await refusalOf({ KUBECONFIG_CONTENT: leaving });
    expect(refusal).toMatch(words);
    expect(refusal).not.toContain('hidden-word');
    // A connection that got into the store in another way is no way around that.
    const failure = await failureOf(clientsFor({ KUBECONFIG_CONTENT: leaving }).kubernetes('default'));
    expect(failure).toMatchObject({ type: 'NotConnected', message: expect.stringMatching(words) });
  });

  it.each([
    [
      config.replace('insecure-skip-tls-verify: true', 'certificate-authority: /etc/ca'),
      /cluster\.certificate-authority, which names a file/,
    ],
    [config.replace('clusters:', 'clusters: ['), /is neither YAML nor JSON/],
    [config.replace('current-context: simulated', ''), /is no kubeconfig: current-context is missing/],
    ['- one\n- two', /is no kubeconfig/],
  ])('is refused where it is not whole', async (content, words) => {
    const refusal = await refusalOf({ KUBECONFIG_CONTENT: content });
    expect(refusal).toMatch(words);
    expect(refusal).not.toContain(token);
  });
});
