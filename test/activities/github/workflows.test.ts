import { describe, expect, it } from 'vitest';
import { dispatchGitHubWorkflow } from '../../../activities/github/dispatch-workflow.ts';
import { listGitHubDeployments } from '../../../activities/github/list-deployments.ts';
import { failureOf } from '../run.ts';
import { startGitHub } from './account.ts';

const deploy = { workflow: 'deploy.yml', ref: 'main', inputs: { version: '4.1.2' } };
const secondsAgo = (seconds: number) => ({
  number: 2,
  uncertainSince: new Date(Date.now() - seconds * 1000).toISOString(),
});
const cutAfter = { kind: 'cut-after', match: '/dispatches' } as const;

describe('a workflow', () => {
  it('is run with its inputs, and the run is told', async () => {
    const { simulator, shop, run } = await startGitHub();
    const { runId, url, ...rest } = await run(dispatchGitHubWorkflow, { ...deploy, keyInput: 'baton_key' });
    expect(rest).toEqual({ changed: true, adopted: false });
    expect(shop.runs).toMatchObject([{ id: runId, title: 'Deploy run-1#5', branch: 'main' }]);
    expect(url).toBe(`${simulator.url}/acme/shop/actions/runs/${runId}`);
    expect(simulator.ledger).toMatchObject([
      { detail: { ref: 'main', inputs: { version: '4.1.2', baton_key: 'run-1#5' } } },
    ]);
  });

  it('is run by an older GitHub Enterprise too, which does not tell the run', async () => {
    const { simulator, run, effects } = await startGitHub();
    simulator.world.tellsRuns = false;
    const output = await run(dispatchGitHubWorkflow, deploy);
    expect(output).toEqual({
      changed: true,
      adopted: false,
      url: `${simulator.url}/acme/shop/actions/workflows/deploy.yml`,
    });
    expect(effects()).toEqual(['workflow dispatched']);
  });

  it('is adopted by its key after a lost answer, also beside another run', async () => {
    const { simulator, shop, run, effects } = await startGitHub();
    simulator.fail(cutAfter);
    const keyed = { ...deploy, keyInput: 'baton_key' };
    expect(await failureOf(run(dispatchGitHubWorkflow, keyed))).toMatchObject({
      details: [{ effect: 'unknown' }],
    });
    shop.runs.push({ id: 7, workflowId: 501, title: 'Deploy', branch: 'main', createdAt: Date.now() });
    const again = await run(dispatchGitHubWorkflow, keyed, secondsAgo(2));
    expect(again).toMatchObject({ changed: true, adopted: true, runId: shop.runs[0]?.id });
    expect(effects()).toEqual(['workflow dispatched']);
  });

  it('is adopted without a key where it is the only one since', async () => {
    const { simulator, shop, run, effects } = await startGitHub();
    const old = Date.now() - 3_600_000;
    shop.runs.push({ id: 7, workflowId: 501, title: 'Deploy', branch: 'main', createdAt: old });
    shop.runs.push({ id: 8, workflowId: 501, title: 'Deploy', branch: 'other', createdAt: Date.now() });
    simulator.fail(cutAfter);
    await failureOf(run(dispatchGitHubWorkflow, deploy));
    const again = await run(dispatchGitHubWorkflow, { ...deploy, ref: 'refs/heads/main' }, secondsAgo(2));
    expect(again).toMatchObject({ adopted: true, runId: shop.runs.at(-1)?.id });
    expect(effects()).toEqual(['workflow dispatched']);
  });

  it('is left to a person where there are several, and never run again', async () => {
    const { simulator, shop, run, effects } = await startGitHub();
    simulator.fail(cutAfter);
    await failureOf(run(dispatchGitHubWorkflow, deploy));
    shop.runs.push({ id: 7, workflowId: 501, title: 'Deploy', branch: 'main', createdAt: Date.now() });
    expect(await failureOf(run(dispatchGitHubWorkflow, deploy, secondsAgo(2)))).toMatchObject({
      type: 'Conflict',
      nonRetryable: true,
      message: expect.stringMatching(/2 runs of it began since; look at its runs/),
    });
    expect(effects()).toEqual(['workflow dispatched']);
  });

  it('is waited for while the list may lag, then left to a person', async () => {
    const { simulator, run, effects } = await startGitHub({ BATON_SIMULATED_TIME_SCALE: '1' });
    simulator.world.listLagMilliseconds = Infinity;
    simulator.fail(cutAfter);
    await failureOf(run(dispatchGitHubWorkflow, deploy));
    expect(await failureOf(run(dispatchGitHubWorkflow, deploy, secondsAgo(2)))).toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ effect: 'none', waitMs: 3000 }],
    });
    expect(await failureOf(run(dispatchGitHubWorkflow, deploy, secondsAgo(31)))).toMatchObject({
      type: 'Conflict',
      message: expect.stringContaining('no run of it is to be seen'),
    });
    expect(effects()).toEqual(['workflow dispatched']);
  });

  it.each([
    ['a disabled one', { state: 'disabled_manually' }, {}, 'Conflict', /disabled_manually; enable it/],
    ['another branch', {}, { ref: 'nowhere' }, 'ProviderRefused', /No ref found for: nowhere/],
    ['an input that it lacks', {}, { inputs: { x: '1' } }, 'ProviderRefused', /Unexpected inputs.*x/],
    ['one that is not there', {}, { workflow: 'none.yml' }, 'ProviderRefused', /404.*not there/],
  ] as const)('is refused: %s', async (_, workflow, other, type, message) => {
    const { shop, run, effects } = await startGitHub();
    Object.assign(shop.workflows[0] ?? {}, workflow);
    const failure = await failureOf(run(dispatchGitHubWorkflow, { ...deploy, ...other }));
    expect(failure).toMatchObject({
      type,
      message: expect.stringMatching(message),
      details: [{ effect: 'none' }],
    });
    expect(effects()).toEqual([]);
  });

  it.each(['../secrets', 'deploy', '..', '.yml', 'a/b.yml'])('is no path: %s', (workflow) => {
    expect(dispatchGitHubWorkflow.input.safeParse({ ...deploy, workflow }).success).toBe(false);
  });
});

describe('the deployments', () => {
  it('are the newest with their latest status', async () => {
    const { run } = await startGitHub();
    expect(await run(listGitHubDeployments, { environment: 'production', limit: 1 })).toEqual({
      deployments: [
        {
          id: 901,
          environment: 'production',
          ref: 'v4.1.3',
          sha: `901${'a'.repeat(37)}`,
          creator: 'ada-lopez',
          description: 'Release 4.1.3',
          createdAt: '2026-11-26T08:30:00Z',
          state: 'failure',
          stateAt: '2026-11-26T08:34:00Z',
          url: 'https://ci.example.com/deployments/901',
        },
      ],
      truncated: true,
    });
    expect(await run(listGitHubDeployments, {})).toMatchObject({
      deployments: [{ id: 901 }, { id: 900, state: 'success' }],
      truncated: false,
    });
    expect(await run(listGitHubDeployments, { environment: 'staging' })).toEqual({
      deployments: [],
      truncated: false,
    });
  });

  it('may have no status yet', async () => {
    const { shop, run } = await startGitHub();
    shop.deployments[0]?.statuses.splice(0);
    const { deployments } = await run(listGitHubDeployments, { limit: 1 });
    expect(deployments[0]).not.toHaveProperty('state');
  });
});
