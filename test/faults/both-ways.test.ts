import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../simulator/pagerduty/world.ts';
import { often, seedOf } from '../nightly.ts';
import { startBothWays } from '../server/both-ways.ts';
import { embeddedWorld, type World } from '../store/world.ts';

let world: World;
beforeAll(async () => {
  world = await embeddedWorld();
});
afterAll(() => world.close());

const people: Agent[] = [
  { type: 'user', id: 'PADALOP' },
  { type: 'user', id: 'PBENOKA' },
];
const acts = [
  'acknowledge',
  'unacknowledge',
  'resolve',
  'reopen',
  'escalate',
  'reassign',
  'prioritize',
  'note',
] as const;
const step = fc.record({
  act: fc.constantFrom(...acts),
  who: fc.constantFrom(...people),
  value: fc.integer({ min: 1, max: 5 }),
  /** Since the one before. */
  milliseconds: fc.constantFrom(140, 600, 1_100, 2_700, 30_000, 400_000),
  /** How many webhooks arrive after it, and whether the log is read then. */
  arriving: fc.integer({ min: 0, max: 3 }),
  pulls: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Ways = 'webhooks' | 'pulls' | 'both';

/** Plays a history, and what Baton makes of it when all has arrived. */
async function play(steps: readonly Step[], ways: Ways, firstPull: boolean) {
  let now = Date.parse('2026-11-25T10:00:00.412Z');
  const both = await startBothWays(world, () => now);
  const { account, incident, act } = both;
  const hear = async (count: number, pulls: boolean) => {
    if (ways !== 'pulls') for (let each = 0; each < count; each += 1) await both.deliver();
    if (ways !== 'webhooks' && pulls) await both.pull();
  };
  await hear(firstPull ? 0 : 1, firstPull);
  for (const { act: kind, who, value, milliseconds, arriving, pulls } of steps) {
    now += milliseconds;
    act(() => {
      const isOpen = incident.status !== 'resolved';
      if (kind === 'acknowledge' && isOpen) account.acknowledge(incident, who);
      if (kind === 'unacknowledge' && incident.status === 'acknowledged') account.reopen(incident, who);
      if (kind === 'resolve') account.resolve(incident, who);
      if (kind === 'reopen' && !isOpen) account.reopen(incident, who);
      if (kind === 'escalate' && isOpen) account.escalate(incident, 1 + (value % 2), who);
      if (kind === 'reassign' && isOpen) account.reassign(incident, [who.id], who);
      if (kind === 'prioritize') account.setPriority(incident, `PPRIO0${value}`, who);
      if (kind === 'note') account.annotate(incident, `note ${now}`, who.id);
    });
    await hear(arriving, pulls);
  }
  await hear(both.webhooks.length, true);
  const outcome = await both.outcome();
  await both.stop();
  return { ...outcome, tells: both.tells };
}

describe('any history of an incident, told by webhooks and by the log in any order', () => {
  it(
    'makes the state that webhooks alone make, no run more, and tells no run a thing twice',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 8 }),
          fc.constantFrom<Ways>('pulls', 'both'),
          fc.boolean(),
          async (steps, ways, firstPull) => {
            const alone = await play(steps, 'webhooks', false);
            const told = await play(steps, ways, firstPull);
            expect(told.mirror).toEqual(alone.mirror);
            expect(alone.runs).toEqual(expect.arrayContaining(told.runs));
            if (!steps.some(({ act }) => act === 'resolve')) expect(told.runs).toEqual(alone.runs);
            // The log may be behind, so that a run which began late is told of less. It is never told of more.
            const left = alone.tells.map(({ what }) => what);
            for (const { run, what } of told.tells) {
              expect(left, `${run} is told of ${what}`).toContain(what);
              left.splice(left.indexOf(what), 1);
            }
          },
        ),
        { numRuns: often(25, 1_000), seed: seedOf() },
      );
    },
    often(240_000, 7_200_000),
  );
});
