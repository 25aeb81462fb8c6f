import { setTimeout as pause } from 'node:timers/promises';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { budgetOf } from '../../../activities/budget.ts';
import { prioritizeAs } from '../../../simulator/pagerduty.ts';
import { productionIncident } from '../../../triggers/production-incident.ts';
import { severityRaisedTrigger } from '../../../triggers/severity-raised.ts';
import { handled, type Part, parts, timesOf } from '../../fixtures/handled.ts';
import { raiseApart } from '../../fixtures/raise-apart.ts';
import { often } from '../../nightly.ts';
import { startPostgres, type TestPostgres } from '../../store/postgres.ts';
import { workflowBundle } from '../../temporal.ts';
import { startWorkerBeside, startWorld, type World } from '../../world.ts';

const incidents = often(500, 1_000);
const stormMs = 58_000;
/** From the webhook on. */
const handledWithinMs = 10_000;

let postgres: TestPostgres | undefined;
let world: World;
let second: Awaited<ReturnType<typeof startWorkerBeside>>;
/** Its own, as another process has: Temporal takes two workers of a queue by two connections. */
let connection: NativeConnection;
beforeAll(async () => {
  // Some thousand attempts are sent away, and each would be told at length.
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  postgres = await startPostgres();
  // The limits of PagerDuty and Slack are the real ones.
  world = await startWorld({
    databaseUrl: postgres?.url,
    limitedAt: { timeScale: 1 },
    triggers: [productionIncident, severityRaisedTrigger],
  });
  connection = await NativeConnection.connect({ address: world.temporal.address });
  second = await startWorkerBeside(world, workflowBundle(), {
    connection,
    budget: budgetOf(world.store.leaseRequests),
  });
}, 60_000);
afterAll(async () => {
  await second.stop();
  await connection.close();
  await world.close();
  await postgres?.stop();
}, 60_000);

it(`among ${incidents} incidents within a minute a P1 is handled within 10 s`, async () => {
  const { pagerDuty } = world;
  const began = performance.now();
  const others: string[] = [];
  const raise = () => others.push(raiseApart(pagerDuty, 'Search p99 latency above 2 s', 'P3'));
  const storm = (async () => {
    for (let index = 0; index < incidents; index += 1) {
      await pause(Math.max(0, began + (index * stormMs) / incidents - performance.now()));
      raise();
    }
  })();
  const untilSecond = (seconds: number) => pause(began + seconds * 1000 - performance.now());

  await untilSecond(20);
  raise();
  const ordinary = timesOf(world, others.at(-1) ?? '', handledWithinMs);
  const born = timesOf(world, raiseApart(pagerDuty, 'Checkout is down', 'P1'), handledWithinMs);
  await untilSecond(35);
  // It came ten seconds ago, and waits for its room as all others do by then.
  const later = others[Math.round((25_000 / stormMs) * incidents)] ?? '';
  const before = handled(world, later);
  prioritizeAs(pagerDuty, later, 'P1', 'PADALOP');
  const raised = timesOf(world, later, handledWithinMs);
  const times = { born: await born, raised: await raised, ordinary: await ordinary };
  await storm;

  const count = (part: Part) => others.filter((id) => handled(world, id)[part]).length;
  console.info(
    `In milliseconds: a P1 ${JSON.stringify(times.born)}, one that became P1 ${JSON.stringify(times.raised)}, another that came with the ` +
      `first ${JSON.stringify(times.ordinary)}. Of ${others.length} others ${count('room')} have a room, ${count('issue')} an issue, ` +
      `${count('note')} a note after ${Math.round((performance.now() - began) / 1000)} s`,
  );
  expect(before.room).toBe(false);
  expect(times.ordinary).not.toHaveProperty('room');
  for (const each of [times.born, times.raised]) {
    expect(Object.keys(each).sort()).toEqual(parts);
    expect(Math.max(...Object.values(each))).toBeLessThan(handledWithinMs);
  }
}, 120_000);
