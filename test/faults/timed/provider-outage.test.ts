import { afterAll, beforeAll, expect, it } from 'vitest';
import { raiseIncident } from '../../../simulator/pagerduty.ts';
import { raiseApart } from '../../fixtures/raise-apart.ts';
import { eventually, startWorld, type World } from '../../world.ts';

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
  const title = (index: number) => `Search p99 latency ${index}`;
  const held = Array.from({ length: hanging }, (_, index) => raiseApart(pagerDuty, title(index)));
  const asked = Array.from({ length: clicks }, (_, index) =>
    raiseIncident(pagerDuty, { title: title(index), service: 'Search', urgency: 'low' }),
  );
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
  // No run has failed of it: those that wait for Jira go on waiting.
  const runs = await Promise.all(held.map((id) => world.run(`production-incident/${id}`)));
  expect(runs.filter((run) => run?.state !== 'running')).toEqual([]);
}, 180_000);
