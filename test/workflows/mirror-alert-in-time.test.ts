import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveAs } from '../../simulator/pagerduty.ts';
import { monitorAlertBy } from '../../triggers/monitor-alert.ts';
import { monitorList } from '../../triggers/monitors.ts';
import type { Monitor } from '../../workflows/kit/monitor.ts';
import { mirrorAlert } from '../../workflows/mirror-alert.ts';
import { signedMemo } from '../authority.ts';
import { addNamed } from '../named-connections.ts';
import { startTestTemporal } from '../temporal.ts';
import { eventually, startWorld, type World } from '../world.ts';

const token = 'a-token-of-the-monitor';
const orders: Monitor = {
  name: 'orders',
  connection: 'default',
  from: { source: 'monitor' },
  normalFor: '5 minutes',
};

/** By our own clock. */
let world: World;
beforeAll(async () => {
  world = await startWorld({
    temporal: await startTestTemporal({ settings: ['limit.historyCount.suggestContinueAsNew=40'] }),
    env: { BATON_SIMULATED_TIME_SCALE: '100' },
    triggers: [monitorAlertBy(monitorList([orders]))],
  });
  await addNamed(world.connections, 'monitor', 'http', { HTTP_WEBHOOK_TOKENS: token });
});
afterAll(async () => {
  await world.close();
  await world.temporal.teardown();
});

describe('a condition', () => {
  it('that is read for long goes on with a new history, and is raised once all the same', async () => {
    const answer = (depth: number) => {
      world.service.world.resources['/long'] = {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ depth }),
      };
    };
    answer(7);
    const url = `${world.service.url}/long`;
    const monitor: Monitor = {
      name: 'long',
      connection: 'default',
      from: { every: '100 milliseconds', reads: [{ target: 'depth', url, path: 'depth' }] },
      limits: { error: 5 },
      normalFor: '1 second',
    };
    const [workflowId, input] = ['monitor-long/1', { monitor, condition: '' }];
    const handle = await world.temporal.client.workflow.start(mirrorAlert, {
      workflowId,
      taskQueue: 'baton',
      memo: signedMemo({ workflowId, workflow: 'mirrorAlert', input }, { trigger: 'monitor-long' }),
      args: [input],
    });
    const first = (await handle.describe()).runId;
    await eventually('a new history', async () => (await handle.describe()).runId !== first, 30_000);
    answer(1);
    await eventually('its end', async () => (await handle.describe()).status.name === 'COMPLETED');
    const taken = world.pagerDuty.calls
      .filter(({ path }) => path.includes('/v2/enqueue'))
      .map(({ body }) => JSON.parse(body).event_action);
    expect(taken).toEqual(['trigger', 'resolve']);
  }, 60_000);

  it('whose alert is resolved at PagerDuty before it was ever looked at is left alone, as the webhook tells', async () => {
    await fetch(`${world.server.url}/webhooks/http/monitor`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ subject: 'soon', severity: 'warning' }),
    });
    const key = 'baton/mirrorAlert/orders/soon';
    const { id } = await eventually('the incident', () =>
      world.pagerDuty.world.incidents.find((each) => each.key === key),
    );
    resolveAs(world.pagerDuty, id, 'PBENOKA');
    await eventually('it to be left alone', async () => {
      const lines = await world.store.readRecord({ subject: 'http/monitor/soon', limit: 100 });
      return lines.some(({ detail }) => JSON.stringify(detail).includes('is resolved at PagerDuty'));
    });
  });
});
