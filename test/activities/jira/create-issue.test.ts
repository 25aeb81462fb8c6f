import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { afterUnknownOutcome, calls, effects, failureOf, startSite } from './site.ts';

const incident = { incidentId: 'Q1ABC', summary: 'Checkout is slow' };

describe('the issue of an incident', () => {
  it('has a label made of the incident, the text, and its assignee by e-mail', async () => {
    const { simulator, run } = await startSite();
    const issue = await run(createJiraIssue, {
      ...incident,
      text: 'One line\nand another\n\nA second paragraph',
      links: [{ text: 'Incident #7', url: 'https://acme.pagerduty.com/incidents/Q1ABC' }],
      code: 'panic: out of memory',
      assignee: 'ADA@example.com',
      labels: ['checkout'],
      priority: 'High',
      type: 'Bug',
    });
    expect(issue).toMatchObject({ changed: true, created: true, key: 'OPS-1' });
    expect(issue.url).toBe(`${simulator.url}/browse/OPS-1`);
    expect(simulator.world.issues[0]?.fields).toEqual({
      project: { key: 'OPS' },
      issuetype: { name: 'Bug' },
      summary: 'Checkout is slow',
      labels: ['baton-Q1ABC', 'checkout'],
      priority: { name: 'High' },
      assignee: { accountId: 'acc-ada' },
      description: {
        type: 'doc',
        version: 1,
        content: [
          {
            type: 'paragraph',
            content: [
              { type: 'text', text: 'One line' },
              { type: 'hardBreak' },
              { type: 'text', text: 'and another' },
            ],
          },
          { type: 'paragraph', content: [{ type: 'text', text: 'A second paragraph' }] },
          {
            type: 'paragraph',
            content: [
              {
                type: 'text',
                text: 'Incident #7',
                marks: [{ type: 'link', attrs: { href: 'https://acme.pagerduty.com/incidents/Q1ABC' } }],
              },
            ],
          },
          { type: 'codeBlock', content: [{ type: 'text', text: 'panic: out of memory' }] },
        ],
      },
    });
  });

  it('is the one that is there, also for another run', async () => {
    const { simulator, run } = await startSite();
    const first = await run(createJiraIssue, incident);
    const second = await run(createJiraIssue, incident, { key: 'run-2#1' });
    expect(second).toEqual({ ...first, changed: false, created: false });
    expect(effects(simulator)).toEqual(['issue created']);
  });

  it('is another one for another purpose, incident or project', async () => {
    const { simulator, run } = await startSite();
    simulator.world.projects.push({ key: 'WEB', name: 'Web', types: ['Task'] });
    const keys = [];
    for (const other of [{}, { purpose: 'follow-up' }, { incidentId: 'Q1AB' }, { project: 'WEB' }])
      keys.push((await run(createJiraIssue, { ...incident, ...other })).key);
    expect(keys).toEqual(['OPS-1', 'OPS-2', 'OPS-3', 'WEB-4']);
    expect(simulator.world.issues.map(({ fields }) => fields.labels[0])).toEqual([
      'baton-Q1ABC',
      'baton-Q1ABC-follow-up',
      'baton-Q1AB',
      'baton-Q1ABC',
    ]);
  });

  it.each([
    ['cut off', { kind: 'cut-after' }],
    ['answered 500', { kind: 'status-after', status: 500 }],
  ] as const)('is made once although the answer was %s', async (_, fault) => {
    const { simulator, run } = await startSite();
    simulator.fail({ ...fault, match: 'POST /rest/api/3/issue ' });
    expect(await failureOf(run(createJiraIssue, incident))).toMatchObject({
      type: 'ProviderUnavailable',
      nonRetryable: false,
      details: [{ effect: 'unknown' }],
    });
    const again = await run(createJiraIssue, incident, afterUnknownOutcome);
    expect(again).toMatchObject({ created: false, key: 'OPS-1' });
    expect(effects(simulator)).toEqual(['issue created']);
  });

  it('is made once although the search does not know it at first', async () => {
    const { simulator, run } = await startSite();
    await run(createJiraIssue, incident);
    simulator.calls.splice(0);
    const lags = [Infinity, 0];
    Object.defineProperty(simulator.world, 'searchLagMilliseconds', { get: () => lags.shift() });
    const again = await run(createJiraIssue, incident, afterUnknownOutcome);
    expect(again).toMatchObject({ created: false, key: 'OPS-1' });
    expect(calls(simulator)).toEqual(['POST search/jql', 'POST search/jql']);
    expect(effects(simulator)).toEqual(['issue created']);
  });

  it('is not waited for where no earlier attempt can have made it', async () => {
    const { simulator, run } = await startSite({ BATON_SIMULATED_TIME_SCALE: '1' });
    await run(createJiraIssue, incident, { number: 2 });
    expect(calls(simulator)).toEqual(['POST search/jql', 'POST issue']);
  });

  it('is no longer waited for when the attempt ends', async () => {
    const { simulator, run } = await startSite({ BATON_SIMULATED_TIME_SCALE: '0.01' });
    const attempt = new AbortController();
    const ended = failureOf(
      run(createJiraIssue, incident, { ...afterUnknownOutcome, signal: attempt.signal }),
    );
    await vi.waitFor(() => expect(calls(simulator)).toEqual(['POST search/jql']), { interval: 5 });
    // Until the answer has arrived and the wait has begun; an abort before that ends it all the same.
    await pause(40);
    attempt.abort();
    expect(await ended).toMatchObject({ name: 'AbortError' });
    expect(effects(simulator)).toEqual([]);
  });

  it('has no assignee where Jira does not know the address', async () => {
    const { simulator, run } = await startSite();
    await run(createJiraIssue, { ...incident, assignee: 'nobody@example.com' });
    await run(createJiraIssue, { ...incident, purpose: 'b', assignee: 'acc-ben' });
    expect(simulator.world.issues.map(({ fields }) => fields.assignee)).toEqual([
      undefined,
      { accountId: 'acc-ben' },
    ]);
  });

  it('says that it is simulated, where it is', async () => {
    const { simulator, run } = await startSite();
    await run(createJiraIssue, { ...incident, text: 'Slow' }, { mark: 'SIMULATED' });
    await run(createJiraIssue, { ...incident, purpose: 'real', text: 'Slow' });
    const texts = simulator.world.issues.map(({ fields }) => JSON.stringify(fields.description));
    expect(texts[0]).toContain('SIMULATED');
    expect(texts[1]).not.toContain('SIMULATED');
  });

  it('tells which field Jira did not like', async () => {
    const { run } = await startSite();
    expect(await failureOf(run(createJiraIssue, { ...incident, type: 'Incident' }))).toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message: 'Jira refused (400): issuetype: Specify a valid issue type',
    });
  });

  it.each([
    ['an incident id that would end the quotes', { incidentId: 'Q1" OR project = "HR' }],
    ['a purpose with a space', { purpose: 'a b' }],
    ['a label with a space', { labels: ['a b'] }],
    ['a project that is no key', { project: 'OPS" OR 1' }],
    ['a summary of nothing', { summary: ' \n\u0007 ' }],
  ])('is refused before any call for %s', (_, wrong) => {
    expect(createJiraIssue.input.safeParse({ ...incident, ...wrong }).success).toBe(false);
  });

  it('is guarded against a second one at the same time by its label', () => {
    const input = createJiraIssue.input.parse({ ...incident, purpose: 'diagnosis' });
    expect(createJiraIssue.targets?.(input)).toEqual(['jira:baton-Q1ABC-diagnosis']);
  });
});
