import { describe, expect, it } from 'vitest';
import { listJiraTransitions, transitionJiraIssue } from '../../../activities/jira/transition-issue.ts';
import { failureOf } from '../run.ts';
import { startReplying } from './site.ts';

const key = 'OPS-1';
type Json = Record<string, unknown>;

const way = (
  id: unknown,
  name: unknown,
  to: string,
  fields: unknown = {},
  category: unknown = { key: 'done' },
) => ({
  id,
  name,
  to: { name: to, statusCategory: category },
  fields,
});
const done = way('21', 'Done', 'Done');
const demanded = { required: true, hasDefaultValue: false };

/** An issue with these transitions. `refuses` are those that Jira does not make for a reason of the workflow's. */
async function startIssue(transitions: unknown, refuses: string[] = [], status: Json = { name: 'To Do' }) {
  const made: Json[] = [];
  const run = await startReplying((call, body) => {
    if (call.startsWith('POST')) {
      const { id } = (body as { transition: { id: string } }).transition;
      if (refuses.includes(id)) return { status: 400, body: '{"errorMessages":["A comment is required"]}' };
      made.push(body as Json);
      return { status: 204, body: '' };
    }
    const answer = call.includes('/transitions') ? { transitions } : { id: 1, key, fields: { status } };
    return { status: 200, body: JSON.stringify(answer) };
  });
  const move = (to: string) => run(transitionJiraIssue, { key, to });
  return { run, made, move };
}

describe('a transition to done', () => {
  it.each([
    ['the status', [way('1', 'Close', 'Rejected')]],
    ['the transition', [way('1', 'Reject', 'Closed')]],
    ['both, in other languages', [way('1', 'x', 'Storniert'), way('2', 'Rechazar', 'Cerrado')]],
    ['the status whose category cannot be read', [way('1', 'x', 'Cancelled', {}, null)]],
    ['the transition to a status called Done', [way('1', "Won't do", 'Done')]],
  ])('is never one that gives the work up, by %s', async (_, transitions) => {
    const { made, move } = await startIssue([...transitions, way('9', 'Start', 'Doing', {}, { key: 'new' })]);
    const { type, message } = await failureOf(move('done'));
    expect(type).toBe('Conflict');
    for (const { name, to } of transitions) expect(message).toContain(`${to.name} (by "${name}")`);
    expect(message).toContain('Doing');
    expect(message).toContain("by its status' name");
    expect(made).toEqual([]);
  });

  it('is possible to what gives the work up where that is asked for by name', async () => {
    for (const [wanted, transition] of [
      ['Rejected', way('1', 'Reject', 'Rejected')],
      ['won’t do', way('1', 'x', 'Won’t Do')],
      [' Closed', way('1', 'Reject', 'Closed')],
    ] as const) {
      const { made, move } = await startIssue([done, transition]);
      expect(await move(wanted)).toMatchObject({ changed: true, to: transition.to.name });
      expect(made).toMatchObject([{ transition: { id: '1' } }]);
    }
  });

  it.each([
    [
      'Closed by "Close" rather than by "Reject"',
      [way('1', 'Reject', 'Closed'), way('2', 'Close', 'Closed')],
      '2',
    ],
    ['Erledigt rather than Abgelehnt', [way('1', 'x', 'Abgelehnt'), way('2', 'y', 'Erledigt')], '2'],
    ['Fermé rather than Annulé', [way('1', 'x', 'Annulé'), way('2', 'y', 'Fermé')], '2'],
    ['the same status by what tells more', [way('1', 'Next', 'Closed'), way('2', 'Resolve', 'Closed')], '2'],
    ['a done status in a language that it does not know', [way('1', 'x', '完了')], '1'],
    [
      'what the name tells, without a category',
      [way('1', 'x', 'Doing', {}, {}), way('2', 'y', 'Fixed', {}, 7)],
      '2',
    ],
    ['what the name tells, without a category’s key', [way('1', 'x', 'Gelöst', {}, { id: 3 })], '1'],
    [
      'what the name tells, in Jira’s category for none',
      [way('1', 'x', 'Closed', {}, { key: 'undefined' })],
      '1',
    ],
  ])('takes %s', async (_, transitions, id) => {
    const { made, move } = await startIssue(transitions);
    expect(await move('done')).toMatchObject({ changed: true });
    expect(made).toMatchObject([{ transition: { id } }]);
  });

  it('is none by the name alone where the category tells another', async () => {
    for (const to of ['Fixed', 'Closed', 'Released']) {
      const { made, move } = await startIssue([way('1', 'x', to, {}, { key: 'indeterminate' })]);
      expect(await failureOf(move('done'))).toMatchObject({ type: 'Conflict' });
      expect(made).toEqual([]);
    }
  });

  it('is none where the issue is done, also without a category, and where somebody gave it up', async () => {
    for (const status of [
      { name: 'Erledigt' },
      { name: 'Closed', statusCategory: { id: 3 } },
      { name: 'Cancelled', statusCategory: { key: 'done' } },
    ]) {
      const { made, move } = await startIssue([done], [], status);
      expect(await move('done')).toMatchObject({ changed: false });
      expect(made).toEqual([]);
    }
  });

  it('goes another way where the workflow refuses the first, and tells the first refusal where it refuses all', async () => {
    const ways = [way('1', 'Close', 'Closed'), done];
    const one = await startIssue(ways, ['21']);
    expect(await one.move('done')).toMatchObject({ changed: true, to: 'Closed' });
    const none = await startIssue(ways, ['21', '1']);
    expect(await failureOf(none.move('done'))).toMatchObject({
      type: 'ProviderRefused',
      message: expect.stringContaining('A comment is required'),
    });
  });

  it('takes no way of several to a category that is not done for being done', async () => {
    const busy = { key: 'indeterminate' };
    const { made, move } = await startIssue([
      way('1', 'x', 'In Progress', {}, busy),
      way('2', 'y', 'Resolved', {}, busy),
    ]);
    await move('indeterminate');
    expect(made).toMatchObject([{ transition: { id: '1' } }]);
  });

  it('to what gives the work up has a resolution that tells the same', async () => {
    const names = (...all: string[]) => ({
      resolution: { ...demanded, allowedValues: [null, 'x', ...all.map((name) => ({ name }))] },
    });
    for (const [offered, resolution] of [
      [['Done', 'Duplicate', "Won't Do"], "Won't Do"],
      [['Done', 'Duplicate'], 'Duplicate'],
    ] as const) {
      const { made, move } = await startIssue([way('1', 'x', "Won't Do", names(...offered))]);
      await move("Won't Do");
      expect(made).toMatchObject([{ fields: { resolution: { name: resolution } } }]);
    }
  });

  it('says what next where there is none at all', async () => {
    const { move } = await startIssue([]);
    expect((await failureOf(move('done'))).message).toContain('TRANSITION_ISSUES');
  });
});

describe('one transition of another shape', () => {
  const odd = [
    null,
    7,
    'Done',
    [],
    {},
    { ...done, id: null },
    { ...done, id: {} },
    { ...done, to: undefined },
    { ...done, to: null },
    { ...done, to: 'Done' },
    { ...done, to: { name: 7 } },
    { ...done, to: [] },
    way('1', null, 'Rejected', [], { id: 3 }),
    way('1', 'Close', 'Closed', 'x'),
    way('1', 'Close', 'Closed', [{ key: 'customfield_1', required: true }]),
    way('1', 'Close', 'Closed', { customfield_1: null }),
    way('1', 'Close', 'Closed', { customfield_1: [] }),
    way('1', 'Close', 'Closed', { customfield_1: { required: 'true' } }),
    way('1', 'Close', 'Closed', { customfield_1: { required: 1, hasDefaultValue: 'false' } }),
  ];

  it('spoils no other', async () => {
    for (const each of odd) {
      const { run, made, move } = await startIssue([each, done]);
      expect((await run(listJiraTransitions, { key })).transitions.at(-1)).toMatchObject({
        id: '21',
        to: 'Done',
      });
      expect(await move('done'), JSON.stringify(each)).toMatchObject({ changed: true, to: 'Done' });
      expect(made).toMatchObject([{ transition: { id: '21' } }]);
    }
  });

  it('is never made where its screen may demand what is not there to give', async () => {
    for (const each of odd) {
      const { made, move } = await startIssue([each]);
      expect(await failureOf(move('done')), JSON.stringify(each)).toMatchObject({ type: 'Conflict' });
      expect(made).toEqual([]);
    }
  });

  it.each([
    ['a number for its id', way(21, 'Done', 'Done')],
    ['no name', way('21', null, 'Done')],
    ['no fields', way('21', 'Done', 'Done', null)],
    ['a list for no fields', way('21', 'Done', 'Done', [])],
    ['a field that is not demanded', way('21', 'Done', 'Done', { comment: { required: 'false' }, x: {} })],
    ['a default', way('21', 'Done', 'Done', { x: { required: 'true', hasDefaultValue: 'true' } })],
    ['a category without its key', way('21', 'Done', 'Done', {}, { id: 3, name: 'Done' })],
    ['a text for its category', way('21', 'Done', 'Done', {}, 'done')],
  ])('is made all the same with %s', async (_, transition) => {
    const { made, move } = await startIssue([transition]);
    expect(await move('done')).toEqual({ changed: true, from: 'To Do', to: 'Done' });
    expect(made).toEqual([{ transition: { id: '21' } }]);
  });

  it('demands a resolution by a field that cannot be read', async () => {
    const { made, move } = await startIssue([way('1', 'Close', 'Closed', { resolution: null })]);
    await move('done');
    expect(made).toEqual([{ transition: { id: '1' }, fields: { resolution: { name: 'Done' } } }]);
  });

  it('is told where the answer is something else altogether', async () => {
    for (const transitions of [undefined, null, 'none', {}]) {
      const { made, move } = await startIssue(transitions);
      await failureOf(move('done'));
      expect(made).toEqual([]);
    }
  });
});
