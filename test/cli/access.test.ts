import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { exits } from '../../processes/failure.ts';
import { readToken } from '../../secrets/token.ts';
import { openStore } from '../../store/open.ts';
import { startPostgres } from '../store/postgres.ts';
import { runBaton } from './command.ts';

const postgres = await startPostgres();
if (postgres) afterAll(() => postgres.stop());

function baton(env: NodeJS.ProcessEnv, ...argv: string[]) {
  const never = () => Promise.reject(new Error('This command does not need it'));
  return runBaton(argv, {
    env,
    loadTriggers: never,
    loadActivities: never,
    loadPolicies: never,
    loadWorkflows: never,
    startSimulators: never,
  });
}

describe('baton access', () => {
  it('prints which role has which right', async () => {
    const { exit, stdout } = await baton({}, 'access');
    expect(exit).toBe(0);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/));
    expect(rows[0]).toEqual(['RIGHT', 'VIEWER', 'RESPONDER', 'APPROVER', 'OPERATOR', 'ADMIN']);
    expect(rows).toContainEqual(['approvals.decide', '-', '-', 'yes', '-', 'yes']);
    expect(JSON.parse((await baton({}, 'access', '--json')).stdout)['people.manage']).toEqual(['admin']);
  });
});

describe('baton admin-token', () => {
  const newEnv = (more: NodeJS.ProcessEnv = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-admin-token-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return { BATON_DATA_DIR: folder, ...more };
  };

  it('says where the token lies where the store is embedded', async () => {
    const { exit, stderr } = await baton(newEnv(), 'admin-token');
    expect(exit).toBe(exits.usage);
    expect(stderr).toContain('admin.token');
  });

  it.runIf(postgres)('gives the first admin a token, and nobody a second one', async () => {
    const DATABASE_URL = (await postgres?.newDatabase()) ?? '';
    const env = newEnv({ DATABASE_URL });
    const { exit, stdout } = await baton(env, 'admin-token');
    expect(exit).toBe(0);
    const token = readToken(stdout.trim());
    const store = await openStore({ databaseUrl: DATABASE_URL, dataDir: env.BATON_DATA_DIR });
    onTestFinished(() => store.close());
    expect(await store.checkToken(token?.id ?? '', '')).toMatchObject({
      role: 'admin',
      state: 'live',
      hash: token?.hash,
    });
    const second = await baton(env, 'admin-token');
    expect(second.exit).toBe(exits.conflict);
    expect(second.stdout).toBe('');
  });
});
