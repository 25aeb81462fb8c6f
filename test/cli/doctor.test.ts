import { describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import { worlds } from '../doctor/world.ts';
import { runBaton } from './command.ts';

const doctor = (env: Record<string, string | undefined>, ...more: string[]) =>
  runBaton(['doctor', ...more], { env, loadActivities: async () => activities });

describe('baton doctor', () => {
  it('ends with 0 where all is well, and says what nobody uses', async () => {
    const { env } = await worlds.slack();
    const { exit, stdout, stderr } = await doctor(env);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(/^Slack {2}default {2}well$/m);
    expect(stdout).toMatch(/^ {2}ok +chat:write +for \d+ activities$/m);
    expect(stdout).toMatch(/^Jira {2}default {2}not used: Jira is not connected: set JIRA_BASE_URL$/m);
  });

  it('ends with 1 and names what is missing, who needs it and what to do', async () => {
    const { simulator, env } = await worlds.slack();
    simulator.world.scopes = simulator.world.scopes?.filter((scope) => scope !== 'usergroups:read') ?? [];
    const { exit, stdout, stderr } = await doctor(env);
    expect(exit).toBe(1);
    expect(stdout).toMatch(
      /MISSING +usergroups:read +for listSlackGroupMembers\n +the token lacks [\s\S]*install the\s+app again/,
    );
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stderr).toContain('Not all is well with Slack');
  });

  it('gives programs the same as JSON', async () => {
    const { env } = await worlds.slack();
    const { exit, stdout } = await doctor(env, 'default', '--json');
    expect(exit).toBe(0);
    const { well, connections } = JSON.parse(stdout);
    expect(well).toBe(true);
    expect(connections.map(({ provider, state }: Record<string, string>) => `${provider} ${state}`)).toEqual([
      'pagerduty not used',
      'slack well',
      'jira not used',
      'kubernetes not used',
      'ec2 not used',
      'github not used',
      'http well',
      'prometheus not used',
    ]);
  });

  it('says what is simulated, and asks nobody', async () => {
    const { exit, stdout } = await doctor({});
    expect(exit).toBe(0);
    expect(stdout.match(/SIMULATED/g)).toHaveLength(5);
  });

  it('prints no secret', async () => {
    const { env } = await worlds.pagerduty();
    const { stdout, stderr } = await doctor({ ...env, PAGERDUTY_ROUTING_KEY: 'too-short-a-key' });
    for (const secret of [env.PAGERDUTY_API_TOKEN, env.PAGERDUTY_WEBHOOK_SECRETS, 'too-short-a-key'])
      expect(stdout + stderr).not.toContain(secret);
  });

  it('ends with 3 where there is no such connection', async () => {
    const { exit, stderr } = await doctor({}, 'eu');
    expect(exit).toBe(3);
    expect(stderr).toContain('There is no connection "eu"');
  });
});
