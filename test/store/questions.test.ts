import { sql } from 'kysely';
import { describe, expect, it, vi } from 'vitest';
import type { Question } from '../../domain/question.ts';
import { liveRun } from './approval.ts';
import { backends } from './backends.ts';
import { crowdOf } from './crowd.ts';
import { impact, parkedAt, question, regions } from './question.ts';
import { entry, fresh } from './world.ts';

describe.each(await backends())('questions on $name', ({ world }) => {
  const onPending = vi.fn();
  const store = world.newStore({ onPending });

  const asked = async (changes: Parameters<typeof question>[0] = {}) =>
    store.askQuestion(question({ ...(await liveRun(store)), ...changes }));
  const says = (choice = 'eu-west-1', name = 'Ada Lopez') => ({
    by: `person:${name}`,
    name,
    via: 'cli' as const,
    values: { choice },
  });
  const linesOf = async ({ id, subject = '' }: Question) =>
    (await store.readRecord({ subject, limit: 99 })).filter(
      ({ action, detail }) => action.startsWith('question.') && detail.question === id,
    );
  const eventsOf = async ({ subject = '' }: Question) =>
    (await store.listEvents({ subject, limit: 99 })).filter(({ type }) => type.startsWith('question.'));
  const expire = ({ id }: Question) =>
    sql`update questions set expires_at = now() - interval '1 second' where id = ${id}`.execute(world.db);
  const endRun = (id: string) =>
    sql`update runs set state = 'cancelled', ended_at = now() where id = ${id}`.execute(world.db);

  it('keeps no secret that somebody pastes', async () => {
    const masking = world.newStore({ secrets: ['hunter2-hunter2'] });
    const { id } = await asked({ form: impact });
    const given = {
      ...says(),
      values: { seen: 'the password is hunter2-hunter2' },
      reason: 'hunter2-hunter2',
    };
    const answered = await masking.answerQuestion(id, given);
    expect(answered).toMatchObject({ outcome: 'decided' });
    expect(JSON.stringify(await store.findQuestion(id))).not.toContain('hunter2');
    expect(JSON.stringify(answered)).toContain('the password is [secret]');
  });

  it('keeps at which step a run is parked, and tells of it until it is decided', async () => {
    const run = await liveRun(store);
    await asked(run);
    const parked = await store.askQuestion(parkedAt(run));
    expect(await store.parkedSteps([run.runId, 'another'])).toEqual([parked]);
    expect(await store.parkedSteps([])).toEqual([]);
    expect(await linesOf(parked)).toMatchObject([{ detail: { parked: { step: 'createJiraIssue' } } }]);
    const said = { ...says('retry'), input: { summary: 'x', text: null } };
    expect(await store.answerQuestion(parked.id, said)).toMatchObject({ outcome: 'decided' });
    expect(await store.parkedSteps([run.runId])).toEqual([]);
    expect((await linesOf(parked)).at(-1)).toMatchObject({ detail: { input: { summary: 'x', text: null } } });
    expect((await eventsOf(parked)).map(({ event }) => (event as { data: object }).data)).toContainEqual(
      expect.objectContaining({ questionId: parked.id, isParked: true }),
    );
  });

  it('does not take the name of whoever answers for a secret', async () => {
    const { id } = await asked();
    await store.answerQuestion(id, { ...says(), by: 'token:ci' });
    expect((await store.findQuestion(id))?.answers).toMatchObject([{ by: 'token:ci' }]);
  });

  it('asks once for each key, and tells of it', async () => {
    const run = await liveRun(store);
    const [one, other] = await Promise.all([
      store.askQuestion(question({ ...run, key: fresh('same') })),
      store.askQuestion(question({ ...run, form: impact, summary: 'What do customers see?' })),
    ]);
    expect(await store.askQuestion(question({ ...run, key: 'k' }))).toEqual(
      await store.askQuestion(question({ ...run, key: 'k' })),
    );
    expect(one).toMatchObject({ ...run, form: regions, state: 'pending', answers: [], messages: [] });
    expect(one.id).toMatch(/^[0-9a-z]{25}$/);
    expect(await store.findQuestion(other.id)).toEqual(other);
    expect(await linesOf(one)).toMatchObject([
      { action: 'question.asked', actor: 'trigger:fail-over', detail: { form: regions, approvers: {} } },
    ]);
    const { summary, id: questionId, runId, subject: incidentId, workflow } = one;
    const data = { questionId, runId, workflow, state: 'pending', summary, incidentId };
    expect((await eventsOf(one)).map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ source: '/baton', type: 'question.asked', data }),
    );
    expect(onPending).toHaveBeenCalled();
  });

  it('is no approval: neither is found as the other', async () => {
    const one = await asked();
    expect(await store.findApproval(one.id)).toBeUndefined();
    expect(
      await store.answerApproval(one.id, { by: 'p', name: 'P', via: 'api', decision: 'approved' }),
    ).toBeUndefined();
  });

  it('is ended by the first answer of a hundred, with one line and one event', async () => {
    const one = await asked();
    const others = [store, world.newStore(), world.newStore()];
    const answers = await crowdOf(100, async (index) =>
      others[index % 3]?.answerQuestion(
        one.id,
        says(index % 2 === 0 ? 'eu-west-1' : 'eu-central-1', `P${index}`),
      ),
    );
    const outcomes = answers.map((answer) => answer?.outcome);
    expect(outcomes.filter((outcome) => outcome === 'decided')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'ended')).toHaveLength(99);
    const after = await store.findQuestion(one.id);
    expect(after).toMatchObject({ state: 'answered', closedAt: after?.answers[0]?.at });
    expect(after?.answers).toHaveLength(1);
    for (const answer of answers) expect(answer?.question).toEqual(after);
    expect((await linesOf(one)).map(({ action }) => action)).toEqual(['question.asked', 'question.answered']);
    expect((await eventsOf(one)).map(({ type }) => type).sort()).toEqual([
      'question.answered',
      'question.asked',
    ]);
  });

  it('takes no answer after its time by the clock of the database, and expires once', async () => {
    const one = await asked();
    expect(await store.closeQuestion(one.id, 'expired', 'early')).toMatchObject({ state: 'pending' });
    await expire(one);
    expect(await store.answerQuestion(one.id, says())).toMatchObject({
      outcome: 'expired',
      question: { state: 'expired', answers: [], closedBecause: 'nobody answered in time' },
    });
    expect(await store.closeQuestion(one.id, 'withdrawn', 'late')).toMatchObject({ state: 'expired' });
    expect((await linesOf(one)).map(({ action }) => action)).toEqual(['question.asked', 'question.closed']);
  });

  it('is withdrawn when its run has ended: by an answer to it, or when ended runs are looked for', async () => {
    const [one, two, three] = [await asked(), await asked(), await asked()];
    await Promise.all([one, two].map(({ runId }) => endRun(runId)));
    expect(await store.answerQuestion(one.id, says())).toMatchObject({
      outcome: 'run ended',
      question: { state: 'withdrawn', closedBecause: 'the run has ended: cancelled' },
    });
    await store.withdrawQuestions();
    expect(await store.withdrawQuestions()).toBe(0);
    expect(await store.findQuestion(two.id)).toMatchObject({ state: 'withdrawn' });
    expect(await store.findQuestion(three.id)).toMatchObject({ state: 'pending' });
  });

  it('remembers each place where people see it once, and is listed in pages', async () => {
    const workflow = fresh('listed-');
    const all: Question[] = [];
    for (let count = 0; count < 3; count += 1)
      all.push(await store.askQuestion(question(await liveRun(store, { workflow }))));
    const [first, second, third] = all as [Question, Question, Question];
    const place = { channelId: 'C1', ts: '1.2' };
    await store.showedQuestion(first.id, place);
    await store.showedQuestion(first.id, place);
    expect((await store.findQuestion(first.id))?.messages).toEqual([place]);
    const page = await store.pageOfQuestions({ workflows: [workflow], limit: 2 });
    expect(page.items.map(({ id }) => id)).toEqual([third.id, second.id]);
    const rest = await store.pageOfQuestions({ workflows: [workflow], limit: 2, before: page.next });
    expect(rest.items.map(({ id }) => id)).toEqual([first.id]);
  });

  it('goes with the run that it belongs to', async () => {
    const old = await asked();
    await endRun(old.runId);
    await sql`update runs set created_at = now() - interval '9 days', ended_at = now() - interval '9 days'
      where id = ${old.runId}`.execute(world.db);
    await store.append([entry()]);
    await store.prune({ days: 7 });
    expect(await store.findQuestion(old.id)).toBeUndefined();
  });
});
