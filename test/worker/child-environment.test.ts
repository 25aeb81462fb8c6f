import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectClients } from '../../activities/clients.ts';
import { providers } from '../../activities/providers.ts';
import { startTemporal } from '../../processes/temporal-server.ts';
import { childEnvironment, networkSettings } from '../../worker/child-environment.ts';

const secrets: Record<string, string> = {
  PAGERDUTY_API_TOKEN: 'canary-pagerduty',
  SLACK_BOT_TOKEN: 'canary-slack',
  DATABASE_URL: 'postgres://canary:canary@db/x',
  BATON_SECRET_KEY: 'canary-canary-canary',
  SOMETHING_NEW: 'canary-new',
};

describe('a program that Baton starts', () => {
  let folder: string;
  const before = { ...process.env };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-children-'));
    Object.assign(process.env, secrets, { AWS_ACCESS_KEY_ID: 'for-the-cloud' });
  });
  afterAll(() => {
    for (const name of [...Object.keys(secrets), 'AWS_ACCESS_KEY_ID']) delete process.env[name];
    Object.assign(process.env, before);
    rmSync(folder, { recursive: true });
  });

  /** A program that writes down what it was given, then does what `then` says. */
  function spy(name: string, then = ''): { path: string; seen: () => string } {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\nenv > '${path}.env'\n${then}\n`);
    chmodSync(path, 0o755);
    return { path, seen: () => readFileSync(`${path}.env`, 'utf8') };
  }

  it('gets what it needs to run, and what it is said to need', () => {
    const env = { PATH: '/bin', HOME: '/root', LC_ALL: 'C', HTTPS_PROXY: 'http://a:b@proxy', ...secrets };
    expect(childEnvironment(env)).toEqual({ PATH: '/bin', HOME: '/root', LC_ALL: 'C' });
    expect(childEnvironment(env, networkSettings)).toHaveProperty('HTTPS_PROXY');
  });

  it('gets no secret, as Temporal’s server', async () => {
    const { path, seen } = spy('temporal', `exec '${inject('temporalPath')}' "$@"`);
    const temporal = await startTemporal({ path, dataDir: join(folder, 'data') });
    await temporal.stop();
    expect(seen()).toContain('PATH=');
    expect(seen()).not.toContain('canary');
  });

  it('gets no secret, as npm', async () => {
    const { seen } = spy('npm', 'exit 1');
    const copy = join(folder, 'copy');
    await promisify(execFile)(
      'sh',
      ['-c', `mkdir -p '${copy}/cli' && cp package-lock.json '${copy}' && cp cli/install.mjs '${copy}/cli'`],
      {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
      },
    );
    // What neither has a name of ours nor looks secret may be an install script's own setting.
    const env = { ...process.env, SOMETHING_NEW: '', PATH: `${folder}:${process.env.PATH}` };
    await promisify(execFile)(process.execPath, [join(copy, 'cli/install.mjs')], { env }).catch(() => {});
    expect(seen()).toContain('PATH=');
    expect(seen()).not.toContain('canary');
  });

  it('gets no secret of Baton’s own, and the cloud’s settings, as the program that a kubeconfig names', async () => {
    const token = JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', status: { token: 't' } });
    const { path, seen } = spy('login', `echo '${token}'`);
    const kubeconfig = join(folder, 'kubeconfig');
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: path,
      env: [{ name: 'OWN', value: 'own' }],
    };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:9', 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { exec } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
    const source = { settingsOf: async () => ({ values: { KUBECONFIG: kubeconfig }, version: '1' }) };
    const { kubernetes } = connectClients(providers, source, {});
    const login = async (connection: string) => {
      const { core, request } = await kubernetes(connection);
      await core.listNode({}, request(AbortSignal.timeout(5_000))).catch(() => {});
    };
    await login('default');
    expect(seen()).toMatch(/^OWN=own$/m);
    expect(seen()).toMatch(/^AWS_ACCESS_KEY_ID=for-the-cloud$/m);
    expect(seen()).not.toContain('canary');
    // Of another connection neither: the cloud's settings here are the default one's.
    await login('emea');
    expect(seen()).toMatch(/^OWN=own$/m);
    expect(seen()).not.toContain('for-the-cloud');
  });
});
