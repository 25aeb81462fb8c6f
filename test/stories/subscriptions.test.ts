import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allConnections } from '../../processes/connections.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineSubscription } from '../../triggers/subscription.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { startServing } from '../activities/run.ts';
import { clientsFor } from '../clients.ts';
import { addNamed } from '../named-connections.ts';
import { testBundle } from '../temporal.ts';
import { toldIn } from '../watched-server.ts';
import { loadTest } from '../workflows/fixture/calling-back.ts';
import { eventually, startServerBeside, startWorkerBeside, startWorld, type World } from '../world.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** Where the load test is run: known once the test has begun. */
let testerUrl = '';
const tests = defineTrigger({
  name: 'load-test',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: loadTest,
  input: () => ({ url: testerUrl }),
});
const told = defineSubscription({
  name: 'chronicle',
  types: ['run.*', 'activity.scheduled', 'activity.started', 'activity.completed'],
  services: ['Checkout'],
  connection: 'chronicle',
});
const policies = { pages: [], journal: [], subscriptions: [told] };

let bundle: ReturnType<typeof testBundle>;
let world: World;
beforeAll(async () => {
  bundle = testBundle();
  const env = { HTTP_ALLOWED_HOSTS: '127.0.0.1' };
  world = await startWorld({ bundle, triggers: [tests], policies, env });
});
afterAll(() => world.close());

it('a run has something done elsewhere, waits for it through a restart of worker and server, and a subscriber hears of it all', async () => {
  const tester = await startServing(() => ({ status: 202 }));
  const chronicle = await startServing(() => ({ status: 200 }));
  testerUrl = tester.url;
  await addNamed(world.connections, 'chronicle', 'http', {
    HTTP_SUBSCRIBER_URL: chronicle.url,
    HTTP_SUBSCRIBER_SECRETS: secret,
    HTTP_ALLOWED_HOSTS: '127.0.0.1',
  });
  await eventually(
    'the subscription to begin',
    async () => (await world.store.subscriptionStates()).length > 0,
  );
  const id = raiseIncident(world.pagerDuty, { title: 'p99 up', service: 'Checkout' });
  const asked = await eventually('the tester to be asked', () => tester.heard[0]);
  const { url: address } = JSON.parse(asked.body).notify;
  await Promise.all([world.worker.stop(), world.server.stop()]);
  const server = await startServerBeside(world, { triggers: [tests] });
  const called = await fetch(new URL(new URL(address).pathname, server.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"result":"pass","score":97}',
  });
  expect(called.status).toBe(202);
  const worker = await startWorkerBeside(world, bundle);
  const run = await eventually('the run to end', async () => {
    const found = await world.run(`load-test/${id}`);
    return found?.endedAt ? found : undefined;
  });
  expect(run.outcome).toBe('pass 97');
  await server.stop();
  // The server that comes next tells what was written meanwhile.
  const clients = clientsFor(world.env, allConnections(world.env, world.connections));
  const next = await startServerBeside(world, { triggers: [tests], told: toldIn(policies, clients) });
  // A delivery may come twice, under one id, and in any order.
  const heard = () =>
    new Map(chronicle.heard.map(({ headers, ...each }) => [headers['webhook-id'], { headers, ...each }]));
  await eventually('the subscriber to be told of the end', () => heard().size >= 5);
  const events = [...heard().values()].map(({ body, headers }) =>
    new Webhook(secret).verify(body, headers as Record<string, string>),
  ) as { type: string; data: Record<string, unknown> }[];
  expect(events.map(({ type }) => type).sort()).toEqual([
    'baton.activity.completed',
    'baton.activity.scheduled',
    'baton.activity.started',
    'baton.run.completed',
    'baton.run.started',
  ]);
  expect(events.find(({ type }) => type === 'baton.run.completed')?.data).toMatchObject({
    run: `load-test/${id}`,
    workflow: 'loadTest',
    outcome: 'pass 97',
    service: { name: 'Checkout' },
    incident: { id, title: 'p99 up' },
  });
  const token = address.split('/').at(-1);
  const record = JSON.stringify(await world.store.readRecord({ limit: 1_000 }));
  for (const text of [record, world.log.join(), JSON.stringify(chronicle.heard)])
    expect(text).not.toContain(token);
  await next.stop();
  await worker.stop();
});
