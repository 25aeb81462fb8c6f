import { afterAll, beforeAll, expect, it } from 'vitest';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { eventually, startWorld, type World } from '../world.ts';

/** More than a worker makes calls at a time (100). */
const hanging = 120;
const clicks = 20;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

it('a Jira that gives no answer delays no acknowledgement at PagerDuty', async () => {
  const { pagerDuty, jira } = world;
  jira.fail({ kind: 'hang', times: Number.MAX_SAFE_INTEGER });
  const raise = (count: number, urgency: 'high' | 'low') =>
    Array.from({ length: count }, (_, index) =>
      raiseIncident(pagerDuty, { title: `Search p99 latency ${index}`, service: 'Search', urgency }),
    );
  const held = raise(hanging, 'high');
  const asked = raise(clicks, 'low');
  await eventually(
    'all runs to wait for Jira alone',
    async () => {
      const runs = await Promise.all(held.map((id) => world.run(`production-incident/${id}`)));
      return runs.every((run) => run?.state === 'running') && world.slack.world.channels.length >= hanging;
    },
    90_000,
  );

  const times: number[] = [];
  for (const incidentId of asked) {
    const begun = performance.now();
    expect(await world.click({ actionId: 'acknowledge', incidentId, userId: 'U0BEN' })).toBe(200);
    await eventually(`${incidentId} to be acknowledged`, () =>
      pagerDuty.ledger.some(
        ({ effect, target }) => effect === 'incident acknowledged' && target === incidentId,
      ),
    );
    times.push(Math.round(performance.now() - begun));
  }
  console.info(`acknowledged within ${times.toSorted((one, other) => one - other).join(', ')} ms`);
  expect(Math.max(...times)).toBeLessThan(3_000);
  // Nobody's run has failed of it.
  const runs = await world.store.listRuns({ limit: 1_000 });
  expect(runs.filter(({ state }) => state !== 'running' && state !== 'completed')).toEqual([]);
}, 180_000);
