import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ParkedStep } from '../../domain/park.ts';
import type { Question, QuestionRequest } from '../../domain/question.ts';
import { liveRun } from '../store/approval.ts';
import { impact, parkedAt, question } from '../store/question.ts';
import { delivery, embeddedWorld, fresh, intent } from '../store/world.ts';
import { doors, openApprovals, type Somebody } from './approvals-world.ts';

const world = await embeddedWorld();
const store = world.newStore();
let around: Awaited<ReturnType<typeof openApprovals>>;
beforeAll(async () => {
  around = await openApprovals(store);
});
afterAll(async () => {
  await around.close();
  await world.close();
});

const ada: Somebody = { email: 'ada@example.com', role: 'responder' };
const stranger: Somebody = { email: 'nobody@example.com', role: 'admin' };
const ci: Somebody = { token: 'ci', role: 'responder' };

interface Case {
  name: string;
  who: Somebody;
  asks?: Partial<QuestionRequest>;
  before?(question: Question): Promise<unknown>;
  input?: object;
  /** What whoever is refused is told; left out: the answer is taken. */
  refused?: RegExp;
  status?: number;
  doors?: (typeof doors)[number][];
}

async function resolve({ subject = '' }: Question) {
  const type = 'pagerduty.incident.resolved';
  const agent = { kind: 'person', id: 'PBOB', name: 'Bob Ito' };
  const { seq } = await store.receive(
    delivery({ subject, type, event: { id: fresh('e-'), type, agent, data: {} } }),
  );
  const incident = { id: subject, status: 'resolved', seenAt: '2026-03-01T11:00:00.000Z' };
  await store.decide({ seq, incident, runs: [], entries: [] });
}

const west = { choice: 'eu-west-1' };
const cases: Case[] = [
  { name: 'whoever has the right, where there is no list', who: ada },
  { name: 'a token with the right, where there is no list', who: ci, doors: ['api', 'cli'] },
  { name: 'who is on call', who: ada, asks: { approvers: { onCallOf: 'PCHECKO' } } },
  { name: 'a member of the Slack group', who: ada, asks: { approvers: { userGroup: 'S0ONCALL' } } },
  { name: 'who has asked for the run', who: ada, asks: { requestedBy: ['person:ada@example.com'] } },
  {
    name: 'a form, each field as it says',
    who: ada,
    asks: { form: impact },
    input: { values: { seen: 'error 500', isPublic: true } },
  },
  {
    name: 'a viewer',
    who: { ...ada, role: 'viewer' },
    refused: /questions\.answer needs responder, approver, operator,? or admin; you are viewer/,
    status: 403,
  },
  {
    name: 'an admin whom nobody asks',
    who: stranger,
    asks: { approvers: { onCallOf: 'PCHECKO' } },
    refused: /^You \(nobody@example\.com\) are not among those who are asked: whoever is on call/,
    status: 403,
  },
  {
    name: 'a program, where people are asked',
    who: ci,
    asks: { approvers: { onCallOf: 'PCHECKO' } },
    refused: /^Only people can be on these lists/,
    status: 403,
    doors: ['api', 'cli'],
  },
  {
    name: 'a token for another workflow',
    who: { ...ci, scope: { workflows: ['other'] } },
    refused: /^There is no question/,
    status: 404,
    doors: ['api', 'cli'],
  },
  {
    name: 'an option that there is not',
    who: ada,
    input: { values: { choice: 'us-east-1' } },
    refused: /^Nothing was answered: choice must be one of eu-west-1, eu-central-1\.$/,
    status: 400,
  },
  {
    name: 'a form that lacks something',
    who: ada,
    asks: { form: impact },
    input: { values: { isPublic: 'perhaps' } },
    refused: /^Nothing was answered: seen is needed; isPublic must be yes or no\.$/,
    status: 400,
  },
  {
    name: 'a second answer',
    who: ada,
    before: ({ id }) =>
      store.answerQuestion(id, { by: 'person:cleo', name: 'Cleo', via: 'slack', values: west, reason: 'so' }),
    refused: /^It was answered by Cleo at 2\S+Z, by slack: Ireland\. Nothing was done\.$/,
    status: 409,
  },
  {
    name: 'an answer after the question was withdrawn',
    who: ada,
    before: ({ id }) => store.closeQuestion(id, 'withdrawn', 'the run was stopped'),
    refused: /^It was withdrawn at 2\S+Z: the run was stopped\.$/,
    status: 409,
  },
  {
    name: 'an answer for a resolved incident',
    who: ada,
    before: resolve,
    refused: /^The incident was resolved by Bob Ito, so nothing is done\.$/,
    status: 409,
  },
];

describe('the matrix of questions', () => {
  it.each(cases)('$name', async ({ who, asks = {}, before, input = { values: west }, ...wanted }) => {
    for (const door of wanted.doors ?? doors) {
      const asked = await store.askQuestion(question({ ...(await liveRun(store)), ...asks }));
      await before?.(asked);
      const outcome = await around.answer(door, who, 'answer', asked.id, input);
      const { refused, status } = wanted;
      if (!refused) {
        expect([door, outcome]).toEqual([door, { taken: expect.objectContaining({ state: 'answered' }) }]);
        expect(await store.findQuestion(asked.id)).toMatchObject({
          state: 'answered',
          answers: [{ by: who.email ? `person:${who.email}` : 'token:ci', via: door, ...input }],
        });
        continue;
      }
      expect([door, outcome]).toEqual([
        door,
        expect.objectContaining({ refused: expect.stringMatching(refused) }),
      ]);
      if ('status' in outcome && outcome.status !== undefined)
        expect([door, outcome.status]).toEqual([door, status]);
      const after = await store.findQuestion(asked.id);
      expect(after?.answers.filter(({ by }) => by !== 'person:cleo')).toEqual([]);
    }
  });

  it('tells a parked run from a question: it is not decided by the right to answer questions', async () => {
    const asked = await store.askQuestion(parkedAt(await liveRun(store)));
    for (const door of doors)
      expect(
        await around.answer(door, ada, 'answer', asked.id, { values: { choice: 'retry' } }),
      ).toMatchObject({
        refused: expect.stringContaining(`as in baton runs unpark ${asked.runId}`),
      });
    expect(await store.findQuestion(asked.id)).toMatchObject({ state: 'pending' });
  });

  it('tells an approval from a question: neither is answered as the other', async () => {
    const asked = await store.askQuestion(question(await liveRun(store)));
    expect(await around.answer('api', { ...ada, role: 'admin' }, 'approve', asked.id)).toMatchObject({
      refused: expect.stringContaining('There is no approval'),
      status: 404,
    });
  });
});

const olga: Somebody = { email: 'olga@example.com', role: 'operator' };
const skip = { decision: 'skip', reason: 'it is made by hand' };
const decisions: (Case & { step?: Partial<ParkedStep> })[] = [
  { name: 'to retry, by an operator', who: olga, input: { decision: 'retry' } },
  { name: 'to skip, with a reason', who: olga, input: skip },
  { name: 'to abort, with a reason', who: olga, input: { decision: 'abort', reason: 'it is too late' } },
  { name: 'of a token of an operator', who: { ...ci, role: 'operator' }, input: skip, doors: ['api', 'cli'] },
  {
    name: 'to retry with another input, of which a field is taken away',
    who: olga,
    input: { decision: 'retry', input: { summary: 'It is slow', text: null } },
  },
  {
    name: 'of who has asked for the run',
    who: olga,
    asks: { requestedBy: ['person:olga@example.com'] },
    input: skip,
  },
  {
    name: 'of a responder',
    who: ada,
    input: skip,
    refused: /runs\.unpark needs operator or admin; you are responder/,
    status: 403,
  },
  {
    name: 'of an approver',
    who: { ...ada, role: 'approver' },
    input: skip,
    refused: /runs\.unpark needs operator or admin; you are approver/,
    status: 403,
  },
  {
    name: 'of an operator who is not asked',
    who: olga,
    asks: { approvers: { onCallOf: 'PCHECKO' } },
    input: skip,
    refused: /^You \(olga@example\.com\) are not among those who are asked: whoever is on call/,
    status: 403,
  },
  {
    name: 'of a token for another workflow',
    who: { ...ci, role: 'operator', scope: { workflows: ['other'] } },
    input: skip,
    refused: /^There is no run/,
    status: 404,
    doors: ['api', 'cli'],
  },
  {
    name: 'of a token for another service',
    who: { ...ci, role: 'operator', scope: { services: ['POTHER'] } },
    asks: { service: 'PCHECKO' },
    input: skip,
    refused: /^There is no run/,
    status: 404,
    doors: ['api', 'cli'],
  },
  {
    name: 'to skip without a reason',
    who: olga,
    input: { decision: 'skip' },
    refused: /^To skip takes a reason/,
    status: 400,
  },
  {
    name: 'to skip with another input',
    who: olga,
    input: { ...skip, input: { summary: 'x' } },
    refused: /^Another input goes with retry alone, and not with skip\.$/,
    status: 400,
  },
  {
    name: 'with an input that does not fit',
    who: olga,
    input: { decision: 'retry', input: { project: 'no such', sumary: 'x' } },
    refused: /^Nothing was decided: sumary is no input of it: .*summary.*; project does not fit: .+\.$/,
    status: 400,
  },
  {
    name: 'about another incident',
    who: olga,
    input: { decision: 'retry', input: { incidentId: 'P2', connection: 'eu' } },
    refused: /^Nothing was decided: incidentId is given by the run, .*; connection is given by the run/,
    status: 400,
  },
  {
    name: 'with another input, while it may have been made',
    who: olga,
    step: { uncertainSince: '2026-11-26T09:00:00.000Z' },
    input: { decision: 'retry', input: { summary: 'x' } },
    refused:
      /^createJiraIssue may have been made already, by an attempt that began at 2026-11-26T09:00:00\.000Z/,
    status: 409,
  },
  {
    name: 'that comes second',
    who: olga,
    input: skip,
    before: ({ id }) =>
      store.answerQuestion(id, {
        by: 'person:cleo',
        name: 'Cleo',
        via: 'slack',
        values: { choice: 'retry' },
      }),
    refused: /^It was answered by Cleo at 2\S+Z, by slack: Retry\. Nothing was done\.$/,
    status: 409,
  },
  {
    name: 'for a resolved incident',
    who: olga,
    input: skip,
    before: resolve,
    refused: /^The incident was resolved by Bob Ito, so nothing is done\.$/,
    status: 409,
  },
];

describe('a decision about a parked run', () => {
  it.each(decisions)('$name', async ({ who, asks = {}, step, before, input = {}, ...wanted }) => {
    for (const door of wanted.doors ?? doors) {
      const asked = await store.askQuestion(parkedAt({ ...(await liveRun(store)), ...asks }, step));
      await before?.(asked);
      const outcome = await around.answer(door, who, 'unpark', asked.runId, input);
      const after = await store.findQuestion(asked.id);
      const { refused, status } = wanted;
      if (refused) {
        expect([door, outcome]).toEqual([
          door,
          expect.objectContaining({ refused: expect.stringMatching(refused) }),
        ]);
        if ('status' in outcome && outcome.status !== undefined)
          expect([door, outcome.status]).toEqual([door, status]);
        expect(after?.answers.filter(({ by }) => by !== 'person:cleo')).toEqual([]);
        continue;
      }
      const { decision, ...more } = input as { decision: string };
      expect([door, outcome]).toEqual([
        door,
        { taken: expect.objectContaining({ decision, step: 'createJiraIssue', id: asked.runId }) },
      ]);
      expect(after).toMatchObject({
        state: 'answered',
        answers: [
          {
            by: who.email ? `person:${who.email}` : 'token:ci',
            via: door,
            values: { choice: decision },
            ...more,
          },
        ],
      });
    }
  });

  it('is refused with another input, too, where the store knows that it was made meanwhile', async () => {
    const { runId, subject } = await liveRun(store);
    const asked = await store.askQuestion(parkedAt({ runId, subject }));
    const [key = ''] = asked.parked?.effects ?? [];
    await store.intend(intent({ key, runId }));
    const retry = (input: object) =>
      around.answer('api', olga, 'unpark', runId, { decision: 'retry', ...input });
    expect(await retry({ input: { summary: 'x' } })).toMatchObject({
      status: 409,
      refused: expect.stringContaining('Retry it with the same input, which looks first'),
    });
    expect(await retry({})).toMatchObject({ taken: { said: 'Retry' } });
  });

  it('names the step where there are several, and only one of the very run', async () => {
    const run = await liveRun(store);
    const [one, two] = [await store.askQuestion(parkedAt(run)), await store.askQuestion(parkedAt(run))];
    const elsewhere = await store.askQuestion(parkedAt(await liveRun(store)));
    const decide = (question?: string) =>
      around.answer('cli', olga, 'unpark', run.runId, { ...skip, ...(question ? { question } : {}) });
    expect(await decide()).toMatchObject({
      status: 409,
      refused: expect.stringContaining(`${one.id} (createJiraIssue), ${two.id} (createJiraIssue)`),
    });
    expect(await decide(elsewhere.id)).toMatchObject({
      status: 409,
      refused: expect.stringContaining('is not parked'),
    });
    expect(await decide(two.id)).toMatchObject({ taken: { question: two.id } });
    expect(await decide()).toMatchObject({ taken: { question: one.id } });
    expect(await decide()).toMatchObject({
      status: 409,
      refused: expect.stringContaining('It was answered by'),
    });
  });
});
