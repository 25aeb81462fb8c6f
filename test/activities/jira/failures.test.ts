import { describe, expect, it, vi } from 'vitest';
import { addJiraComment } from '../../../activities/jira/add-comment.ts';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { readJiraIssue } from '../../../activities/jira/read-issue.ts';
import { jiraEnvironment } from '../../../simulator/jira.ts';
import { clientsFor } from '../../clients.ts';
import { failureOf, runnerFor } from '../run.ts';
import { startAnswering, startSite } from './site.ts';

const token = jiraEnvironment('').JIRA_API_TOKEN ?? '';
const ask = { key: 'OPS-1' };

describe('a limited rate', () => {
  const inAMinute = () => new Date(Date.now() + 60_500).toUTCString();

  it.each([
    ['seconds', () => ({ 'retry-after': '7' }), [7000, 7000]],
    ['a date', () => ({ 'retry-after': inAMinute() }), [50_000, 61_000]],
    ['nothing', () => ({}), [30_000, 30_000]],
  ] as const)('is waited for as long as Jira asks, which says %s', async (_, headers, [least, most]) => {
    const { simulator, run } = await startSite();
    simulator.fail({ kind: 'status', status: 429, headers: headers() });
    const failure = await failureOf(run(readJiraIssue, ask));
    expect(failure).toMatchObject({
      type: 'RateLimited',
      nonRetryable: false,
      details: [{ effect: 'none', status: 429 }],
    });
    expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(least);
    expect(failure.nextRetryDelay).toBeLessThanOrEqual(most);
    expect(simulator.calls).toHaveLength(1);
  });
});

describe('Jira out of reach', () => {
  it.each([
    ['answers 503', { kind: 'status', status: 503 }],
    ['answers 408', { kind: 'status', status: 408 }],
    ['cuts the connection', { kind: 'cut' }],
  ] as const)('is tried again later, its effect unknown: it %s', async (_, fault) => {
    const { simulator, run } = await startSite();
    await run(createJiraIssue, { incidentId: 'Q1ABC', summary: 'slow' });
    simulator.calls.splice(0);
    simulator.fail({ ...fault, match: 'POST ' });
    expect(await failureOf(run(addJiraComment, { ...ask, text: 'x' }))).toMatchObject({
      type: 'ProviderUnavailable',
      nonRetryable: false,
      details: [{ provider: 'Jira', effect: 'unknown' }],
    });
    expect(simulator.calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('is waited for as long as it asks', async () => {
    const { simulator, run } = await startSite();
    simulator.fail({ kind: 'status', status: 503, headers: { 'retry-after': '9' } });
    expect(await failureOf(run(readJiraIssue, ask))).toMatchObject({
      type: 'ProviderUnavailable',
      nextRetryDelay: 9000,
    });
  });

  it('is also an answer that cannot be read', async () => {
    const run = await startAnswering(200, '<html>Sign in</html>');
    expect(await failureOf(run(readJiraIssue, ask))).toMatchObject({ type: 'AnswerUnreadable' });
  });

  it('ends with the attempt', async () => {
    const { simulator, run } = await startSite();
    simulator.fail({ kind: 'hang' });
    const reason = new Error('the attempt is over');
    const attempt = new AbortController();
    const ended = failureOf(run(readJiraIssue, ask, { signal: attempt.signal }));
    await vi.waitFor(() => expect(simulator.calls).toHaveLength(1), { interval: 5 });
    attempt.abort(reason);
    expect(await ended).toBe(reason);
  });

  it('is not followed to another address', async () => {
    const { simulator } = await startSite();
    const run = await startAnswering(302, '', { location: `${simulator.url}/rest/api/3/issue/OPS-1` });
    expect(await failureOf(run(readJiraIssue, ask))).toMatchObject({
      type: 'ProviderRefused',
      message: 'Jira refused (302): no reason given',
    });
    expect(simulator.calls).toEqual([]);
  });
});

describe('a refusal', () => {
  it.each([
    [
      400,
      { errorMessages: ['Bad'], errors: { summary: 'too long' } },
      'Jira refused (400): Bad; summary: too long',
    ],
    [401, 'Basic authentication failed', 'Jira refused (401): no reason given'],
    [403, { errorMessages: ['No'] }, 'Jira refused (403): No'],
    [404, { errors: {} }, 'Jira refused (404): no reason given'],
    [422, ['odd'], 'Jira refused (422): no reason given'],
  ])('is final, in Jira’s own words: %i %j', async (status, body, message) => {
    const run = await startAnswering(status, typeof body === 'string' ? body : JSON.stringify(body));
    expect(await failureOf(run(readJiraIssue, ask))).toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message,
      details: [{ provider: 'Jira', status, effect: 'none' }],
    });
  });

  it('by a conflict says so', async () => {
    const run = await startAnswering(409, JSON.stringify({ errorMessages: ['Locked'] }));
    expect(await failureOf(run(readJiraIssue, ask))).toMatchObject({
      type: 'Conflict',
      message: 'Jira sees a conflict: Locked',
    });
  });

  it('of a wrong token holds none', async () => {
    const { simulator, run } = await startSite({ JIRA_API_TOKEN: 'another-secret' });
    const sent = Buffer.from('baton@example.com:another-secret').toString('base64');
    for (const fault of [undefined, { kind: 'status', status: 500 }, { kind: 'cut' }] as const) {
      if (fault) simulator.fail({ ...fault });
      const { message, stack, details, cause } = await failureOf(run(readJiraIssue, ask));
      const shown = JSON.stringify([message, stack, details, cause]);
      expect(shown).not.toContain('another-secret');
      expect(shown).not.toContain(sent);
    }
    expect(simulator.calls[0]?.headers.authorization).toBe(`Basic ${sent}`);
  });
});

describe('a Jira that is not connected', () => {
  it.each(['JIRA_BASE_URL', 'JIRA_EMAIL', 'JIRA_API_TOKEN', 'JIRA_PROJECT_KEY'])(
    'names the missing setting: %s',
    async (variable) => {
      const { simulator, run } = await startSite({ [variable]: '' });
      expect(await failureOf(run(readJiraIssue, ask))).toMatchObject({
        type: 'NotConnected',
        nonRetryable: true,
        message: `Jira is not connected: set ${variable}`,
      });
      expect(simulator.calls).toEqual([]);
    },
  );

  it('is one whose address is none', async () => {
    const run = runnerFor(jiraEnvironment('acme.atlassian.net'));
    expect(await failureOf(run(readJiraIssue, ask))).toMatchObject({
      message:
        'Jira is not connected: JIRA_BASE_URL is not an https:// address (plain http:// is taken on this machine only)',
    });
  });

  it('is one by another name', async () => {
    const { run } = await startSite();
    expect(await failureOf(run(readJiraIssue, { ...ask, connection: 'emea' }))).toMatchObject({
      type: 'NotConnected',
      message: 'Jira has no connection named "emea"',
    });
  });

  it('has the token as a header only', async () => {
    const { simulator, run } = await startSite();
    await run(createJiraIssue, { incidentId: 'Q1ABC', summary: 'slow' });
    expect(simulator.calls.map(({ path, body }) => path + body).join()).not.toContain(token);
  });
});

describe('the settings of a real Jira', () => {
  it('are not hastened by what is simulated beside it', async () => {
    const env = { ...jiraEnvironment('https://acme.atlassian.net/'), BATON_SIMULATED_TIME_SCALE: '20' };
    expect(await clientsFor(env).jira('default')).toMatchObject({
      timeScale: 1,
      baseUrl: 'https://acme.atlassian.net',
    });
  });
});
