import { describe, expect, it } from 'vitest';
import { addJiraComment } from '../../../activities/jira/add-comment.ts';
import { addJiraLink } from '../../../activities/jira/add-link.ts';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { listJiraTransitions, transitionJiraIssue } from '../../../activities/jira/transition-issue.ts';
import { afterUnknownOutcome, failureOf } from '../run.ts';
import { calls, effects, startAnswering, startSite } from './site.ts';

const key = 'OPS-1';

async function startWithIssue() {
  const site = await startSite();
  await site.run(createJiraIssue, { incidentId: 'Q1ABC', summary: 'Checkout is slow' });
  site.simulator.calls.splice(0);
  site.simulator.ledger.splice(0);
  return site;
}

describe('a comment', () => {
  it('carries the key of its effect', async () => {
    const { simulator, run } = await startWithIssue();
    const { commentId, changed } = await run(addJiraComment, { key, text: 'Rebooted.' });
    expect(changed).toBe(true);
    expect(simulator.world.issues[0]?.comments).toMatchObject([
      { id: commentId, properties: [{ key: 'baton.key', value: 'run-1#5' }] },
    ]);
    expect(simulator.ledger).toMatchObject([{ effect: 'comment added', key: 'run-1#5' }]);
  });

  it('begins with the mark of an attempt in which something is simulated', async () => {
    const { simulator, run } = await startWithIssue();
    await run(addJiraComment, { key, text: 'Rebooted.' }, { mark: 'SIMULATED' });
    const text = JSON.stringify(simulator.world.issues[0]?.comments[0]?.body);
    expect(text.indexOf('SIMULATED')).toBeGreaterThan(0);
    expect(text.indexOf('SIMULATED')).toBeLessThan(text.indexOf('Rebooted.'));
  });

  it('is added once although its answer was lost, and again for another effect', async () => {
    const { simulator, run } = await startWithIssue();
    simulator.fail({ kind: 'cut-after', match: `POST /rest/api/3/issue/${key}/comment` });
    const comment = { key, text: 'Rebooted.' };
    expect(await failureOf(run(addJiraComment, comment))).toMatchObject({ type: 'ProviderUnavailable' });
    const again = await run(addJiraComment, comment, afterUnknownOutcome);
    expect(again).toEqual({ changed: false, commentId: simulator.world.issues[0]?.comments[0]?.id });
    expect(effects(simulator)).toEqual(['comment added']);
    await run(addJiraComment, comment, { key: 'run-1#6' });
    expect(effects(simulator)).toEqual(['comment added', 'comment added']);
  });

  it('is found behind many others', async () => {
    const { simulator, run } = await startWithIssue();
    const other = { body: {}, properties: [], created: '2026-11-21T08:00:00.000Z' };
    const comments = simulator.world.issues[0]?.comments;
    comments?.push(...Array.from({ length: 150 }, (_, index) => ({ ...other, id: `c${index}` })));
    const { commentId } = await run(addJiraComment, { key, text: 'Rebooted.' });
    simulator.calls.splice(0);
    expect(await run(addJiraComment, { key, text: 'Rebooted.' }, { number: 2 })).toEqual({
      changed: false,
      commentId,
    });
    expect(calls(simulator)).toEqual([`GET issue/${key}/comment`, `GET issue/${key}/comment`]);
  });
});

describe('the link to the incident', () => {
  const link = { key, incidentId: 'Q1ABC', url: 'https://acme.pagerduty.com/incidents/Q1ABC', title: '#7' };

  it('is one per incident, changed where it differs and else left alone', async () => {
    const { simulator, run } = await startWithIssue();
    const first = await run(addJiraLink, link);
    expect(first.changed).toBe(true);
    expect(await run(addJiraLink, link)).toEqual({ changed: false, linkId: first.linkId });
    expect(await run(addJiraLink, { ...link, title: '#7 slow' })).toEqual(first);
    expect(effects(simulator)).toEqual(['link added', 'link changed']);
    expect(simulator.world.issues[0]?.links).toMatchObject([
      { globalId: 'pagerduty:Q1ABC', object: { url: link.url, title: '#7 slow' } },
    ]);
  });

  it('is made once although its answer was lost', async () => {
    const { simulator, run } = await startWithIssue();
    simulator.fail({ kind: 'cut-after', match: 'POST ' });
    expect(await failureOf(run(addJiraLink, link))).toMatchObject({ type: 'ProviderUnavailable' });
    expect(await run(addJiraLink, link, afterUnknownOutcome)).toMatchObject({ changed: false });
    expect(effects(simulator)).toEqual(['link added']);
  });

  it('leads to web addresses only', () => {
    for (const url of ['javascript:alert(1)', 'file:///etc/passwd', 'x'])
      expect(addJiraLink.input.safeParse({ ...link, url }).success).toBe(false);
  });
});

describe('a transition', () => {
  it('is found by category, or by name in any case, and never by its id', async () => {
    const { simulator, run } = await startWithIssue();
    const ids = async () =>
      (await run(listJiraTransitions, { key })).transitions.map(({ id, to }) => `${to} ${id}`);
    expect(await ids()).toEqual(['In Progress 11', 'Done 21']);
    expect(await run(transitionJiraIssue, { key, to: 'in progress' })).toEqual({
      changed: true,
      from: 'To Do',
      to: 'In Progress',
    });
    expect(await ids()).toEqual(['To Do 11', 'Done 21']);
    expect(await run(transitionJiraIssue, { key, to: 'done' })).toMatchObject({ changed: true, to: 'Done' });
    expect(await run(transitionJiraIssue, { key, to: 'new' })).toMatchObject({ from: 'Done', to: 'To Do' });
    expect(effects(simulator)).toEqual(['issue moved', 'issue moved', 'issue moved']);
  });

  it('is none where the issue is there already', async () => {
    const { simulator, run } = await startWithIssue();
    expect(await run(transitionJiraIssue, { key, to: 'new' })).toEqual({
      changed: false,
      from: 'To Do',
      to: 'To Do',
    });
    expect(calls(simulator)).toEqual([`GET issue/${key}`]);
  });

  it('is made once although its answer was lost', async () => {
    const { simulator, run } = await startWithIssue();
    simulator.fail({ kind: 'cut-after', match: 'POST ' });
    expect(await failureOf(run(transitionJiraIssue, { key, to: 'done' }))).toMatchObject({
      type: 'ProviderUnavailable',
    });
    expect(await run(transitionJiraIssue, { key, to: 'done' }, afterUnknownOutcome)).toMatchObject({
      changed: false,
    });
    expect(effects(simulator)).toEqual(['issue moved']);
  });

  it('is tried once more after a conflict, and only once', async () => {
    const { simulator, run } = await startWithIssue();
    simulator.fail({ kind: 'status', status: 409, match: 'POST ' });
    expect(await run(transitionJiraIssue, { key, to: 'done' })).toMatchObject({ changed: true });
    simulator.fail({ kind: 'status', status: 409, match: 'POST ', times: 2 });
    expect(await failureOf(run(transitionJiraIssue, { key, to: 'new' }))).toMatchObject({
      type: 'Conflict',
      nonRetryable: true,
    });
    expect(effects(simulator)).toEqual(['issue moved']);
  });

  it('is done where a conflict comes of somebody else’s having moved it', async () => {
    const { simulator, run } = await startWithIssue();
    simulator.fail({ kind: 'status-after', status: 409, match: 'POST ' });
    expect(await run(transitionJiraIssue, { key, to: 'done' })).toEqual({
      changed: false,
      from: 'To Do',
      to: 'Done',
    });
  });

  it('that does not exist is a conflict which tells those that do', async () => {
    const { simulator, run } = await startWithIssue();
    const failure = await failureOf(run(transitionJiraIssue, { key, to: 'Shipped' }));
    expect(failure).toMatchObject({ type: 'Conflict' });
    expect(failure.message).toContain(
      'no transition leads from To Do to Shipped; possible: In Progress, Done',
    );
    expect(effects(simulator)).toEqual([]);
  });

  it('names the fields that its screen demands', async () => {
    const to = { name: 'Done', statusCategory: { key: 'done' } };
    const fields = { customfield_7: { required: true }, summary: { required: true, hasDefaultValue: true } };
    const run = await startAnswering(
      200,
      JSON.stringify({ id: '1', key, fields: {}, transitions: [{ id: '4', name: 'Close', to, fields }] }),
    );
    const { transitions } = await run(listJiraTransitions, { key });
    expect(transitions).toEqual([
      { id: '4', name: 'Close', to: 'Done', category: 'done', required: ['customfield_7'] },
    ]);
    const failure = await failureOf(run(transitionJiraIssue, { key, to: 'done' }));
    expect(failure.message).toContain('the transition to Done demands customfield_7');
  });
});
