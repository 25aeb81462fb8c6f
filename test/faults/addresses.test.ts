import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anyFreePort } from '../../processes/ports.ts';

const program = join(import.meta.dirname, '../cli/fixture/connected.ts');

/** Runs a command with these settings and no others. */
function baton(argv: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [program, ...argv], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => (said.stdout += part));
  child.stderr.on('data', (part) => (said.stderr += part));
  const exit = new Promise<number | null>((ended) => child.once('exit', ended));
  return { child, exit, said };
}

const config = async (env: NodeJS.ProcessEnv): Promise<Record<string, string>> => {
  const { exit, said } = baton(['config', '--json'], env);
  expect(await exit).toBe(0);
  return JSON.parse(said.stdout).effective;
};

describe('the address that people are given', () => {
  it('is the one of host and port', async () => {
    expect(await config({ HOST: '10.0.0.7', PORT: '9000' })).toMatchObject({
      'public address': 'http://10.0.0.7:9000',
      'PagerDuty webhook': 'http://10.0.0.7:9000/webhooks/pagerduty',
    });
    expect((await config({ HOST: '0.0.0.0' }))['public address']).toBe('http://127.0.0.1:8080');
  });

  it('is BATON_PUBLIC_URL where it is set, also under a path', async () => {
    expect(await config({ BATON_PUBLIC_URL: 'https://example.com/baton/' })).toMatchObject({
      'public address': 'https://example.com/baton/',
      'PagerDuty webhook': 'https://example.com/baton/webhooks/pagerduty',
    });
  });

  it('stands in the banner of a start, with the one of this machine beside it, and is what activities link to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-address-'));
    const port = await anyFreePort('127.0.0.1');
    const { child, exit, said } = baton(['start'], {
      HOST: '0.0.0.0',
      PORT: String(port),
      BATON_DATA_DIR: join(folder, 'data'),
      BATON_PUBLIC_URL: 'https://baton.example.com',
    });
    onTestFinished(async () => {
      child.kill('SIGTERM');
      await exit;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });
    await expect
      .poll(() => said.stdout + said.stderr, { timeout: 30_000 })
      .toContain(`Baton  https://baton.example.com (here http://127.0.0.1:${port})`);
    expect(said.stderr).toContain('activities link to https://baton.example.com\n');
  });
});
