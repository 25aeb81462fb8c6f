import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anyFreePort } from '../../processes/ports.ts';

const program = join(import.meta.dirname, '../cli/fixture/sixth.ts');

/** Runs a command of a Baton with one provider more, with these settings and no others. */
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

const half = 'Slack is connected in half: SLACK_SIGNING_SECRET or SLACK_APP_TOKEN is not set';
const misspelt = 'Baton knows no setting WEATHER_TOKN: did you mean WEATHER_TOKEN?';
const env = { SLACK_BOT_TOKEN: 'hidden-word-1', WEATHER_TOKN: 'hidden-word-2', BATON_SIMULATE: 'weather' };

describe('a Baton with a provider more', () => {
  it('tells with its settings what is misspelt and what is connected in half', async () => {
    const json = baton(['config', '--json'], env);
    expect(await json.exit).toBe(0);
    expect(JSON.parse(json.said.stdout)).toMatchObject({
      effective: { simulated: 'weather' },
      notes: [misspelt, expect.stringContaining(half)],
    });
    const people = baton(['config'], env);
    expect(await people.exit).toBe(0);
    expect(people.said.stderr).toContain(half);
    expect(people.said.stderr).toContain(misspelt);
    expect(JSON.stringify([json.said, people.said])).not.toContain('hidden-word');
  });

  it('starts all the same, simulates it, is connected to it, and says what is wrong: here, in the log, in /readyz', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-sixth-'));
    const port = await anyFreePort('127.0.0.1');
    const { child, exit, said } = baton(['start'], {
      ...env,
      PORT: String(port),
      BATON_DATA_DIR: join(folder, 'data'),
    });
    onTestFinished(async () => {
      child.kill('SIGTERM');
      await exit;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });
    await expect.poll(() => said.stdout, { timeout: 60_000 }).toContain('SIMULATED: Weather.');
    expect(said.stderr).toContain(`Baton  ${misspelt}\n`);
    expect(said.stderr).toContain(`Baton  ${half}`);
    expect(said.stderr).toMatch(/asks http:\/\/127\.0\.0\.1:\d+ with 15 letters/);
    const log = readFileSync(join(folder, 'data/baton.log'), 'utf8');
    expect(log).toContain(half);
    expect(log).toContain(misspelt);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: 'ok',
      simulated: ['weather'],
      connectedInHalf: [expect.stringContaining(half)],
    });
    expect(said.stdout + said.stderr + log).not.toContain('hidden-word');
  }, 90_000);
});
