import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { listGitHubDeployments } from '../../activities/github/list-deployments.ts';
import { listPagerDutyIncidents } from '../../activities/pagerduty/list-incidents.ts';
import { queryPrometheus } from '../../activities/prometheus/query.ts';
import { providers } from '../../activities/providers.ts';
import { readSettings } from '../../processes/settings.ts';
import { startSimulators } from '../../simulator/index.ts';
import { runnerFor } from '../activities/run.ts';

const all = ['pagerduty', 'slack', 'jira', 'kubernetes', 'ec2'];

/** The simulators as a demonstration starts them, with a Baton that only listens. */
async function startDemonstration(pace?: { timeScale: number; answerMilliseconds: number }) {
  const heard: { type: string; by: string }[] = [];
  const webhook = z.object({
    event: z.object({ event_type: z.string(), agent: z.object({ id: z.string() }) }),
  });
  const baton = createServer(async (request, response) => {
    const { event } = webhook.parse(JSON.parse((await request.toArray()).join('')));
    heard.push({ type: event.event_type, by: event.agent.id });
    response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => baton.listen(0, '127.0.0.1', resolve));
  const stateDir = mkdtempSync(join(tmpdir(), 'baton-stories-'));
  const webhookUrl = `http://127.0.0.1:${(baton.address() as AddressInfo).port}/webhooks/pagerduty`;
  const start = () => startSimulators({ providers: all, stateDir, webhookUrl, ...(pace ? { pace } : {}) });
  const simulators = await start();
  onTestFinished(async () => {
    await simulators.close();
    baton.close();
    baton.closeAllConnections();
    rmSync(stateDir, { recursive: true });
  });
  return { ...simulators, heard };
}

const worldOf = async (url: string | undefined) => (await fetch(`${url}/_simulator/world`)).json();

describe('the demonstration', () => {
  it('takes the place of an app of the real PagerDuty, too', async () => {
    const { env } = await startDemonstration();
    const app = { PAGERDUTY_CLIENT_ID: 'app-1', PAGERDUTY_CLIENT_SECRET: 'x', PAGERDUTY_SUBDOMAIN: 'acme' };
    const run = runnerFor({ ...app, ...env });
    expect(readSettings({ BATON_SIMULATE: 'all', ...app, ...env }, providers).simulated).toContain(
      'pagerduty',
    );
    expect(await run(listPagerDutyIncidents, {})).toBeDefined();
  });

  it('goes at a pace that a reader can follow, the same for the providers and for who waits for them', async () => {
    const { env } = await startDemonstration();
    const { timeScale } = z.object({ timeScale: z.number() }).parse(await worldOf(env.AWS_ENDPOINT_URL_EC2));
    expect(env.BATON_SIMULATED_TIME_SCALE).toBe(String(timeScale));
    // Boot, a minute of good checks and the looks in between: the longest part of the first incident.
    const rebootSeconds = 105 / timeScale;
    expect(rebootSeconds).toBeGreaterThan(15);
    expect(rebootSeconds).toBeLessThan(45);
  });

  it('has providers that take their time for an answer', async () => {
    const { env } = await startDemonstration({ timeScale: 100, answerMilliseconds: 40 });
    for (const url of [
      env.PAGERDUTY_API_URL,
      env.SLACK_API_URL,
      env.JIRA_BASE_URL,
      env.AWS_ENDPOINT_URL_EC2,
    ]) {
      const began = performance.now();
      await (await fetch(`${url}`)).arrayBuffer();
      expect(performance.now() - began).toBeGreaterThanOrEqual(39);
    }
  });

  it('has somebody in PagerDuty who looks into the first incident', async () => {
    const { play, heard } = await startDemonstration({ timeScale: 2_000, answerMilliseconds: 0 });
    await play?.();
    await expect
      .poll(() => heard.map(({ type }) => type))
      .toEqual(['incident.triggered', 'incident.priority_updated', 'incident.annotated']);
    expect(heard.map(({ by }) => by)).toEqual([expect.any(String), 'PBENOKA', 'PBENOKA']);
  });
});

describe('GitHub and Prometheus', () => {
  it('are simulated where that is asked for, and not else', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'baton-simulated-'));
    const options = {
      stateDir,
      webhookUrl: 'http://127.0.0.1:1',
      pace: { timeScale: 100, answerMilliseconds: 0 },
    };
    const asked = await startSimulators({ ...options, providers: ['github', 'prometheus'] });
    const others = await startSimulators({ ...options, providers: ['jira'] });
    onTestFinished(async () => {
      await asked.close();
      await others.close();
      rmSync(stateDir, { recursive: true });
    });
    const run = runnerFor(asked.env);
    expect(await run(listGitHubDeployments, {})).toMatchObject({ deployments: [{ id: 901 }, { id: 900 }] });
    expect((await run(queryPrometheus, { query: 'up' })).rows).toHaveLength(2);
    expect(Object.keys(others.env).filter((name) => /^(GITHUB|PROMETHEUS)_/.test(name))).toEqual([]);
  });
});
