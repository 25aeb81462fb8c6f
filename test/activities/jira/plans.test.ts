import { describe, expect, it } from 'vitest';
import type { AnyChange } from '../../../activities/activity.ts';
import { addJiraComment } from '../../../activities/jira/add-comment.ts';
import { addJiraLink } from '../../../activities/jira/add-link.ts';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { transitionJiraIssue } from '../../../activities/jira/transition-issue.ts';
import { updateJiraIssue } from '../../../activities/jira/update-issue.ts';
import { actBy, planOf } from '../plan.ts';
import { failureOf } from '../run.ts';
import { effects, startReplying, startSite } from './site.ts';

const key = 'OPS-1';
const connection = 'default';
const incidentId = 'Q2DEF';
const url = 'https://acme.pagerduty.com/incidents/Q2DEF';
const link = { key, incidentId, url, title: '#8' };
const issuePath = '/rest/api/3/issue';

/** A site with one issue, which has a link. */
async function startWithIssue() {
  const site = await startSite();
  await site.run(createJiraIssue, { incidentId: 'Q1ABC', summary: 'Checkout is slow' });
  await site.run(addJiraLink, link);
  site.simulator.calls.splice(0);
  site.simulator.ledger.splice(0);
  return site;
}

const changes: {
  activity: AnyChange;
  input: Record<string, unknown>;
  plan: Record<string, unknown>;
  effect: string;
}[] = [
  {
    activity: createJiraIssue,
    input: {
      incidentId,
      summary: 'Search is slow',
      text: 'p99',
      assignee: 'ada@example.com',
      priority: 'High',
    },
    plan: {
      summary: 'Creates a Task in OPS for the incident Q2DEF: Search is slow',
      calls: [
        `POST ${issuePath} project=OPS issuetype=Task summary="Search is slow" description=… ` +
          'labels=["baton-Q2DEF"] priority={"name":"High"} assignee={"id":"acc-ada"}',
      ],
      after: { project: 'OPS', type: 'Task', summary: 'Search is slow', labels: ['baton-Q2DEF'] },
      inverse: { none: 'no activity deletes an issue; transitionJiraIssue can close it' },
      output: { changed: true, created: true, key: 'OPS-0', leftOut: [] },
    },
    effect: 'issue created',
  },
  {
    activity: addJiraComment,
    input: { key, text: 'Rebooted.' },
    plan: {
      summary: 'Comments on OPS-1',
      calls: [`POST ${issuePath}/OPS-1/comment properties.baton.key=run-1#5`],
      after: { text: 'Rebooted.' },
      inverse: { none: 'no activity removes a comment' },
      output: { changed: true },
    },
    effect: 'comment added',
  },
  {
    activity: addJiraLink,
    input: { ...link, title: '#8 Search is slow' },
    plan: {
      summary: 'Links OPS-1 to the incident Q2DEF',
      calls: [
        `POST ${issuePath}/OPS-1/remotelink globalId=pagerduty:Q2DEF url=${url} title="#8 Search is slow"`,
      ],
      before: { url, title: '#8' },
      after: { url, title: '#8 Search is slow' },
      inverse: { activity: 'addJiraLink', input: { connection, ...link } },
      output: { changed: true },
    },
    effect: 'link changed',
  },
  {
    activity: updateJiraIssue,
    input: { key, summary: 'Checkout is down' },
    plan: {
      summary: 'Changes OPS-1: summary="Checkout is down"',
      calls: [`PUT ${issuePath}/OPS-1 summary="Checkout is down"`],
      before: { summary: 'Checkout is slow', labels: ['baton-Q1ABC'] },
      after: { summary: 'Checkout is down', labels: ['baton-Q1ABC'] },
      inverse: {
        activity: 'updateJiraIssue',
        input: { connection, key, summary: 'Checkout is slow' },
      },
      output: { changed: true },
    },
    effect: 'issue edited',
  },
  {
    activity: transitionJiraIssue,
    input: { key, to: 'done' },
    plan: {
      summary: 'Moves OPS-1 from To Do to Done',
      calls: [`POST ${issuePath}/OPS-1/transitions transition=21 (Done)`],
      before: { status: 'To Do' },
      after: { status: 'Done' },
      inverse: { activity: 'transitionJiraIssue', input: { connection, key, to: 'To Do' } },
      output: { changed: true, from: 'To Do', to: 'Done' },
    },
    effect: 'issue moved',
  },
];
const named = changes.map((each) => ({ name: each.activity.name, ...each }));

/** A search is a POST, too. */
const changing = ({ method, path }: { method: string; path: string }) =>
  method !== 'GET' && !path.startsWith('/rest/api/3/search/');

describe('a look in Jira', () => {
  it.each(named)('changes nothing, and tells what would be: $name', async ({ activity, input, plan }) => {
    const { run, simulator } = await startWithIssue();
    expect(await planOf(run, activity, input)).toMatchObject(plan);
    expect(simulator.calls.filter(changing)).toEqual([]);
    expect(effects(simulator)).toEqual([]);
  });

  it('knows no way back from what no activity removes', async () => {
    const { run } = await startWithIssue();
    expect(await planOf(run, addJiraLink, { ...link, incidentId: 'Q3GHI' })).toMatchObject({
      inverse: { none: 'no activity removes a link' },
    });
    const labels = { key, summary: 'Checkout is down', addLabels: ['checkout', 'baton-Q1ABC'] };
    expect(await planOf(run, updateJiraIssue, labels)).toMatchObject({
      calls: [`PUT ${issuePath}/OPS-1 summary="Checkout is down" labels.add=checkout`],
      after: { labels: ['baton-Q1ABC', 'checkout'] },
      inverse: { none: 'no activity removes labels' },
    });
  });

  it('tells with which resolution, and what is done where the workflow refuses', async () => {
    const { run, simulator } = await startWithIssue();
    const to = (name: string) => ({ name, statusCategory: { key: 'done' } });
    const resolution = {
      required: true,
      hasDefaultValue: false,
      allowedValues: [{ id: '1', name: 'Fixed' }],
    };
    simulator.world.transitions = [
      { id: '5', name: 'Close', to: to('Closed'), fields: {} },
      { id: '4', name: 'Finish', to: to('Done'), fields: { resolution } },
    ];
    expect(await planOf(run, transitionJiraIssue, { key, to: 'done' })).toMatchObject({
      calls: [
        `POST ${issuePath}/OPS-1/transitions transition=4 (Finish) resolution=Fixed`,
        `where that is refused: POST ${issuePath}/OPS-1/transitions transition=5 (Close)`,
      ],
      after: { status: 'Done', resolution: 'Fixed' },
    });
  });

  it.each(named.filter(({ input }) => 'key' in input))(
    'asks nothing about an issue that was not made, as the run is in plan mode: $name',
    async ({ activity, input }) => {
      const { run, simulator } = await startWithIssue();
      const { output } = await planOf(run, createJiraIssue, { incidentId: 'Q3GHI', summary: '' });
      simulator.calls.splice(0);
      const plan = await planOf(run, activity, { ...input, key: output.key });
      expect(plan.summary).toContain('OPS-0');
      expect(plan).not.toHaveProperty('before');
      expect(simulator.calls).toEqual([]);
      expect(await failureOf(actBy(run, activity, plan, { ...input, key: output.key }))).toMatchObject({
        type: 'ProviderRefused',
        details: [{ status: 404 }],
      });
    },
  );
});

describe('a plan for Jira that was stored', () => {
  it.each(named)(
    'is carried out by the one call that it tells: $name',
    async ({ activity, input, effect }) => {
      const { run, simulator } = await startWithIssue();
      const plan = await planOf(run, activity, input);
      simulator.calls.splice(0);
      expect(await actBy(run, activity, plan, input)).toMatchObject({ changed: true });
      expect(effects(simulator)).toEqual([effect]);
      expect(simulator.calls.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`)).toEqual(
        plan.calls.map((call) => call.split(' ').slice(0, 2).join(' ')),
      );
    },
  );

  it.each(named.filter(({ plan }) => 'activity' in (plan.inverse as object)))(
    'is taken back by its inverse: $name',
    async ({ activity, input }) => {
      const { run } = await startWithIssue();
      const plan = await planOf(run, activity, input);
      await actBy(run, activity, plan, input);
      if (!('activity' in plan.inverse)) throw new Error('no inverse');
      expect(plan.inverse.activity).toBe(activity.name);
      await actBy(run, activity, await planOf(run, activity, plan.inverse.input), plan.inverse.input);
      expect(await planOf(run, activity, input)).toMatchObject({ before: plan.before });
    },
  );

  it('creates the issue with the fields of the look, whatever was set since', async () => {
    const { run, simulator } = await startSite({ JIRA_FIELDS: '{"labels":["team-a"]}' });
    const issue = { incidentId, summary: 'Search is slow', assignee: 'nobody@example.com' };
    const plan = await planOf(run, createJiraIssue, issue);
    expect(await actBy(run, createJiraIssue, plan, { ...issue, summary: 'Another' })).toMatchObject({
      leftOut: ['assignee: Jira knows nobody by nobody@example.com'],
    });
    expect(simulator.world.issues[0]?.fields).toMatchObject({
      summary: 'Search is slow',
      labels: ['baton-Q2DEF', 'team-a'],
    });
  });
});

describe('a transition by a plan whose issue has moved on since', () => {
  /** An issue that somebody moves while the transition is asked for, which is then answered with `status`. */
  async function startMoved(to: { name: string; category: string }, status: number) {
    let now = { name: 'To Do', statusCategory: { key: 'new' } };
    let posts = 0;
    const transition = {
      id: '21',
      name: 'Done',
      to: { name: 'Done', statusCategory: { key: 'done' } },
      fields: {},
    };
    const run = await startReplying((call) => {
      if (call.startsWith('POST')) {
        posts += 1;
        now = { name: to.name, statusCategory: { key: to.category } };
        return { status, body: '{"errorMessages":["not valid for the current state of this issue"]}' };
      }
      const issue = { id: '1', key, fields: { status: now } };
      return {
        status: 200,
        body: JSON.stringify(call.includes('/transitions') ? { transitions: [transition] } : issue),
      };
    });
    const input = { key, to: 'done' };
    const plan = await planOf(run, transitionJiraIssue, input);
    return { act: () => actBy(run, transitionJiraIssue, plan, input), posts: () => posts };
  }

  it.each([400, 409])('is done where it is there by then (%i)', async (status) => {
    const { act } = await startMoved({ name: 'Closed', category: 'done' }, status);
    expect(await act()).toEqual({ changed: false, from: 'To Do', to: 'Closed' });
  });

  it.each([400, 409])('is refused where it is elsewhere by then (%i)', async (status) => {
    const { act, posts } = await startMoved({ name: 'Blocked', category: 'indeterminate' }, status);
    expect(await failureOf(act())).toMatchObject({
      type: 'Conflict',
      message: expect.stringContaining('OPS-1 was moved from To Do to Blocked, and is left there'),
    });
    expect(posts()).toBe(1);
  });

  it('asks once where its workflow refuses and it has not moved', async () => {
    const { act, posts } = await startMoved({ name: 'To Do', category: 'new' }, 400);
    expect(await failureOf(act())).toMatchObject({ type: 'ProviderRefused' });
    expect(posts()).toBe(1);
  });
});
