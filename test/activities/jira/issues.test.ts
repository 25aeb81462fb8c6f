import { describe, expect, it } from 'vitest';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { findJiraUser } from '../../../activities/jira/find-user.ts';
import { quoteJql } from '../../../activities/jira/input.ts';
import { readJiraIssue, searchJiraIssues } from '../../../activities/jira/read-issue.ts';
import { readJiraProject } from '../../../activities/jira/read-project.ts';
import { updateJiraIssue } from '../../../activities/jira/update-issue.ts';
import { failureOf } from '../run.ts';
import { calls, effects, startAnswering, startSite } from './site.ts';

const incident = { incidentId: 'Q1ABC', summary: 'Checkout is slow' };

async function startWithIssue() {
  const site = await startSite();
  await site.run(createJiraIssue, { ...incident, assignee: 'acc-ada' });
  site.simulator.calls.splice(0);
  site.simulator.ledger.splice(0);
  return site;
}

describe('reading issues', () => {
  it('tells status, category, labels and assignee', async () => {
    const { simulator, run } = await startWithIssue();
    expect(await run(readJiraIssue, { key: 'OPS-1' })).toEqual({
      id: simulator.world.issues[0]?.id,
      key: 'OPS-1',
      url: `${simulator.url}/browse/OPS-1`,
      summary: 'Checkout is slow',
      status: 'To Do',
      category: 'new',
      labels: ['baton-Q1ABC'],
      assignee: 'acc-ada',
    });
  });

  it('says when there is none', async () => {
    const { run } = await startSite();
    expect(await failureOf(run(readJiraIssue, { key: 'OPS-9' }))).toMatchObject({
      type: 'ProviderRefused',
      details: [{ status: 404, effect: 'none' }],
    });
  });

  it('leaves out what it cannot read', async () => {
    for (const odd of [null, 7, [], [null], {}, { name: 7 }]) {
      const fields = { summary: odd, status: odd, labels: odd, assignee: odd };
      for (const issue of [
        { fields },
        { fields: odd },
        { fields: { ...fields, status: { name: 'Done', statusCategory: odd } } },
      ]) {
        const run = await startAnswering(200, JSON.stringify({ id: 10001, key: 'OPS-1', ...issue }));
        const read = await run(readJiraIssue, { key: 'OPS-1' });
        expect(read).toMatchObject({ id: '10001', key: 'OPS-1', category: '', labels: [] });
      }
    }
  });

  it('refuses what is no key before any call', () => {
    for (const key of ['ops-1', 'OPS-1/comment', '../OPS-1', 'OPS-1?x'])
      expect(readJiraIssue.input.safeParse({ key }).success).toBe(false);
  });

  it('searches over pages, up to the limit', async () => {
    const { simulator, run } = await startWithIssue();
    const [first] = simulator.world.issues;
    if (!first) throw new Error('there is an issue');
    for (let number = 2; number <= 130; number += 1)
      simulator.world.issues.push({ ...structuredClone(first), id: `${number}`, key: `OPS-${number}` });
    const jql = `project = ${quoteJql('OPS')}`;
    const { issues } = await run(searchJiraIssues, { jql, max: 120 });
    expect(issues).toHaveLength(120);
    expect(new Set(issues.map(({ key }) => key)).size).toBe(120);
    expect(calls(simulator)).toEqual(['POST search/jql', 'POST search/jql']);
    expect((await run(searchJiraIssues, { jql, max: 500 })).issues).toHaveLength(130);
  });

  it('quotes values so that they stay values', async () => {
    const { run } = await startWithIssue();
    const found = async (label: string) =>
      (await run(searchJiraIssues, { jql: `labels = ${quoteJql(label)}` })).issues.length;
    expect(await found('baton-Q1ABC')).toBe(1);
    expect(await found('x" OR labels = "baton-Q1ABC')).toBe(0);
    expect(await found('x\\')).toBe(0);
  });

  it('lists the types that a project takes, the default project where none is named', async () => {
    const { run } = await startSite();
    expect(await run(readJiraProject, {})).toEqual({
      key: 'OPS',
      types: [
        { id: '10001', name: 'Task' },
        { id: '10002', name: 'Bug' },
      ],
    });
    expect(await failureOf(run(readJiraProject, { project: 'NONE' }))).toMatchObject({
      type: 'ProviderRefused',
    });
  });
});

describe('finding a person', () => {
  it('goes by the whole address, case ignored', async () => {
    const { run } = await startSite();
    expect(await run(findJiraUser, { email: 'Ben@Example.com' })).toEqual({ accountId: 'acc-ben' });
    expect(await run(findJiraUser, { email: 'en@example.com' })).toEqual({ accountId: null });
    expect(await run(findJiraUser, { email: 'nobody@example.com' })).toEqual({ accountId: null });
  });

  it('believes the only match where its address is hidden, and leaves out apps and leavers', async () => {
    const { simulator, run } = await startSite();
    const hidden = { accountId: 'acc-hid', displayName: 'cy@example.com', active: true };
    simulator.world.people.push({ ...hidden, accountType: 'atlassian' });
    const search = () => run(findJiraUser, { email: 'cy@example.com' });
    expect(await search()).toEqual({ accountId: 'acc-hid' });
    simulator.world.people.push({ ...hidden, accountId: 'acc-app', accountType: 'app' });
    expect(await search()).toEqual({ accountId: 'acc-hid' });
    simulator.world.people.push({ ...hidden, accountId: 'acc-two', accountType: 'atlassian' });
    expect(await search()).toEqual({ accountId: null });
    simulator.world.people.splice(2, 3, { ...hidden, active: false, accountType: 'atlassian' });
    expect(await search()).toEqual({ accountId: null });
  });
});

describe('people of another shape', () => {
  const found = async (people: unknown) =>
    (await startAnswering(200, JSON.stringify(people)))(findJiraUser, { email: 'cy@example.com' });

  it('spoil no other, and leave none to be believed for being alone', async () => {
    const hidden = { accountId: 'acc-hid', active: true };
    const cy = { accountId: 'acc-cy', emailAddress: 'cy@example.com' };
    expect(await found([hidden])).toEqual({ accountId: 'acc-hid' });
    for (const odd of [null, 7, {}, { accountId: null }, { ...hidden, active: 'false' }]) {
      expect(await found([odd, cy])).toEqual({ accountId: 'acc-cy' });
      expect(await found([odd, hidden])).toEqual({ accountId: null });
    }
    for (const odd of [null, 'none', {}, 7]) expect(await found(odd)).toEqual({ accountId: null });
  });
});

describe('updating an issue', () => {
  it('sets the summary and adds labels, once', async () => {
    const { simulator, run } = await startWithIssue();
    const update = { key: 'OPS-1', summary: 'Checkout\nis down', addLabels: ['baton-Q1ABC', 'sev1'] };
    expect(await run(updateJiraIssue, update)).toEqual({ changed: true });
    expect(await run(updateJiraIssue, update)).toEqual({ changed: false });
    expect(simulator.world.issues[0]?.fields).toMatchObject({
      summary: 'Checkout is down',
      labels: ['baton-Q1ABC', 'sev1'],
    });
    expect(effects(simulator)).toEqual(['issue edited']);
    expect(calls(simulator)).toEqual(['GET issue/OPS-1', 'PUT issue/OPS-1', 'GET issue/OPS-1']);
  });

  it('has one effect although the answer was lost', async () => {
    const { simulator, run } = await startWithIssue();
    simulator.fail({ kind: 'cut-after', match: 'PUT ' });
    const update = { key: 'OPS-1', addLabels: ['sev1'] };
    expect(await failureOf(run(updateJiraIssue, update))).toMatchObject({ type: 'ProviderUnavailable' });
    expect(await run(updateJiraIssue, update, { number: 2 })).toEqual({ changed: false });
    expect(effects(simulator)).toEqual(['issue edited']);
  });
});
