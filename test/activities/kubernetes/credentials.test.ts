import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { listKubernetesNodes } from '../../../activities/kubernetes/list-nodes.ts';
import { kubernetesEnvironment } from '../../../simulator/kubernetes.ts';
import { failureOf, runnerFor } from '../run.ts';
import { startCluster, temporaryFolder } from './cluster.ts';

/** A cluster whose token comes from a command: a script that may use `count` (how often it was run) and `right`. */
async function startWithCommand(script: string) {
  const { simulator } = await startCluster();
  const folder = temporaryFolder();
  const { KUBECONFIG = '' } = kubernetesEnvironment(simulator.url, join(folder, 'config'));
  const plain = readFileSync(KUBECONFIG, 'utf8');
  const right = /token: (\S+)/.exec(plain)?.[1] ?? '';
  const counter = join(folder, 'count');
  writeFileSync(counter, '0');
  const command = join(folder, 'command.mjs');
  writeFileSync(
    command,
    `import { readFileSync, writeFileSync } from 'node:fs';
    const count = Number(readFileSync('${counter}', 'utf8')) + 1;
    writeFileSync('${counter}', String(count));
    const right = ${JSON.stringify(right.replaceAll('"', ''))};
    const say = (status) => console.log(JSON.stringify({ kind: 'ExecCredential', status }));
    ${script}`,
  );
  const exec = `exec: {apiVersion: client.authentication.k8s.io/v1, command: ${process.execPath}, args: [${command}]}`;
  const file = join(folder, 'with-command');
  writeFileSync(file, plain.replace(/token: \S+/, exec));
  const run = runnerFor({ KUBECONFIG: file });
  return { run, runs: () => Number(readFileSync(counter, 'utf8')) };
}

describe('a command that gives the token', () => {
  it('is run anew where the cluster refuses the token, within the same call', async () => {
    const { run, runs } = await startWithCommand(`say({ token: count === 1 ? 'out-of-date' : right });`);
    expect((await run(listKubernetesNodes, {})).nodes).toHaveLength(2);
    expect((await run(listKubernetesNodes, {})).nodes).toHaveLength(2);
    expect(runs()).toBe(2);
  });

  it('is run anew by the next call where it gives the wrong one again', async () => {
    const { run, runs } = await startWithCommand(`say({ token: count < 3 ? 'out-of-date' : right });`);
    expect(await failureOf(run(listKubernetesNodes, {}))).toMatchObject({ type: 'ProviderRefused' });
    expect((await run(listKubernetesNodes, {})).nodes).toHaveLength(2);
    expect(runs()).toBe(3);
  });

  it('is run again when what it gave has expired', async () => {
    const expired = `say({ token: right, expirationTimestamp: count === 1 ? '2020-01-01T00:00:00Z' : '2100-01-01T00:00:00Z' });`;
    const { run, runs } = await startWithCommand(expired);
    for (const _ of [1, 2, 3]) await run(listKubernetesNodes, {});
    expect(runs()).toBe(2);
  });

  it('ends with the attempt, and may be tried again', async () => {
    const { run } = await startWithCommand(
      `if (count === 1) setTimeout(() => {}, 60_000); else say({ token: right });`,
    );
    const began = Date.now();
    const attempt = { signal: AbortSignal.timeout(700) };
    expect(await failureOf(run(listKubernetesNodes, {}, attempt))).toMatchObject({ name: 'TimeoutError' });
    expect(Date.now() - began).toBeLessThan(10_000);
    expect((await run(listKubernetesNodes, {})).nodes).toHaveLength(2);
  });

  it('gets nothing of Baton’s own settings', async () => {
    vi.stubEnv('PAGERDUTY_API_TOKEN', 'hidden-word');
    try {
      const { run } = await startWithCommand(
        `say({ token: process.env.PAGERDUTY_API_TOKEN ? 'wrong' : right });`,
      );
      expect((await run(listKubernetesNodes, {})).nodes).toHaveLength(2);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
