import { describe, expect, it } from 'vitest';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { transitionJiraIssue } from '../../../activities/jira/transition-issue.ts';
import { jiraEnvironment, type SimulatedTransition } from '../../../simulator/jira.ts';
import { clientsFor } from '../../clients.ts';
import { afterUnknownOutcome, failureOf } from '../run.ts';
import { effects, startSite } from './site.ts';

const incident = { incidentId: 'Q1ABC', summary: 'Checkout is slow' };
const full = { ...incident, text: 'Slow', assignee: 'acc-ada', labels: ['shop'], priority: 'High' };

describe('the issue of a project that is configured otherwise', () => {
  it.each([
    ['assignee', "User 'acc-ada' cannot be assigned issues."],
    ['assignee', "Field 'assignee' cannot be set. It is not on the appropriate screen, or unknown."],
    ['labels', "Field 'labels' cannot be set. It is not on the appropriate screen, or unknown."],
    ['priority', "Field 'priority' cannot be set. It is not on the appropriate screen, or unknown."],
    ['description', "Field 'description' cannot be set. It is not on the appropriate screen, or unknown."],
  ])('is made without the %s that is refused, and says so', async (field, reason) => {
    const { simulator, run } = await startSite();
    simulator.world.refusedFields = { [field]: reason };
    const issue = await run(createJiraIssue, full);
    expect(issue).toMatchObject({ created: true, leftOut: [`${field}: ${reason}`] });
    expect(simulator.world.issues).toHaveLength(1);
    expect(simulator.world.issues[0]?.fields.summary).toBe('Checkout is slow');
  });

  it('is made although several fields are refused at once, and the type too', async () => {
    const { simulator, run } = await startSite();
    simulator.world.refusedFields = { labels: 'not on the screen', priority: 'not on the screen' };
    simulator.world.projects = [{ key: 'OPS', name: 'Operations', types: ['Incident', 'Story'] }];
    const issue = await run(createJiraIssue, full);
    expect(issue.leftOut).toEqual([
      'labels: not on the screen',
      'priority: not on the screen',
      'type Task: the project has Incident, Story; taken: Incident (JIRA_ISSUE_TYPE sets it)',
    ]);
    expect(simulator.world.issues[0]?.fields.issuetype).toEqual({ name: 'Incident' });
  });

  it.each([403, 404, 400])('is made although people cannot be looked up (%s)', async (status) => {
    const { simulator, run } = await startSite();
    simulator.fail({ kind: 'status', status, match: 'GET /rest/api/3/user/search' });
    const issue = await run(createJiraIssue, { ...incident, assignee: 'ada@example.com' });
    expect(issue.leftOut).toEqual([expect.stringMatching(/^assignee: Jira refused/)]);
    expect(effects(simulator)).toEqual(['issue created']);
  });

  it('has the type and the fields of the settings, beside its own label', async () => {
    const { simulator, run } = await startSite({
      JIRA_ISSUE_TYPE: 'Bug',
      JIRA_FIELDS: '{"customfield_10042":{"value":"High"},"labels":["on-call"]}',
    });
    simulator.world.demandedFields = { customfield_10042: 'Severity is required.' };
    await run(createJiraIssue, incident);
    expect(simulator.world.issues[0]?.fields).toMatchObject({
      issuetype: { name: 'Bug' },
      labels: ['baton-Q1ABC', 'on-call'],
    });
  });

  it('is refused where the project demands a field, and the setting is named', async () => {
    const { simulator, run } = await startSite();
    simulator.world.demandedFields = { customfield_10042: 'Severity is required.' };
    const failure = await failureOf(run(createJiraIssue, incident));
    expect(failure).toMatchObject({ type: 'ProviderRefused', nonRetryable: true });
    expect(failure.message).toContain('customfield_10042: Severity is required.');
    expect(failure.message).toContain('JIRA_FIELDS');
  });

  it('is found again after a lost answer although the screen has no labels', async () => {
    const { simulator, run } = await startSite();
    simulator.world.refusedFields = { labels: 'not on the screen' };
    await run(createJiraIssue, incident);
    expect(await run(createJiraIssue, incident, afterUnknownOutcome)).toMatchObject({
      created: false,
      key: 'OPS-1',
    });
    expect(effects(simulator)).toEqual(['issue created']);
  });

  it.each(['{', '[1]', '"High"'])('needs JIRA_FIELDS to be a JSON object: %s', async (fields) => {
    const { jira } = clientsFor({ ...jiraEnvironment('http://127.0.0.1:1'), JIRA_FIELDS: fields });
    expect(await failureOf(jira('default'))).toMatchObject({
      type: 'NotConnected',
      message: expect.stringContaining('JIRA_FIELDS'),
    });
  });
});

const way = (id: string, name: string, to: string, fields: SimulatedTransition['fields'] = {}) => ({
  id,
  name,
  to: { name: to, statusCategory: { key: 'done' } },
  fields,
});
const demanded = { required: true, hasDefaultValue: false };
const resolutions = (...names: string[]) => ({
  resolution: { ...demanded, allowedValues: names.map((name, index) => ({ id: String(index + 1), name })) },
});

describe('a transition to done', () => {
  it.each([
    ['Done rather than Won’t Do', [way('11', "Won't do", "Won't Do"), way('21', 'Done', 'Done')], 'Done'],
    [
      'Resolved rather than Canceled',
      [way('2', 'Cancel request', 'Canceled'), way('5', 'Resolve this issue', 'Resolved')],
      'Resolved',
    ],
    [
      'Done rather than Rejected, which demands a field',
      [way('11', 'Reject', 'Rejected', { customfield_1: demanded }), way('21', 'Done', 'Done')],
      'Done',
    ],
    [
      'Closed rather than a Done that demands a field',
      [way('1', 'Done', 'Done', { customfield_1: demanded }), way('2', 'Close', 'Closed')],
      'Closed',
    ],
    ['Closed rather than Declined', [way('1', 'Decline', 'Declined'), way('2', 'Close', 'Closed')], 'Closed'],
    [
      'Completed rather than Duplicate',
      [way('1', 'D', 'Duplicate'), way('2', 'C', 'Completed')],
      'Completed',
    ],
    ['Shipped rather than Not Done', [way('1', 'N', 'Not Done'), way('2', 'S', 'Shipped')], 'Shipped'],
    [
      'what has a default for its field',
      [way('1', 'Done', 'Done', { customfield_1: { required: true, hasDefaultValue: true } })],
      'Done',
    ],
  ])('takes %s', async (_, transitions, to) => {
    const { simulator, run } = await startSite();
    await run(createJiraIssue, incident);
    simulator.world.transitions = transitions;
    expect(await run(transitionJiraIssue, { key: 'OPS-1', to: 'done' })).toMatchObject({ changed: true, to });
    expect(simulator.world.issues[0]?.status).toBe(to);
  });

  it.each([
    [['Fixed', 'Duplicate'], 'Fixed'],
    [['Duplicate', "Won't Fix", 'Done'], 'Done'],
    [['Cannot Reproduce', 'Incomplete', 'Resolved'], 'Resolved'],
    [['Abgelehnt', 'Erledigt'], 'Erledigt'],
    [['Lehnen wir ab', 'Klar'], 'Lehnen wir ab'],
  ])('gives the resolution that its screen demands, of %j: %s', async (names, resolution) => {
    const { simulator, run } = await startSite();
    await run(createJiraIssue, incident);
    simulator.world.transitions = [way('11', 'Close', 'Closed', resolutions(...names))];
    await run(transitionJiraIssue, { key: 'OPS-1', to: 'done' });
    expect(simulator.world.issues[0]?.fields.resolution).toEqual({ name: resolution });
  });

  it('gives no resolution where the screen has no field for it', async () => {
    const { simulator, run } = await startSite();
    await run(createJiraIssue, incident);
    simulator.world.transitions = [way('21', 'Done', 'Done')];
    await run(transitionJiraIssue, { key: 'OPS-1', to: 'done', resolution: 'Fixed' });
    expect(simulator.world.issues[0]?.fields.resolution).toBeUndefined();
  });
});
