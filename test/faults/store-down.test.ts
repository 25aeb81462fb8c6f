import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { pagerDutyWebhook } from '../../simulator/pagerduty-webhooks.ts';
import { startPostgres, type TestPostgres } from '../store/postgres.ts';
import { eventually, startWorld, type World } from '../world.ts';

const postgres: TestPostgres | undefined = await startPostgres();
if (!postgres?.faults) console.warn('No PostgreSQL of our own here: the outage of the store is not tested');

describe.skipIf(!postgres?.faults)('PostgreSQL stopped', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ databaseUrl: await postgres?.newDatabase() });
  });
  afterAll(async () => {
    await world.close();
    await postgres?.stop();
  });

  const post = async (id: string) => {
    const event = {
      id,
      event_type: 'pagey.ping',
      occurred_at: '2026-11-20T09:00:00.000Z',
      data: { message: 'hi', type: 'ping' },
    };
    const { headers, body } = pagerDutyWebhook(simulatedWebhookSecret, event);
    const begun = Date.now();
    const answer = await fetch(`${world.server.url}/webhooks/pagerduty`, { method: 'POST', headers, body });
    await answer.body?.cancel();
    return {
      status: answer.status,
      retryAfter: answer.headers.get('retry-after'),
      milliseconds: Date.now() - begun,
    };
  };

  it('is answered 503 with Retry-After within 2.5 s, and what is sent again is stored once it is back', async () => {
    expect((await post('BEFORE')).status).toBe(202);
    await postgres?.faults?.crash();
    const refused = await post('DURING');
    expect(refused).toMatchObject({ status: 503, retryAfter: '5' });
    expect(refused.milliseconds).toBeLessThan(2_500);
    const ready = await fetch(`${world.server.url}/readyz`);
    await ready.body?.cancel();
    expect(ready.status).toBe(503);
    await postgres?.faults?.restart();
    await eventually('it to be stored', async () => (await post('DURING')).status === 202);
    await eventually(
      'it to be settled',
      async () => (await world.store.findEvent('DURING'))?.disposition === 'ignored',
    );
    const id = raiseIncident(world.pagerDuty, { title: 'Search down', service: 'Search' });
    await eventually('a run from end to end', () =>
      world.pagerDuty.world.notes.some(({ incidentId }) => incidentId === id),
    );
  });
});
