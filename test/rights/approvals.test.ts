import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import { liveRun, request } from '../store/approval.ts';
import { backends } from '../store/backends.ts';
import { delivery, entry, fresh, type World } from '../store/world.ts';
import { casesOn } from './approval-cases.ts';
import { ada, ci } from './approval-people.ts';
import { doors, openApprovals, type Somebody, type Verb } from './approvals-world.ts';

const all = await backends();
const { world } = all[0] as { world: World };
const store = world.newStore();
let around: Awaited<ReturnType<typeof openApprovals>>;
beforeAll(async () => {
  around = await openApprovals(store);
  const { users, policies, services } = around.pagerDuty.world;
  for (const name of ['Cleo', 'Dan', 'Gus', 'Hal'])
    users.push({ id: `P${name.toUpperCase()}`, name, email: `${name.toLowerCase()}@example.com` });
  for (const user of users) if (user.id === 'PCLEO') user.teamIds = ['PTEAM'];
  policies.push({ id: 'PEPAST', name: 'Past', levels: [['PDAN']] });
  policies.push({ id: 'PECHANGES', name: 'Changes', levels: [['PCLEO'], ['PDAN']] });
  const [service] = services;
  if (service)
    services.push(
      { ...service, id: 'PPAST', policyId: 'PEPAST' },
      { ...service, id: 'PCHANGES', policyId: 'PECHANGES' },
    );
  const slack = around.slack.world;
  const member = { deleted: false, guest: false, bot: false };
  slack.users.push(
    {
      ...member,
      id: 'U0FAY',
      name: 'fay',
      realName: 'Fay Roy',
      email: 'fay@example.com',
      emailConfirmed: false,
    },
    { ...member, id: 'U0GUS', name: 'gus', realName: 'Gus', email: 'gus@example.com', deleted: true },
    { ...member, id: 'U0IDA', name: 'ida', realName: 'Ida', email: 'ida@example.com', emailConfirmed: true },
    { ...member, id: 'U0JON', name: 'jon', realName: 'Jon', email: 'jon@example.com', emailConfirmed: true },
    { ...member, id: 'U0HAL', name: 'hal', realName: 'Hal', email: 'hal@example.com', emailConfirmed: false },
  );
  slack.groups.push({ id: 'S0LINK', handle: 'link', userIds: ['U0FAY', 'U0GUS', 'U0HAL'] });
  await store.linkSlackUser('fay@corp.example', 'U0FAY', entry());
  await store.linkSlackUser('ida@pd.example', 'U0IDA', entry());
});
afterAll(() => around.close());

const cases = casesOn({ world, store, providers: () => around });

const stateOf = { approve: 'approved', refuse: 'refused' } as const;
const forVerb = <Value>(value: Value | Record<Verb, Value>, verb: Verb): Value =>
  typeof value === 'object' && value !== null ? (value as Record<Verb, Value>)[verb] : (value as Value);

const linesOf = async ({ id, subject = '' }: Approval) => {
  const lines = [
    ...(await store.readRecord({ subject, limit: 99 })),
    ...(await store.readRecord({ subject: id, limit: 99 })),
  ];
  return {
    answered: lines.filter(({ action }) => action === 'approval.answered'),
    refused: lines.filter(({ action }) => action === 'operation.refused'),
  };
};

describe('the matrix of approvals', () => {
  let count = 0;

  it.each(cases)('$name', async (each) => {
    for (const door of each.doors ?? doors)
      for (const verb of ['approve', 'refuse'] as const) {
        const { who, asks = {}, input = {} } = each;
        const asked = await store.askApproval(request({ ...(await liveRun(store)), ...asks }));
        await each.before?.(asked, door);
        const outcome = await around.answer(door, who, verb, asked.id, input);
        const after = (await store.findApproval(asked.id)) as Approval;
        const where = `${door} ${verb}`;
        if (each.refused) {
          expect([where, outcome]).toEqual([
            where,
            expect.objectContaining({ refused: expect.stringMatching(each.refused) }),
          ]);
          if ('status' in outcome && outcome.status !== undefined)
            expect([where, outcome.status]).toEqual([where, each.status]);
        } else
          expect([where, outcome]).toMatchObject([
            where,
            { taken: { id: asked.id, decision: stateOf[verb] } },
          ]);
        const state = each.state ?? (each.refused ? 'pending' : stateOf[verb]);
        expect([where, after.state]).toEqual([where, forVerb(state, verb)]);
        const answers = forVerb(each.answers ?? 1, verb);
        expect([where, after.answers.length]).toEqual([where, answers]);
        const lines = await linesOf(after);
        expect([where, lines.answered.length]).toEqual([where, answers]);
        // Whoever lacks the right at all, or is nobody we know, is refused before it is known what he asks about.
        const isAtTheDoor =
          ['viewer', 'responder', 'operator'].includes(who.role) || (!who.email && !who.token);
        const refusals = each.refused && !isAtTheDoor ? 1 : 0;
        expect([where, lines.refused.length]).toEqual([where, refusals]);
        count += 1;
      }
  });

  it.each(doors)('tells nobody by %s whether an id that is not his is there', async (door) => {
    const asked = await store.askApproval(request(await liveRun(store)));
    const made = 'made0up0made0up0made0up00';
    const wordsFor = async (who: Somebody, id: string) => {
      const outcome = await around.answer(door, who, 'approve', id);
      count += 1;
      return 'refused' in outcome && outcome.refused.replaceAll(id, '<id>');
    };
    const words = 'There is no approval <id>. approvals.list tells those that wait.';
    for (const id of [
      made,
      `${asked.id.slice(1)}0`,
      asked.id.toUpperCase(),
      `${asked.id}' or '1'='1`,
      '%00',
      '{}',
    ])
      expect(await wordsFor(ada, id)).toBe(words);
    if (door !== 'slack')
      for (const scope of [{ workflows: ['other'] }, { services: ['POTHER'] }])
        expect(await wordsFor({ ...ci, scope }, asked.id)).toBe(words);
    expect(await store.findApproval(asked.id)).toMatchObject({ state: 'pending', answers: [] });
  });

  it('lets a token decide within its workflows and services', async () => {
    const subject = fresh('QSCOPE');
    const { seq } = await store.receive(delivery({ subject }));
    const told = { id: subject, service: { id: 'PSHOP', name: 'Shop' } };
    const incident = { id: subject, status: 'triggered', seenAt: '2026-03-01T10:00:00.000Z', told };
    await store.decide({ seq, incident, runs: [], entries: [] });
    const run = await liveRun(store, { subject, workflow: 'mine' });
    const asked = await store.askApproval(request(run));
    const scope = { workflows: ['mine'], services: ['PSHOP'] };
    expect(await around.answer('api', { ...ci, scope }, 'approve', asked.id)).toHaveProperty('taken');
    count += 1;
  });

  afterAll(() => {
    console.info(`The matrix of approvals: ${cases.length} cases × doors × verbs: ${count} answers`);
  });
});

describe.each(all)('a hundred answers at once on $name', ({ world: on }) => {
  it('by three doors are one decision, and the others see it', async () => {
    const kept = on.newStore();
    const open = await openApprovals(kept);
    try {
      const asked = await kept.askApproval(request(await liveRun(kept)));
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          open.answer(
            doors[index % 3] ?? 'api',
            { email: `p${index}@example.com`, role: 'approver' },
            index % 2 === 0 ? 'approve' : 'refuse',
            asked.id,
          ),
        ),
      );
      const taken = outcomes.flatMap((outcome) => ('taken' in outcome ? [outcome.taken] : []));
      const told = outcomes.flatMap((outcome) => ('refused' in outcome ? [outcome.refused] : []));
      expect(taken).toHaveLength(1);
      const after = await kept.findApproval(asked.id);
      expect(after).toMatchObject({ state: taken[0]?.state, answers: [{ decision: taken[0]?.state }] });
      expect(new Set(told).size).toBe(1);
      expect(told[0]).toMatch(new RegExp(`^It was ${after?.state} by ${after?.answers[0]?.name}`));
    } finally {
      await open.close();
    }
  });
});

const postgres = all.find(({ name }) => name === 'PostgreSQL')?.world;

/** An embedded store has no clock but that of its process. */
describe.runIf(postgres)('a clock skew of ± 1 h between the servers and the store', () => {
  it.each([-1, 1])('%s h: the deadline is by the clock of the store', async (hours) => {
    const { newStore, db } = postgres as World;
    const apart = newStore();
    const there = await openApprovals(apart);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
    try {
      for (const door of doors) {
        const open = await apart.askApproval(request(await liveRun(apart)));
        expect(await there.answer(door, ada, 'approve', open.id)).toMatchObject({
          taken: { id: open.id, decision: 'approved' },
        });
        const over = await apart.askApproval(request(await liveRun(apart)));
        await sql`update approvals set expires_at = now() - interval '1 second' where id = ${over.id}`.execute(
          db,
        );
        expect(await there.answer(door, ada, 'approve', over.id)).toMatchObject({
          refused: expect.stringMatching(/^It expired at 20/),
        });
        expect(await apart.findApproval(over.id)).toMatchObject({ state: 'expired', answers: [] });
      }
    } finally {
      vi.useRealTimers();
      await there.close();
    }
  });
});
