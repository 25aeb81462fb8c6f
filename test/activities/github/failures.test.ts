import { describe, expect, it } from 'vitest';
import type { AnyActivity } from '../../../activities/activity.ts';
import { addGitHubComment } from '../../../activities/github/add-comment.ts';
import { createGitHubIssue } from '../../../activities/github/create-issue.ts';
import { dispatchGitHubWorkflow } from '../../../activities/github/dispatch-workflow.ts';
import { listGitHubDeployments } from '../../../activities/github/list-deployments.ts';
import { github } from '../../../activities/github/provider.ts';
import { githubEnvironment } from '../../../simulator/github.ts';
import { clientsFor } from '../../clients.ts';
import { failureOf, runnerFor } from '../run.ts';
import { startAnswering, startGitHub } from './account.ts';

const body = (message: string, errors?: unknown) => JSON.stringify({ message, errors });

describe('what GitHub refuses', () => {
  it.each([
    [401, body('Bad credentials'), 'ProviderRefused', 'GitHub refused (401): Bad credentials'],
    [403, body('Resource not accessible by personal access token'), 'ProviderRefused', /not accessible/],
    [404, body('Not Found'), 'ProviderRefused', /Not Found \(it is not there, or the token may not see it\)/],
    [301, body('Moved Permanently'), 'ProviderRefused', /another name/],
    [410, body('Issues are disabled for this repo'), 'ProviderRefused', /disabled/],
    [
      422,
      body('Validation Failed', [{ field: 'ref', code: 'missing' }, 'x']),
      'ProviderRefused',
      /Failed; ref missing; x/,
    ],
    [409, body('Merge conflict'), 'Conflict', /Merge conflict/],
    [500, body('Server Error'), 'ProviderUnavailable', /500/],
    [503, '<html>', 'ProviderUnavailable', /no reason given/],
    [200, '<html>', 'AnswerUnreadable', /cannot be read/],
    [200, '{"a":1}', 'AnswerUnreadable', /cannot be read/],
  ] as const)('is told from its status: %s %s', async (status, text, type, message) => {
    const { run } = await startAnswering({ status, body: text });
    const failure = await failureOf(run(listGitHubDeployments, {}));
    expect(failure).toMatchObject({
      type,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('never shows the token', async () => {
    const token = githubEnvironment('').GITHUB_TOKEN ?? '';
    const { run } = await startAnswering({ status: 400, body: body(`proxy saw Bearer ${token}`) });
    expect(String(await failureOf(run(listGitHubDeployments, {})))).not.toContain(token);
  });
});

describe('a limit of GitHub', () => {
  const inSeconds = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);
  it.each([
    ['429 with Retry-After', 429, { 'retry-after': '7' }, 'Too many', 7, 7],
    ['403 with Retry-After', 403, { 'retry-after': '9' }, 'You have exceeded a secondary rate limit', 9, 9],
    [
      '403 with nothing left',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(120) },
      'Come back later',
      115,
      121,
    ],
    [
      '403 by words alone',
      403,
      { 'x-ratelimit-remaining': '4000' },
      'You have exceeded a secondary rate limit',
      60,
      60,
    ],
    ['429 without a time', 429, {}, 'Too many', 60, 60],
  ])('is waited for: %s', async (_, status, headers, message, least, most) => {
    const { run } = await startAnswering({ status, headers, body: body(message) });
    const failure = await failureOf(run(listGitHubDeployments, {}));
    expect(failure).toMatchObject({
      type: 'RateLimited',
      nonRetryable: false,
      details: [{ effect: 'none' }],
    });
    const seconds = Number(failure.nextRetryDelay) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(least);
    expect(seconds).toBeLessThanOrEqual(most);
  });

  it('is none where the token may not do something', async () => {
    const headers = { 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': inSeconds(120) };
    const { run } = await startAnswering({ status: 403, headers, body: body('Forbidden') });
    expect(await failureOf(run(listGitHubDeployments, {}))).toMatchObject({ type: 'ProviderRefused' });
  });
});

describe('a request', () => {
  it('says the version of the API, who asks and what is wanted', async () => {
    const { run, heard } = await startAnswering({ status: 200, body: '[]' });
    await run(listGitHubDeployments, {});
    expect(heard[0]?.headers).toMatchObject({
      'x-github-api-version': '2022-11-28',
      accept: 'application/vnd.github+json',
      'user-agent': 'baton',
      authorization: expect.stringMatching(/^Bearer /),
    });
  });

  const incident = { incidentId: 'Q1ABC', title: 'x' };
  it.each<[string, AnyActivity, object]>([
    ['createGitHubIssue', createGitHubIssue, incident],
    ['addGitHubComment', addGitHubComment, { number: 1, text: 'x' }],
    ['dispatchGitHubWorkflow', dispatchGitHubWorkflow, { workflow: 'deploy.yml', ref: 'main' }],
    ['listGitHubDeployments', listGitHubDeployments, {}],
  ])('outside of the repositories that are allowed is not made: %s', async (_, activity, input) => {
    const { simulator, run } = await startGitHub({ GITHUB_REPOSITORIES: 'acme/shop,beta/*' });
    for (const repository of ['acme/web', 'acme/shopping', 'betamax/x', 'evil/shop'])
      expect(await failureOf(run(activity, { ...input, repository }))).toMatchObject({
        type: 'InvalidInput',
        message: expect.stringContaining(`${repository} is not in GITHUB_REPOSITORIES`),
      });
    expect(simulator.calls).toEqual([]);
  });

  it('may go to all of an owner, in capitals or not, and needs a repository', async () => {
    const { settings, run } = await startGitHub();
    expect(await run(listGitHubDeployments, { repository: 'ACME/Shop' })).toMatchObject({ truncated: false });
    const without = runnerFor({ ...settings, GITHUB_REPOSITORY: '' });
    expect(await failureOf(without(listGitHubDeployments, {}))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('set GITHUB_REPOSITORY'),
    });
  });

  it.each([
    'acme/..',
    'acme/.',
    '../shop',
    'acme/shop/x',
    'acme',
    'acme/sh op',
    '-acme/shop',
    'acme/shop?x',
    '',
  ])('goes to no odd path: %s', (repository) => {
    expect(listGitHubDeployments.input.safeParse({ repository }).success).toBe(false);
  });
});

describe('the settings of GitHub', () => {
  it.each([
    [{}, 'GITHUB_TOKEN'],
    [{ GITHUB_TOKEN: 'x' }, 'GITHUB_REPOSITORIES'],
    [
      { GITHUB_TOKEN: 'x', GITHUB_REPOSITORIES: 'acme' },
      /GITHUB_REPOSITORIES.* is not a list like acme\/shop/,
    ],
    [{ GITHUB_TOKEN: 'x', GITHUB_REPOSITORIES: '*' }, /GITHUB_REPOSITORIES/],
    [{ GITHUB_TOKEN: 'x', GITHUB_REPOSITORIES: 'a/*', GITHUB_REPOSITORY: 'x' }, /GITHUB_REPOSITORY/],
  ])('are complained of by name: %j', async (env, name) => {
    expect(await failureOf(clientsFor(env).github('default'))).toMatchObject({
      type: 'NotConnected',
      message: expect.stringMatching(name),
    });
  });
});

describe('the check of a token', () => {
  const check = async (settings: NodeJS.ProcessEnv) =>
    github.check(await clientsFor(settings).github('default'), new AbortController().signal, {
      rights: [],
      settings: {},
    });

  it('tells of a classic one from its scopes, and changes nothing', async () => {
    const { simulator, settings, calls } = await startGitHub({ GITHUB_REPOSITORIES: 'acme/shop' });
    simulator.world.scopes = 'repo, workflow';
    expect(await check(settings)).toEqual([
      { what: 'issues:write', ok: true },
      { what: 'actions:write', ok: true },
      { what: 'deployments:read', ok: true },
      { what: 'metadata:read', ok: true },
    ]);
    expect(calls().every((call) => call.startsWith('GET '))).toBe(true);
  });

  it('cannot tell whether a fine-grained one may write, and says so', async () => {
    const { settings } = await startGitHub({ GITHUB_REPOSITORIES: 'acme/shop' });
    expect(await check(settings)).toMatchObject([
      { what: 'issues:write', ok: undefined, reason: expect.stringContaining('acme/shop can be read') },
      { what: 'actions:write', ok: undefined, reason: expect.stringContaining('without changing something') },
      { what: 'deployments:read', ok: true },
      { what: 'metadata:read', ok: true },
    ]);
  });

  it('names a role in the repository that is too low to run workflows', async () => {
    const { simulator, settings } = await startGitHub({ GITHUB_REPOSITORIES: 'acme/shop' });
    Object.assign(simulator.world, { mayPush: false, scopes: 'repo' });
    const found = await check(settings);
    expect(found.filter(({ ok }) => !ok)).toEqual([
      {
        what: 'actions:write',
        ok: false,
        reason: expect.stringMatching(/may not write to acme\/shop; give them the role Write/),
      },
    ]);
  });

  it('names what is missing', async () => {
    const { simulator, settings } = await startGitHub({ GITHUB_REPOSITORIES: 'acme/shop' });
    simulator.fail({ kind: 'status', status: 403, match: '/deployments' });
    simulator.fail({ kind: 'status', status: 503, match: '/actions' });
    expect(await check(settings)).toMatchObject([
      { what: 'issues:write', ok: undefined },
      { what: 'actions:write', ok: undefined, reason: expect.stringContaining('unavailable') },
      {
        what: 'deployments:read',
        ok: false,
        reason: expect.stringMatching(/^acme\/shop: GitHub refused \(403\)/),
      },
      { what: 'metadata:read', ok: true },
    ]);
    expect(await check({ ...settings, GITHUB_REPOSITORIES: 'acme/*' })).toHaveLength(4);
  });
});
