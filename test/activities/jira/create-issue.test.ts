import { describe, expect, it } from 'vitest';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { afterUnknownOutcome, failureOf } from '../run.ts';
import { calls, effects, startSite } from './site.ts';

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

  it('is the one that another run made, although the search does not know it yet', async () => {
    const { simulator, run } = await startSite();
    simulator.world.searchLagMilliseconds = Infinity;
    const made = await run(createJiraIssue, incident);
    const again = await run(createJiraIssue, incident, { key: 'run-2/createJiraIssue/1', made });
    expect(again).toEqual({ ...made, changed: false, created: false });
    expect(effects(simulator)).toEqual(['issue created']);
  });

  it('is made anew where somebody has deleted the one that was made', async () => {
    const { simulator, run } = await startSite();
    const made = await run(createJiraIssue, incident);
    simulator.world.issues.splice(0);
    expect(await run(createJiraIssue, incident, { made })).toMatchObject({ created: true });
    expect(effects(simulator)).toEqual(['issue created', 'issue created']);
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

  it('is made once although the search lags for a minute behind a lost answer', async () => {
    const { simulator, run } = await startSite({ BATON_SIMULATED_TIME_SCALE: '1' });
    simulator.world.searchLagMilliseconds = Infinity;
    simulator.fail({ kind: 'cut-after', match: 'POST /rest/api/3/issue ' });
    await failureOf(run(createJiraIssue, incident));
    const uncertainSince = (secondsAgo: number) => ({
      number: 2,
      uncertainSince: new Date(Date.now() - secondsAgo * 1000).toISOString(),
    });
    for (const secondsAgo of [1, 30, 55])
      expect(await failureOf(run(createJiraIssue, incident, uncertainSince(secondsAgo)))).toMatchObject({
        type: 'ProviderUnavailable',
        nonRetryable: false,
        nextRetryDelay: secondsAgo === 55 ? expect.any(Number) : 10_000,
        details: [{ effect: 'none' }],
      });
    simulator.world.searchLagMilliseconds = 0;
    expect(await run(createJiraIssue, incident, uncertainSince(58))).toMatchObject({
      created: false,
      key: 'OPS-1',
    });
    expect(effects(simulator)).toEqual(['issue created']);
  });

  it('is created at last where the earlier attempt had not made it', async () => {
    const { simulator, run } = await startSite({ BATON_SIMULATED_TIME_SCALE: '1' });
    expect(await run(createJiraIssue, incident, afterUnknownOutcome)).toMatchObject({ created: true });
    expect(effects(simulator)).toEqual(['issue created']);
  });

  it('is not waited for where no earlier attempt can have made it', async () => {
    const { simulator, run } = await startSite({ BATON_SIMULATED_TIME_SCALE: '1' });
    await run(createJiraIssue, incident, { number: 2 });
    expect(calls(simulator)).toEqual(['POST search/jql', 'POST issue']);
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

  it('is named for its incident where the title says nothing', async () => {
    const { simulator, run } = await startSite();
    for (const summary of ['', ' \t ', ' \n\u0007 '])
      await run(createJiraIssue, { ...incident, purpose: `s${summary.length}`, summary });
    expect(simulator.world.issues.map(({ fields }) => fields.summary)).toEqual(
      Array.from({ length: 3 }, () => 'Incident Q1ABC'),
    );
  });

  it.each([
    ['an incident id that would end the quotes', { incidentId: 'Q1" OR project = "HR' }],
    ['a purpose with a space', { purpose: 'a b' }],
    ['a label with a space', { labels: ['a b'] }],
    ['a project that is no key', { project: 'OPS" OR 1' }],
  ])('is refused before any call for %s', (_, wrong) => {
    expect(createJiraIssue.input.safeParse({ ...incident, ...wrong }).success).toBe(false);
  });

  it('is guarded against a second one at the same time by its label', () => {
    const input = createJiraIssue.input.parse({ ...incident, purpose: 'diagnosis' });
    expect(createJiraIssue.targets?.(input)).toEqual(['jira:baton-Q1ABC-diagnosis']);
  });
});
