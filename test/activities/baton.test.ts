import { describe, expect, it } from 'vitest';
import type { Actor } from '../../activities/activity.ts';
import { answerBatonApproval } from '../../activities/baton/answer-approval.ts';
import { answerBatonQuestion } from '../../activities/baton/answer-question.ts';
import { listBatonRuns } from '../../activities/baton/list-runs.ts';
import { startBatonRun } from '../../activities/baton/start-run.ts';
import { stopBatonRun } from '../../activities/baton/stop-run.ts';
import { unparkBatonRun } from '../../activities/baton/unpark-run.ts';
import type { Performed } from '../../activities/baton.ts';
import type { ApprovalMessage } from '../../domain/approval.ts';
import { parkedAt } from '../store/question.ts';
import { runnerFor } from './run.ts';

const ada: Actor = { kind: 'person', name: 'Ada Lopez', email: 'ada@example.com' };

/** Baton as these activities ask it: what each operation answers, and what was asked. */
function batonThat(answers: Record<string, unknown>, approval?: { messages: ApprovalMessage[] }) {
  const asked: { operation: string; input: Record<string, unknown>; by: Actor; key: string }[] = [];
  const baton = {
    findApproval: async () => approval,
    findQuestion: async () => approval,
    async perform(
      operation: string,
      input: Record<string, unknown>,
      by: Actor,
      key: string,
    ): Promise<Performed> {
      asked.push({ operation, input, by, key });
      const output = answers[operation];
      return output === undefined ? { refusal: `${operation} is not for you.` } : { output };
    },
  };
  return { asked, run: runnerFor({}, { baton } as never) };
}

const workflows = {
  items: [
    {
      name: 'restart',
      input: {
        properties: {
          incidentId: { type: 'string' },
          times: { type: 'integer' },
          soft: { type: 'boolean' },
          how: { enum: ['slow', 'fast'] },
        },
        required: ['incidentId', 'times'],
      },
    },
    { name: 'byTriggersAlone' },
  ],
};
const start = { workflow: 'restart', reason: 'stuck', actor: ada };

describe('startBatonRun', () => {
  it('reads texts by the workflow’s schema, puts the incident in, and starts it in the person’s name under the step’s key', async () => {
    const { asked, run } = batonThat({
      'workflows.list': workflows,
      'runs.start': { run: { id: 'manual/1' }, isNew: true },
    });
    const input = { times: '3', soft: 'yes', how: 'fast' };
    expect(await run(startBatonRun, { ...start, input, subject: 'Q1' })).toEqual({
      changed: true,
      runId: 'manual/1',
    });
    expect(asked.at(-1)).toEqual({
      operation: 'runs.start',
      input: {
        workflow: 'restart',
        reason: 'stuck',
        input: { incidentId: 'Q1', times: 3, soft: true, how: 'fast' },
      },
      by: ada,
      key: 'run-1#5',
    });
  });

  it.each([
    [{ times: 'x' }, 'times must be a whole number'],
    [{ times: '1.5' }, 'times must be a whole number'],
    [{}, 'times is needed'],
    [{ times: '1', soft: 'maybe' }, 'soft must be yes or no'],
    [{ times: '1', how: 'well' }, 'how must be one of slow, fast'],
    [{ times: '1', other: '1' }, 'other is no input of it: incidentId, times, soft, how'],
  ])('says what is wrong with %j and starts nothing', async (input, refusal) => {
    const { asked, run } = batonThat({ 'workflows.list': workflows, 'runs.start': {} });
    expect(
      await run(startBatonRun, { ...start, input: { ...input } as Record<string, string>, subject: 'Q1' }),
    ).toEqual({ changed: false, refusal });
    expect(asked.map(({ operation }) => operation)).toEqual(['workflows.list']);
  });

  it('tells a refusal, and of a workflow that nobody can start', async () => {
    const { run } = batonThat({ 'workflows.list': workflows });
    const given = { ...start, input: { times: '1' }, subject: 'Q1' };
    expect(await run(startBatonRun, given)).toEqual({
      changed: false,
      refusal: 'runs.start is not for you.',
    });
    expect(await run(startBatonRun, { ...given, workflow: 'byTriggersAlone' })).toMatchObject({
      refusal: expect.stringContaining('There are: restart'),
    });
  });

  it('asks which incident is meant where none is known', async () => {
    const { run } = batonThat({ 'workflows.list': workflows, 'runs.start': {} });
    expect(await run(startBatonRun, { ...start, input: { times: '1' } })).toEqual({
      changed: false,
      refusal: expect.stringContaining('which one was not said'),
    });
  });

  it('is asked for by the run itself where no person asks', async () => {
    const { asked, run } = batonThat({
      'workflows.list': workflows,
      'runs.start': { run: { id: 'manual/1' }, isNew: true },
    });
    const given = { workflow: 'restart', reason: 'stuck', input: { incidentId: 'Q1', times: '1' } };
    expect(await run(startBatonRun, given)).toEqual({ changed: true, runId: 'manual/1' });
    expect(asked.map(({ by }) => by)).toEqual([undefined, undefined]);
  });
});

describe('stopBatonRun', () => {
  const stop = { runId: 'ec2-unhealthy/Q1', reason: 'wrong', actor: ada };

  it('stops a live run, and leaves one that has ended', async () => {
    const live = batonThat({
      'runs.show': { id: stop.runId, state: 'running', subject: 'Q1' },
      'runs.stop': { id: stop.runId },
    });
    expect(await live.run(stopBatonRun, stop)).toEqual({ changed: true, subject: 'Q1' });
    expect(live.asked.at(-1)).toMatchObject({
      operation: 'runs.stop',
      input: { id: stop.runId, reason: 'wrong' },
      by: ada,
    });
    const ended = batonThat({ 'runs.show': { id: stop.runId, state: 'cancelled' }, 'runs.stop': {} });
    expect(await ended.run(stopBatonRun, stop)).toEqual({
      changed: false,
      refusal: 'the run has ended: cancelled',
    });
    expect(ended.asked.map(({ operation }) => operation)).toEqual(['runs.show']);
  });

  it('tells the incident that the run was on', async () => {
    const { run } = batonThat({
      'runs.show': { id: stop.runId, state: 'running', subject: 'Q1' },
      'runs.stop': { id: stop.runId },
    });
    expect(await run(stopBatonRun, stop)).toEqual({ changed: true, subject: 'Q1' });
  });

  it('takes a run that an earlier attempt may have stopped for stopped', async () => {
    const { run } = batonThat({ 'runs.show': { id: stop.runId, state: 'cancelled' } });
    expect(await run(stopBatonRun, stop, { number: 2, uncertainSince: '2026-11-26T09:00:00Z' })).toEqual({
      changed: true,
    });
  });
});

describe('answerBatonApproval', () => {
  const message = { channelId: 'C1', ts: '1.000001' };

  it('answers by the operation of that name', async () => {
    const { asked, run } = batonThat({ 'approvals.approve': {} });
    expect(await run(answerBatonApproval, { approvalId: 'a', decision: 'approve', actor: ada })).toEqual({
      changed: true,
    });
    expect(asked).toMatchObject([{ operation: 'approvals.approve', input: { id: 'a' }, by: ada }]);
    const no = { approvalId: 'a', decision: 'refuse' as const, reason: 'no', actor: ada };
    expect(await run(answerBatonApproval, no)).toEqual({
      changed: false,
      refusal: 'approvals.refuse is not for you.',
    });
    expect(asked.at(-1)).toMatchObject({ input: { id: 'a', reason: 'no' } });
  });

  it('tells what it was about, on which incident, and how many are still missing', async () => {
    const said = { id: 'a', summary: 'Reboots i-1', subject: 'eu/Q1', missing: 1, state: 'pending' };
    const { run } = batonThat({ 'approvals.approve': said });
    expect(await run(answerBatonApproval, { approvalId: 'a', decision: 'approve', actor: ada })).toEqual({
      changed: true,
      summary: 'Reboots i-1',
      subject: 'eu/Q1',
      missing: 1,
    });
  });

  it.each([
    ['is not the one about it', { channelId: 'C1', ts: '2.000001' }],
    ['is in another channel', { channelId: 'C2', ts: message.ts }],
  ])('takes no button on a message that %s, and asks nothing', async (_, other) => {
    const { asked, run } = batonThat({ 'approvals.approve': {} }, { messages: [message] });
    const press = { approvalId: 'a', decision: 'approve' as const, actor: ada };
    expect(await run(answerBatonApproval, { ...press, message: other })).toMatchObject({
      changed: false,
      refusal: expect.stringContaining('does not stand on a message about that approval'),
    });
    expect(asked).toEqual([]);
    expect(await run(answerBatonApproval, { ...press, message })).toEqual({ changed: true });
    const unknown = batonThat({ 'approvals.approve': {} });
    expect(await unknown.run(answerBatonApproval, { ...press, message })).toMatchObject({ changed: false });
  });
});

describe('answerBatonQuestion', () => {
  const message = { channelId: 'C1', ts: '1.000001' };
  const press = { questionId: 'q', values: { choice: 'west' }, actor: ada };

  it('answers by the operation of that name, and tells what was asked and said', async () => {
    const told = { id: 'q', summary: 'Which region?', subject: 'eu/Q1', said: 'Ireland', state: 'answered' };
    const { asked, run } = batonThat({ 'questions.answer': told }, { messages: [message] });
    expect(await run(answerBatonQuestion, { ...press, message })).toEqual({
      changed: true,
      summary: 'Which region?',
      subject: 'eu/Q1',
      said: 'Ireland',
    });
    const input = { id: 'q', values: { choice: 'west' } };
    expect(asked).toMatchObject([{ operation: 'questions.answer', input, by: ada }]);
  });

  it('takes no button on another message, and asks nothing', async () => {
    const { asked, run } = batonThat({ 'questions.answer': {} }, { messages: [message] });
    const elsewhere = { channelId: 'C2', ts: message.ts };
    expect(await run(answerBatonQuestion, { ...press, message: elsewhere })).toMatchObject({
      changed: false,
      refusal: expect.stringContaining('does not stand on a message about that question'),
    });
    expect(asked).toEqual([]);
  });
});

describe('unparkBatonRun', () => {
  const message = { channelId: 'C1', ts: '1.000001' };
  const parked = { ...parkedAt(), messages: [message] };
  const press = { questionId: 'q', decision: 'skip' as const, reason: 'by hand', actor: ada, message };

  it('decides by the operation, about the run and the step of the message that was pressed', async () => {
    const told = { step: 'createJiraIssue', subject: 'Q1', said: 'Skip' };
    const { asked, run } = batonThat({ 'runs.unpark': told }, parked);
    expect(await run(unparkBatonRun, press)).toEqual({ changed: true, ...told });
    const input = { id: parked.runId, question: 'q', decision: 'skip', reason: 'by hand' };
    expect(asked).toMatchObject([{ operation: 'runs.unpark', input, by: ada }]);
  });

  it('takes no button on another message, or about what is no parked run', async () => {
    const words = expect.stringContaining('does not stand on a message about that question');
    const { asked, run } = batonThat({ 'runs.unpark': {} }, parked);
    const elsewhere = { ...press, message: { channelId: 'C2', ts: message.ts } };
    expect(await run(unparkBatonRun, elsewhere)).toMatchObject({ changed: false, refusal: words });
    expect(asked).toEqual([]);
    const other = batonThat({ 'runs.unpark': {} }, { messages: [message] });
    expect(await other.run(unparkBatonRun, press)).toMatchObject({ changed: false, refusal: words });
    expect(other.asked).toEqual([]);
  });
});

describe('listBatonRuns', () => {
  it('asks as the person, and says what they may not see', async () => {
    const item = { id: 'r', workflow: 'w', target: 't', createdAt: 'then', state: 'running' };
    const { asked, run } = batonThat({ 'runs.list': { items: [item] } });
    expect(await run(listBatonRuns, { subject: 'Q1', email: 'ada@example.com' })).toEqual({
      runs: [{ id: 'r', workflow: 'w', target: 't', createdAt: 'then' }],
      approvals: { unavailable: 'approvals.list is not for you.' },
      questions: { unavailable: 'questions.list is not for you.' },
    });
    expect(asked.every(({ by }) => by.email === 'ada@example.com')).toBe(true);
  });

  it('says what each does, where its workflow says so, and which are for people', async () => {
    const item = { id: 'r', target: 't', createdAt: 'then', state: 'running' };
    const { run } = batonThat({
      'runs.list': {
        items: [
          { ...item, workflow: 'w' },
          { ...item, workflow: 'v' },
        ],
      },
      'workflows.list': {
        items: [
          { name: 'w', summary: 'Restarts it', forPeople: false },
          { name: 'v', forPeople: true },
        ],
      },
    });
    const { runs } = await run(listBatonRuns, { subject: 'Q1', email: 'ada@example.com' });
    expect(runs).toMatchObject([
      { workflow: 'w', summary: 'Restarts it', forPeople: false },
      { workflow: 'v', forPeople: true },
    ]);
  });
});
