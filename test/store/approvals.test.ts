import { sql } from 'kysely';
import { describe, expect, it, vi } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import type { GivenAnswer } from '../../store/asked/approvals.ts';
import { liveRun, reboot, request } from './approval.ts';
import { backends } from './backends.ts';
import { crowdOf } from './crowd.ts';
import { delivery, entry, fresh } from './world.ts';

describe.each(await backends())('approvals on $name', ({ name, world }) => {
  const onPending = vi.fn();
  const store = world.newStore({ onPending });

  const says = (changes: Partial<GivenAnswer> = {}): GivenAnswer => ({
    by: 'person:ada@example.com',
    name: 'Ada Lopez',
    via: 'cli',
    decision: 'approved',
    ...changes,
  });
  const asked = async (changes: Parameters<typeof request>[0] = {}) =>
    store.askApproval(request({ ...(await liveRun(store)), ...changes }));
  const linesOf = async ({ id, subject = '' }: Approval) =>
    (await store.readRecord({ subject, limit: 99 })).filter(
      ({ action, detail }) => action.startsWith('approval.') && detail.approval === id,
    );
  const eventsOf = async ({ subject = '' }: Approval) =>
    (await store.listEvents({ subject, limit: 99 })).filter(({ type }) => type.startsWith('approval.'));
  const expire = ({ id }: Approval) =>
    sql`update approvals set expires_at = now() - interval '1 second' where id = ${id}`.execute(world.db);
  const resolve = async (subject: string) => {
    const seenAt = '2026-03-01T11:00:00.000Z';
    const type = 'pagerduty.incident.resolved';
    const agent = { kind: 'person', id: 'PBOB', name: 'Bob Ito' };
    const event = { id: fresh('event-'), type, agent, data: {} };
    const { seq } = await store.receive(delivery({ subject, type, event }));
    await store.decide({ seq, incident: { id: subject, status: 'resolved', seenAt }, runs: [], entries: [] });
  };
  const endRun = (id: string) =>
    sql`update runs set state = 'cancelled', ended_at = now() where id = ${id}`.execute(world.db);

  it('asks once for each key, under an id that nobody guesses, and tells of it', async () => {
    const run = await liveRun(store);
    const [one, other] = await Promise.all([
      store.askApproval(request({ ...run, key: 'same' })),
      store.askApproval(request({ ...run, key: 'same' })),
    ]);
    expect(other).toEqual(one);
    expect(one).toMatchObject({ ...run, id: expect.stringMatching(/^[0-9a-z]{25}$/), calls: [reboot] });
    expect(one).toMatchObject({ state: 'pending', answers: [], messages: [] });
    expect(Date.parse(one.expiresAt) - Date.parse(one.askedAt)).toBe(900_000);
    expect(await store.findApproval(one.id)).toEqual(one);
    expect(await linesOf(one)).toMatchObject([
      {
        action: 'approval.asked',
        actor: 'trigger:ec2-unhealthy',
        detail: { digest: 'd1d2d3', calls: [reboot] },
      },
    ]);
    const { summary, id: approvalId, runId, subject: incidentId, workflow } = one;
    const data = { approvalId, runId, workflow, state: 'pending', summary, incidentId };
    expect(await eventsOf(one)).toMatchObject([
      { type: 'approval.asked', event: { source: '/baton', data } },
    ]);
    expect(onPending).toHaveBeenCalled();
  });

  it('tells of an incident of another account by that account, and of a run without one by the run', async () => {
    const far = await store.askApproval(request({ subject: 'eu/PFAR1' }));
    expect(await eventsOf(far)).toMatchObject([
      { event: { connection: 'eu', data: { incidentId: 'PFAR1' } } },
    ]);
    const alone = await store.askApproval(request());
    expect(await eventsOf({ ...alone, subject: alone.runId })).toMatchObject([
      {
        event: { subject: alone.runId, data: expect.not.objectContaining({ incidentId: expect.anything() }) },
      },
    ]);
  });

  it('is decided by the first answer of a hundred, with one line and one event', async () => {
    const one = await asked();
    const others = [store, world.newStore(), world.newStore()];
    const vias = ['slack', 'cli', 'api'] as const;
    const answers = await crowdOf(100, async (index) =>
      others[index % 3]?.answerApproval(
        one.id,
        says({
          by: `person:p${index}@example.com`,
          via: vias[index % 3] ?? 'api',
          decision: index % 2 === 0 ? 'approved' : 'refused',
        }),
      ),
    );
    const outcomes = answers.map((answer) => answer?.outcome);
    expect(outcomes.filter((outcome) => outcome === 'decided')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'ended')).toHaveLength(99);
    const after = await store.findApproval(one.id);
    expect(after?.answers).toHaveLength(1);
    for (const answer of answers) expect(answer?.approval).toEqual(after);
    expect((await linesOf(one)).map(({ action }) => action)).toEqual(['approval.asked', 'approval.answered']);
    expect((await eventsOf(one)).map(({ type }) => type).sort()).toEqual(
      ['approval.asked', `approval.${after?.state}`].sort(),
    );
  });

  it('takes so many different people as it needs, and nobody twice', async () => {
    const one = await asked({ required: 2 });
    const outcomeOf = async (answer: GivenAnswer) => (await store.answerApproval(one.id, answer))?.outcome;
    expect(await outcomeOf(says())).toBe('counted');
    expect(await outcomeOf(says({ via: 'slack' }))).toBe('repeated');
    expect((await eventsOf(one)).map(({ type }) => type)).toEqual(['approval.asked']);
    expect(await outcomeOf(says({ by: 'person:bob@example.com', name: 'Bob Ito' }))).toBe('decided');
    const after = await store.findApproval(one.id);
    expect(after).toMatchObject({ state: 'approved', answers: [{ name: 'Ada Lopez' }, { name: 'Bob Ito' }] });
    expect(after?.closedAt).toBe(after?.answers[1]?.at);
    const states = (await linesOf(one)).map(({ detail }) => detail.state);
    expect(states).toEqual([undefined, 'pending', 'approved']);
  });

  it('is ended by one refusal, also of somebody who had approved', async () => {
    const one = await asked({ required: 2 });
    await store.answerApproval(one.id, says());
    const refused = await store.answerApproval(one.id, says({ decision: 'refused', reason: 'too busy' }));
    expect(refused).toMatchObject({ outcome: 'decided', approval: { state: 'refused' } });
    expect((await eventsOf(one)).map(({ type }) => type)).toContain('approval.refused');
  });

  it('takes no answer after its time by its own clock, and then stands as expired', async () => {
    const one = await asked();
    await expire(one);
    expect(await store.answerApproval(one.id, says())).toMatchObject({
      outcome: 'expired',
      approval: { state: 'expired', answers: [], closedBecause: 'nobody answered in time' },
    });
    expect((await linesOf(one)).map(({ action }) => action)).toEqual(['approval.asked', 'approval.closed']);
  });

  it('expires when its time is over and not before, and never once it is approved', async () => {
    const early = await asked();
    expect(await store.closeApproval(early.id, 'expired', 'time')).toMatchObject({ state: 'pending' });
    const late = await asked();
    await expire(late);
    const closed = await store.closeApproval(late.id, 'expired', 'time');
    expect(closed).toMatchObject({ state: 'expired', closedBecause: 'time' });
    const approved = await asked();
    await store.answerApproval(approved.id, says());
    await expire(approved);
    for (const state of ['expired', 'withdrawn'] as const)
      expect(await store.closeApproval(approved.id, state, 'late')).toMatchObject({ state: 'approved' });
    expect(await linesOf(approved)).toHaveLength(2);
  });

  it.runIf(name === 'PostgreSQL')(
    'goes by its own clock, and not by those of who asks and answers',
    async () => {
      vi.useFakeTimers({ toFake: ['Date'] });
      try {
        const hour = 3_600_000;
        const real = Date.now();
        for (const [askedAt, answeredAt] of [
          [real + hour, real - hour],
          [real - hour, real + hour],
        ] as const) {
          vi.setSystemTime(askedAt);
          const one = await asked();
          expect(Math.abs(Date.parse(one.askedAt) - real)).toBeLessThan(hour / 2);
          vi.setSystemTime(answeredAt);
          expect(await store.closeApproval(one.id, 'expired', 'x')).toMatchObject({ state: 'pending' });
          expect(await store.answerApproval(one.id, says())).toMatchObject({ outcome: 'decided' });
          const late = await asked();
          await expire(late);
          expect(await store.answerApproval(late.id, says())).toMatchObject({ outcome: 'expired' });
          for (const { at } of await linesOf(one))
            expect(Math.abs(Date.parse(at) - real)).toBeLessThan(hour / 2);
        }
      } finally {
        vi.useRealTimers();
      }
    },
  );

  it('is superseded and withdrawn at once, once', async () => {
    const one = await asked();
    await Promise.all(
      [1, 2, 3].map((place) => store.closeApproval(one.id, 'superseded', `changed ${place}`)),
    );
    expect((await linesOf(one)).map(({ action }) => action)).toEqual(['approval.asked', 'approval.closed']);
    expect((await eventsOf(one)).map(({ type }) => type)).toContain('approval.superseded');
    expect(await store.answerApproval(one.id, says())).toMatchObject({ outcome: 'ended' });
  });

  it('is superseded also after it was approved, since what was not done may be asked anew', async () => {
    const one = await asked();
    await store.answerApproval(one.id, says());
    const closed = await store.closeApproval(one.id, 'superseded', 'changed since');
    expect(closed).toMatchObject({ state: 'superseded', answers: [{ decision: 'approved' }] });
    expect((await eventsOf(one)).map(({ type }) => type)).toContain('approval.superseded');
    expect(await store.answerApproval(one.id, says())).toMatchObject({ outcome: 'ended' });
  });

  it('takes no answer to another plan than is asked for', async () => {
    const one = await asked();
    expect(await store.answerApproval(one.id, says({ digest: 'other' }))).toMatchObject({
      outcome: 'another plan',
      approval: { state: 'pending' },
    });
    expect(await store.answerApproval(one.id, says({ digest: one.digest }))).toMatchObject({
      outcome: 'decided',
    });
  });

  it('takes no answer for a resolved incident, unless the run goes on after a resolve', async () => {
    const one = await asked();
    await resolve(one.subject ?? '');
    expect(await store.answerApproval(one.id, says())).toMatchObject({
      outcome: 'resolved',
      by: 'Bob Ito',
      approval: { state: 'pending', answers: [] },
    });
    const run = await liveRun(store, { whenResolved: 'continue' });
    const two = await store.askApproval(request(run));
    await resolve(run.subject);
    expect(await store.answerApproval(two.id, says())).toMatchObject({ outcome: 'decided' });
  });

  it('is withdrawn when its run has ended: by an answer to it, or when ended runs are looked for', async () => {
    const [one, two, three] = [await asked(), await asked(), await asked()];
    await Promise.all([one, two].map(({ runId }) => endRun(runId)));
    expect(await store.answerApproval(one.id, says())).toMatchObject({
      outcome: 'run ended',
      approval: { state: 'withdrawn', closedBecause: 'the run has ended: cancelled' },
    });
    await store.withdrawOfEndedRuns();
    expect(await store.withdrawOfEndedRuns()).toBe(0);
    expect(await store.findApproval(two.id)).toMatchObject({ state: 'withdrawn' });
    expect(await store.findApproval(three.id)).toMatchObject({ state: 'pending' });
  });

  it('knows nothing of an id that was made up', async () => {
    expect(await store.findApproval('\0made up')).toBeUndefined();
    expect(await store.answerApproval('made up', says())).toBeUndefined();
    expect(await store.closeApproval('made up', 'withdrawn', 'x')).toBeUndefined();
  });

  it('remembers each place where people see it once', async () => {
    const one = await asked();
    const place = { channelId: 'C1', ts: '1.2' };
    await store.showedApproval(one.id, place);
    await store.showedApproval(one.id, { channelId: 'D2', ts: '1.3' });
    await store.showedApproval(one.id, place);
    expect((await store.findApproval(one.id))?.messages).toEqual([place, { channelId: 'D2', ts: '1.3' }]);
  });

  it('gives words and values back as they were asked, and masks secrets in what it tells', async () => {
    const masked = world.newStore({ secrets: ['hunter2-hunter2'] });
    const odd = { ...reboot, input: { text: '\0 \ud800 hunter2-hunter2' }, summary: 'hunter2-hunter2' };
    const run = await liveRun(store);
    const one = await masked.askApproval(request({ ...run, summary: 'hunter2-hunter2', calls: [odd] }));
    expect(one.calls).toEqual([odd]);
    const told = JSON.stringify([await linesOf(one), await eventsOf(one)]);
    expect(told).not.toContain('hunter2');
  });

  it('lists in pages, newest first, by state, incident, run, workflow and service', async () => {
    const workflow = fresh('listed-');
    const all: Approval[] = [];
    for (let count = 0; count < 5; count += 1)
      all.push(await store.askApproval(request(await liveRun(store, { workflow }))));
    const [first, second, third, fourth, fifth] = all as [Approval, Approval, Approval, Approval, Approval];
    await store.closeApproval(third.id, 'withdrawn', 'x');
    const list = async (filter: object) =>
      (await store.pageOfApprovals({ workflows: [workflow], limit: 10, ...filter })).items.map(
        ({ id }) => id,
      );
    expect(await list({})).toEqual([fifth, fourth, third, second, first].map(({ id }) => id));
    expect(await list({ state: 'pending' })).not.toContain(third.id);
    expect(await list({ state: 'withdrawn' })).toEqual([third.id]);
    expect(await list({ subject: second.subject })).toEqual([second.id]);
    expect(await list({ run: first.runId })).toEqual([first.id]);
    expect(await list({ workflows: [] })).toEqual([]);
    const told = { id: fourth.subject ?? '', service: { id: 'PSVC', name: 'Shop' } };
    const { seq } = await store.receive(delivery({ subject: told.id }));
    const incident = { id: told.id, status: 'triggered', seenAt: '2026-03-01T10:00:00.000Z', told };
    await store.decide({ seq, incident, runs: [], entries: [] });
    expect(await list({ services: ['PSVC'] })).toEqual([fourth.id]);
    const page = await store.pageOfApprovals({ workflows: [workflow], limit: 2 });
    expect(page.items).toHaveLength(2);
    expect(await list({ before: page.next })).toEqual([third, second, first].map(({ id }) => id));
  });

  it('goes with the run that it belongs to', async () => {
    const [old, young] = [await asked(), await asked()];
    await Promise.all([old, young].map(({ runId }) => endRun(runId)));
    await sql`update runs set created_at = now() - interval '9 days', ended_at = now() - interval '9 days'
      where id = ${old.runId}`.execute(world.db);
    await store.append([entry()]);
    expect(await store.prune({ days: 7 })).toMatchObject({ runs: 1 });
    expect(await store.findApproval(old.id)).toBeUndefined();
    expect(await store.findApproval(young.id)).toBeDefined();
  });
});
