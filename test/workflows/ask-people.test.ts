import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, describe, expect, it } from 'vitest';
import type { AnswerForm } from '../../domain/question.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { fresh } from '../store/world.ts';
import { eventually } from '../world.ts';
import { tellRun } from './asking-runs.ts';
import { chooseRegion, describeImpact, type Given } from './fixture/asking-people.ts';
import { startQuestions } from './questions-world.ts';

const { temporal, stored, store, start, asksOf, asked, answer, lastsFor, saidOf, close } =
  await startQuestions();
afterAll(close);

const waiting = async ({ workflowId: subject }: WorkflowHandle) =>
  (await store.listEvents({ subject, limit: 50 })).filter(({ type }) => type === 'question.waiting');

describe('a run that asks people to choose', () => {
  it('waits for the answer, goes on with it, and knows who has given it, where and why', async () => {
    const run = await start(chooseRegion);
    const question = await asked(run);
    expect(question).toMatchObject({
      summary: 'Which region takes over?',
      form: { options: [{ value: 'west' }, { value: 'east' }] },
      approvers: {},
      runId: run.workflowId,
      workflow: 'chooseRegion',
    });
    await temporal.sleep('1 hour');
    await answer(run, question, { choice: 'west' });
    expect(await run.result()).toBe('west by Ben (api), reason it is quiet there');
  });

  it('finds an answer that nobody told it of, within the hour', async () => {
    const run = await start(chooseRegion);
    const { id } = await asked(run);
    await store.answerQuestion(id, { by: 'person:a@b.c', name: 'A', via: 'cli', values: { choice: 'east' } });
    expect(await run.result()).toBe('east by A (cli), reason none');
  });

  it('is told by the update too, once it has taken the answer up', async () => {
    const run = await start(chooseRegion);
    const { id } = await asked(run);
    await store.answerQuestion(id, { by: 'person:a@b.c', name: 'A', via: 'cli', values: { choice: 'east' } });
    expect(await run.executeUpdate<boolean, [string]>('approvalAnswered', { args: [id] })).toBe(true);
    expect(await run.result()).toBe('east by A (cli), reason none');
  });

  it('believes no event that the store does not confirm', async () => {
    const run = await start(chooseRegion);
    const { id: questionId } = await asked(run);
    await tellRun(run, 'question.answered', { questionId, state: 'answered' });
    expect(await run.result()).toBe('nobody chose');
  });

  it('goes on where nobody answers, and the question says so', async () => {
    const run = await start(chooseRegion);
    expect(await run.result()).toBe('nobody chose');
    expect(await asksOf(run.workflowId)).toMatchObject([
      { state: 'expired', closedBecause: 'nobody answered in time' },
    ]);
  });

  it('asks others then, for as long again, and takes their answer', async () => {
    const run = await start(chooseRegion, { onExpire: { ask: { role: 'admin' } } });
    await asked(run);
    await temporal.sleep('5 hours');
    const second = await asked(run, 2);
    expect(await asksOf(run.workflowId)).toMatchObject([
      {
        state: 'expired',
        closedBecause: 'nobody answered in time, so others are asked: whoever is admin in Baton, or higher',
      },
      { state: 'pending', approvers: { role: 'admin' } },
    ]);
    await answer(run, second, { choice: 'east' });
    expect(await run.result()).toContain('east by Ben');
  });

  it('asks the next ones for their own time, and pages where they do not answer either', async () => {
    const ask = { onCallOf: { service: 'PCHECKO', level: 2 } };
    const run = await start(chooseRegion, { onExpire: { ask, expiresIn: '30 minutes', then: 'page' } });
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'QuestionExpired' } });
    const [first, second] = await asksOf(run.workflowId);
    expect(first?.closedBecause).toContain('so others are asked: whoever is on call on level 2');
    expect(second).toMatchObject({
      approvers: ask,
      closedBecause: 'nobody answered in time, so the run fails, and somebody is paged',
    });
    expect(lastsFor(first)).toBe(4 * 3_600);
    expect(lastsFor(second)).toBe(1_800);
  });

  it('tells by an event, at half and at three quarters of the time, that it still waits', async () => {
    const run = await start(chooseRegion);
    const { id: questionId } = await asked(run);
    await temporal.sleep('110 minutes');
    expect(await waiting(run)).toEqual([]);
    await temporal.sleep('15 minutes');
    await eventually('the first event', async () => (await waiting(run)).length === 1);
    expect(await run.result()).toBe('nobody chose');
    const events = await waiting(run);
    expect(events.map(({ eventId }) => eventId).toSorted()).toEqual([
      `question.waiting/${questionId}/1`,
      `question.waiting/${questionId}/2`,
    ]);
  });

  it('fails where that is to page', async () => {
    const run = await start(chooseRegion, { onExpire: 'page' });
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'QuestionExpired', message: 'Nobody answered in time: Which region takes over?' },
    });
  });

  it('withdraws the question where it is cancelled', async () => {
    const run = await start(chooseRegion);
    const { id } = await asked(run);
    await run.cancel();
    await expect(run.result()).rejects.toThrow();
    expect(await store.findQuestion(id)).toMatchObject({
      state: 'withdrawn',
      closedBecause: 'the run was stopped',
    });
  });

  it('withdraws it where somebody has resolved the incident, and says who', async () => {
    const run = await start(chooseRegion, {}, { whenResolved: 'stop' });
    const { id } = await asked(run);
    const by = { kind: 'person', id: 'PADALOP', name: 'Ada Lopez' } as const;
    const event = { eventId: fresh('E'), type: 'pagerduty.incident.resolved', by, echo: false };
    await run.signal(laterEvents, [{ ...event, time: new Date().toISOString() }]);
    expect(await run.result()).toBe('resolved elsewhere');
    expect(await store.findQuestion(id)).toMatchObject({
      state: 'withdrawn',
      closedBecause: 'the incident was resolved by Ada Lopez',
    });
  });

  it('fails where the store has lost the question, and does not wait for ever', async () => {
    const run = await start(chooseRegion);
    const { id } = await asked(run);
    await stored.db.deleteFrom('questions').where('id', '=', id).execute();
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'QuestionLost' } });
  });
});

describe('a run that asks people to fill in a form', () => {
  it('gets what was filled in, each as its field says', async () => {
    const run = await start(describeImpact);
    const question = await asked(run);
    await answer(run, question, { seen: 'error 500', users: 41, isPublic: true });
    expect(await run.result()).toBe('error 500, 42, true');
  });

  it('goes on without what was not required', async () => {
    const run = await start(describeImpact);
    await answer(run, await asked(run), { seen: 'nothing', isPublic: false });
    expect(await run.result()).toBe('nothing, no number, false');
  });
});

describe('a run that only looks', () => {
  it('asks nobody, says what it would ask, and goes on with what it states itself', async () => {
    const choice = await start(chooseRegion, { assume: true }, { mode: 'plan' });
    expect(await choice.result()).toContain('east by nobody (the run only looks)');
    const form = await start(describeImpact, { assume: true }, { mode: 'plan' });
    expect(await form.result()).toBe('nothing, no number, false');
    expect(await asksOf(choice.workflowId)).toEqual([]);
    expect(await saidOf(choice)).toEqual([
      'Would ask: Which region takes over? The run goes on with {"choice":"east"}.',
    ]);
  });

  it.each(['plan', 'observe', 'propose'] as const)(
    'invents no answer where none is stated, in the mode %s',
    async (mode) => {
      const run = await start(chooseRegion, {}, { mode });
      expect(await run.result()).toBe('nobody chose');
      expect(await asksOf(run.workflowId)).toEqual([]);
      expect(await saidOf(run)).toEqual([
        'Would ask: Which region takes over? The run goes on as if nobody answered.',
      ]);
    },
  );
});

describe('a question that nobody could be asked, or answer', () => {
  const option = { value: 'west', label: 'Ireland' };
  const field = { name: 'seen', type: 'text', required: true } as const;
  it.each<[string, Given, string]>([
    ['is over before it begins', { expiresIn: 0 }, '`expiresIn` is from 1 second'],
    ['is to last for years', { expiresIn: '400 days' }, '`expiresIn` is from 1 second'],
    ['asks a level that there is not', { asked: { onCallOf: { service: 'P1', level: 0 } } }, 'has a level 0'],
    ['has no options', { form: { options: [] } }, 'there are 0 options'],
    ['has one option twice', { form: { options: [option, option] } }, 'is there twice'],
    ['has a value of two words', { form: { options: [{ ...option, value: 'the west' }] } }, 'no value'],
    ['has an option without a label', { form: { options: [{ ...option, label: ' ' }] } }, 'no fitting label'],
    [
      'has more options than Slack shows',
      { form: { options: Array.from({ length: 101 }, (_, at) => ({ ...option, value: `o${at}` })) } },
      'there are 101 options',
    ],
    ['has a value that is a secret', { form: { options: [{ ...option, value: 'hunter2' }] } }, 'no value'],
  ])('%s fails at once, and says what would be right', async (_, given, words) => {
    const run = await start(chooseRegion, given);
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'InvalidInput', message: expect.stringContaining(words) },
    });
    expect(await asksOf(run.workflowId)).toEqual([]);
  });

  it.each<[string, AnswerForm, string]>([
    ['has no fields', { fields: [] }, 'the form has 0 fields'],
    ['has one field twice', { fields: [field, field] }, 'is there twice'],
    ['has a field without a name', { fields: [{ ...field, name: '' }] }, 'no name of a field'],
    ['has a choice of nothing', { fields: [{ ...field, type: 'choice' }] }, 'no fitting choices'],
    ['takes more text than Slack does', { fields: [{ ...field, most: 4_000 }] }, 'cannot take 4000'],
  ])('%s fails at once, too', async (_, form, words) => {
    const run = await start(describeImpact, { form });
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'InvalidInput', message: expect.stringContaining(words) },
    });
  });
});
