import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { budgetOf } from '../../../activities/budget.ts';
import { raiseApart } from '../../fixtures/raise-apart.ts';
import { startPostgres } from '../../store/postgres.ts';
import { workflowBundle } from '../../temporal.ts';
import { eventually, startWorkerBeside, startWorld, type World } from '../../world.ts';

/** More than a minute's worth of PagerDuty's requests, Events API and channels of Slack, whose minute is 10 s here. */
const incidents = 60;
const timeScale = 6;

/** As where there are two workers. The embedded store does its work in this process, beside all else. */
const postgres = await startPostgres();

let world: World;
let second: Awaited<ReturnType<typeof startWorkerBeside>>;
/** Its own, as another process has: Temporal takes two workers of a queue by two connections. */
let connection: NativeConnection;
beforeAll(async () => {
  world = await startWorld({ limitedAt: { timeScale }, databaseUrl: postgres?.url });
  connection = await NativeConnection.connect({ address: world.temporal.address });
  second = await startWorkerBeside(world, workflowBundle(), {
    connection,
    budget: budgetOf(world.store.leaseRequests),
  });
});
afterAll(async () => {
  await second.stop();
  await connection.close();
  await world.close();
  await postgres?.stop();
});

it(`${incidents} incidents at once wait for their turn over two workers, and none fails by a limit`, async () => {
  const ids = Array.from({ length: incidents }, (_, index) =>
    raiseApart(world.pagerDuty, `Search p99 latency above ${index} s`),
  );
  const begun = Date.now();
  const { slack, pagerDuty, store } = world;
  // The note comes last, when room, card and issue are there.
  const made = (effect: string) =>
    new Set(pagerDuty.ledger.filter((each) => each.effect === effect).map(({ target }) => target));
  await eventually(
    'a note on each incident',
    () => ids.every((id) => made('note added').has(id)),
    85_000,
  ).finally(() =>
    console.info(
      `${made('note added').size} of ${incidents} have begun after ${Date.now() - begun} ms: ` +
        `${pagerDuty.calls.length} requests to PagerDuty, ${slack.calls.length} to Slack`,
    ),
  );

  expect(slack.ledger.filter(({ effect }) => effect === 'channel created')).toHaveLength(incidents);
  const notes = pagerDuty.world.notes.map(({ content }) => content).join('\n');
  expect(notes).not.toMatch(/could not|RateLimited|limits the rate/);
  const runs = await store.listRuns({ limit: 1_000 });
  expect(runs.length).toBeGreaterThanOrEqual(incidents);
  expect(runs.filter(({ state }) => state !== 'running' && state !== 'completed')).toEqual([]);

  const lines = await store.readRecord({ limit: 10_000 });
  const failures = lines.filter(({ action }) => action === 'activity.failed');
  const classes = failures.map(({ detail }) => (detail.failure as { class: string }).class);
  expect(new Set(classes)).toEqual(new Set(['RateLimited']));
  const said = (provider: RegExp) =>
    failures.filter(({ detail }) => provider.test((detail.failure as { message: string }).message)).length;
  // Those that waited were sent away before they asked. Only Slack's methods are asked until Slack says no.
  console.info(
    `${failures.length} attempts came too early: ${said(/PagerDuty/)} at PagerDuty, ${said(/Slack/)} at Slack`,
  );
  const refused = failures.filter(({ detail }) => /limits the rate/.test(JSON.stringify(detail)));
  expect(refused.filter(({ detail }) => /PagerDuty/.test(JSON.stringify(detail.failure)))).toEqual([]);
  expect(refused.length).toBeLessThan(incidents);
}, 120_000);
