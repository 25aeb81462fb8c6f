import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Question, QuestionRequest } from '../../domain/question.ts';
import { liveRun } from '../store/approval.ts';
import { impact, question } from '../store/question.ts';
import { delivery, embeddedWorld, fresh } from '../store/world.ts';
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

  it('tells an approval from a question: neither is answered as the other', async () => {
    const asked = await store.askQuestion(question(await liveRun(store)));
    expect(await around.answer('api', { ...ada, role: 'admin' }, 'approve', asked.id)).toMatchObject({
      refused: expect.stringContaining('There is no approval'),
      status: 404,
    });
  });
});
