import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openApi } from '../api/served.ts';
import { fakingLines } from '../fixtures/hostile-texts.ts';
import { liveRun } from '../store/approval.ts';
import { impact, parkedAt, question } from '../store/question.ts';
import { runBaton } from './command.ts';

const { served, store } = await openApi();

const baton = (words: string[], token = 'admin') =>
  runBaton(words, { env: { BATON_API_URL: served.url, BATON_API_TOKEN: token } });
const asked = async (changes: Parameters<typeof question>[0] = {}) =>
  store.askQuestion(question({ ...(await liveRun(store)), ...changes }));

describe('baton questions', () => {
  it('lists those that wait, shows one, and answers it once', async () => {
    const one = await asked();
    const list = await baton(['questions', 'list', '--subject', one.subject ?? '']);
    expect(list.stdout).toMatch(new RegExp(`${one.id} +pending +Which region takes over\\?`));
    const { stdout, stderr } = await baton(['questions', 'show', one.id]);
    expect(stdout.replaceAll(/20\S+Z/g, '<time>')).toBe(`Which region takes over?
  question    ${one.id}
  state       pending
  incident    ${one.subject}
  run         ${one.runId} (restart)
  asked       <time>
  expires     <time>
  may answer  whoever may answer questions in Baton

One of:
  choice=eu-west-1     Ireland
  choice=eu-central-1  Frankfurt: It has room for half of the load
`);
    expect(stderr).toBe(`baton questions answer ${one.id} choice=…\n`);
    const answered = await baton(['questions', 'answer', one.id, 'choice=eu-central-1', '--reason', 'room']);
    expect(answered).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^said +Frankfurt$/m) });
    expect(await store.findQuestion(one.id)).toMatchObject({
      answers: [{ via: 'api', values: { choice: 'eu-central-1' }, reason: 'room' }],
    });
    const late = await baton(['questions', 'answer', one.id, 'choice=eu-west-1']);
    expect(late).toMatchObject({ exit: 5, stderr: expect.stringContaining('It was answered by the-admin') });
  });

  it('takes a form by name=value, and says what does not fit', async () => {
    const one = await asked({ form: impact });
    const wrong = await baton(['questions', 'answer', one.id, 'users=many', 'isPublic=no']);
    expect(wrong.stderr).toContain('seen is needed; users must be a whole number');
    const right = await baton(['questions', 'answer', one.id, 'seen=error 500', 'users=4', 'isPublic=no']);
    expect(right).toMatchObject({ exit: 0 });
    expect((await store.findQuestion(one.id))?.answers).toMatchObject([
      { values: { seen: 'error 500', users: 4, isPublic: false } },
    ]);
    expect((await baton(['questions', 'show', one.id])).stdout).toMatch(
      /All of:\n {2}seen= +What do customers see\?\n {2}users= +users; may be left out\n[\s\S]*\nanswered by the-admin at \S+, by api\n {2}What do customers see\?: error 500\n {2}users: 4\n/,
    );
    const two = await asked();
    expect(await baton(['questions', 'answer', two.id, 'choice=eu-west-1'], 'viewer')).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('questions.answer needs responder'),
    });
    expect(await baton(['questions', 'show', 'nothing'])).toMatchObject({ exit: 3 });
  });

  it('gives no text of others a line of its own, whatever it holds; the API gives it to the letter', async () => {
    const text = fc.tuple(fc.constantFrom('x', 'i-0abc'), fakingLines).map((parts) => parts.join(''));
    const property = fc.asyncProperty(text, text, async (summary, label) => {
      const form = { options: [{ value: 'one', label, description: label }] };
      const one = await asked({ summary, form });
      const plain = await asked({
        summary: 'x',
        form: { options: [{ value: 'one', label: 'x', description: 'x' }] },
      });
      const linesOf = async (id: string) =>
        (await baton(['questions', 'show', id])).stdout.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/);
      expect((await linesOf(one.id)).length).toBe((await linesOf(plain.id)).length);
      const { json } = await served.ask('GET', `/api/v1/questions/${one.id}`);
      expect(json).toMatchObject({ summary, form });
      const values = { choice: 'one' };
      await store.answerQuestion(one.id, { by: 'person:x', name: label, via: 'api', values, reason: label });
      const late = await served.ask('POST', `/api/v1/questions/${one.id}/answer`, { body: { values } });
      expect(late.status).toBe(409);
      expect(late.json.detail).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
    });
    await fc.assert(property, { numRuns: 15 });
  });
});

describe('baton runs unpark', () => {
  it('tells what is to be decided, and decides it once', async () => {
    const run = await liveRun(store);
    const since = '2026-11-26T09:00:00.000Z';
    const one = await store.askQuestion(parkedAt(run, { uncertainSince: since }));
    const list = await baton(['runs', 'list', '--incident', run.subject]);
    expect(list.stdout).toContain('parked (createJiraIssue)');
    const shown = await baton(['runs', 'unpark', run.runId]);
    const facts = `Parked: createJiraIssue failed (ProviderRefused: Jira refused (403): no project OPS), and may have been made
  failure     ProviderRefused: Jira refused (403): no project OPS
  outcome     not known: an attempt that began at <time> may have made it. A retry looks first
  may decide  whoever may unpark runs in Baton
  parked      <time>
  until       <time>
  question    ${one.id}
  input
    incidentId: P1
    summary: It is down
    text: All that is known.
`;
    expect(shown.stdout.replaceAll(/20\S+Z/g, '<time>')).toBe(facts);
    expect((await baton(['runs', 'show', run.runId])).stdout.replaceAll(/20\S+Z/g, '<time>')).toContain(
      facts,
    );
    expect(shown.stderr).toContain(`baton runs unpark ${run.runId} retry`);
    expect((await baton(['incidents', 'show', run.subject])).stdout.replaceAll(/\s+/g, ' ')).toMatch(
      new RegExp(
        `Parked: createJiraIssue failed .*; until 20\\S+ \\S+ UTC \\(baton runs unpark ${run.runId}\\)`,
      ),
    );
    expect((await baton(['questions', 'show', one.id])).stderr).toBe(`baton runs unpark ${run.runId}\n`);

    expect(await baton(['runs', 'unpark', run.runId, 'retry', '--input', 'summary=x'])).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining('createJiraIssue may have been made already'),
    });
    expect(await baton(['runs', 'unpark', run.runId, 'skip', '--reason', 'x'], 'responder')).toMatchObject({
      exit: 4,
    });
    const skipped = await baton(['runs', 'unpark', run.runId, 'skip', '--reason', 'by hand']);
    expect(skipped).toMatchObject({ exit: 0, stdout: `createJiraIssue of ${run.runId}: Skip\n` });
    expect(await baton(['runs', 'unpark', run.runId])).toMatchObject({
      exit: 0,
      stderr: `The run ${run.runId} is not parked.\n`,
    });
    expect(await baton(['runs', 'unpark', run.runId, 'retry'])).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining('It was answered by the-admin'),
    });
    expect(await baton(['runs', 'unpark', 'nobody/knows'])).toMatchObject({ exit: 3 });
    expect(await baton(['runs', 'unpark', run.runId, 'perhaps'])).toMatchObject({ exit: 2 });
  });

  it('takes another input by name=value', async () => {
    const run = await liveRun(store);
    const input = { incidentId: 'P1', note: 'It is down.' };
    const one = await store.askQuestion(parkedAt(run, { step: 'addPagerDutyNote', input }));
    const wrong = await baton([
      'runs',
      'unpark',
      run.runId,
      'retry',
      '--input',
      'note=5',
      '--input',
      'text=x',
    ]);
    expect(wrong).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/Nothing was decided: text is no input of it: note; note does not fit: /),
    });
    const { stdout } = await baton(['runs', 'unpark', run.runId, 'retry', '--input', 'note=It is slow.']);
    expect(stdout).toBe(`addPagerDutyNote of ${run.runId}: Retry; with note: It is slow.\n`);
    expect((await store.findQuestion(one.id))?.answers).toMatchObject([{ input: { note: 'It is slow.' } }]);
  });
});
