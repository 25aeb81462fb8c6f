import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { simulatedToken } from '../../simulator/pagerduty/world.ts';
import {
  acknowledgeAs,
  type PagerDutyOptions,
  pagerDutyEnvironment,
  raiseIncident,
  resolveAs,
  simulatedWebhookSecret,
  startPagerDuty,
} from '../../simulator/pagerduty.ts';
import { pagerDutyWebhook } from '../../simulator/pagerduty-webhooks.ts';

const secret = simulatedWebhookSecret;
const slow = { title: 'p99 latency above 2 s', service: 'Checkout' };

interface Delivery {
  headers: Record<string, unknown>;
  body: string;
  event: { id: string; event_type: string; data: Record<string, unknown>; agent: { id: string } };
}

/** A receiver that answers with the given statuses in turn, then 202. */
async function startReceiver(statuses: number[] = []) {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      deliveries.push({ headers: request.headers, body, event: JSON.parse(body).event });
      response.writeHead(statuses.shift() ?? 202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/pagerduty`;
  const arrived = (count: number) =>
    vi.waitFor(() => expect(deliveries.map(({ event }) => event.event_type)).toHaveLength(count), 5000);
  return { url, deliveries, arrived, types: () => deliveries.map(({ event }) => event.event_type) };
}

async function start(options: PagerDutyOptions = {}) {
  const simulator = await startPagerDuty(options);
  onTestFinished(() => simulator.close());
  return simulator;
}

describe('the simulated PagerDuty’s webhooks', () => {
  it('are signed over their bytes and tell what PagerDuty tells', async () => {
    const { url, deliveries, arrived } = await startReceiver();
    const simulator = await start({ webhook: { url, secret } });
    const incidentId = raiseIncident(simulator, {
      ...slow,
      alert: { key: 'k1', severity: 'critical', summary: 's', details: {} },
    });
    await arrived(1);
    const [{ headers, body, event } = expect.fail('no delivery')] = deliveries;
    const hmac = createHmac('sha256', secret).update(body).digest('hex');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'PagerDuty-Webhook/V3.0',
      'x-pagerduty-signature': `v1=${hmac}`,
      'x-webhook-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-webhook-subscription': expect.any(String),
    });
    expect(incidentId).toMatch(/^Q[0-9A-Z]{13}$/);
    expect(event).toMatchObject({
      id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      event_type: 'incident.triggered',
      resource_type: 'incident',
      agent: { id: 'PCHECKO', type: 'service_reference' },
      data: {
        id: incidentId,
        type: 'incident',
        number: 4211,
        status: 'triggered',
        incident_key: 'k1',
        title: slow.title,
        service: { id: 'PCHECKO', summary: 'Checkout' },
        assignees: [{ id: 'PADALOP' }],
        urgency: 'high',
        priority: null,
      },
    });
  });

  it('arrive in order for an incident, those behind waiting while one is tried again', async () => {
    const { url, arrived, deliveries, types } = await startReceiver([503, 429]);
    const simulator = await start({ webhook: { url, secret } });
    const incidentId = raiseIncident(simulator, slow);
    acknowledgeAs(simulator, incidentId, 'PADALOP');
    resolveAs(simulator, incidentId, 'PADALOP');
    await arrived(5);
    const triggered = 'incident.triggered';
    expect(types()).toEqual([triggered, triggered, triggered, 'incident.acknowledged', 'incident.resolved']);
    const ids = deliveries.map(({ headers }) => headers['x-webhook-id']);
    expect(new Set(ids).size).toBe(3);
  });

  it('are dropped and counted on another 4xx, and end after three in a row', async () => {
    const { url, arrived, types } = await startReceiver([403, 403, 403]);
    const simulator = await start({ webhook: { url, secret } });
    const incidentId = raiseIncident(simulator, slow);
    acknowledgeAs(simulator, incidentId, 'PADALOP');
    resolveAs(simulator, incidentId, 'PADALOP');
    await arrived(3);
    await vi.waitFor(() =>
      expect(simulator.world.subscriptions).toMatchObject([{ dropped: 3, disabled: true }]),
    );
    raiseIncident(simulator, slow);
    expect(simulator.world.pendingWebhooks).toEqual([]);
    expect(types()).toHaveLength(3);
  });

  it('go where the control address says', async () => {
    const { url, arrived } = await startReceiver();
    const simulator = await start();
    const body = JSON.stringify({ subscriptions: [{ url, secret }] });
    await fetch(`${simulator.url}/_simulator/world`, { method: 'PUT', body });
    raiseIncident(simulator, slow);
    await arrived(1);
  });

  it('survive a restart in the queue', async () => {
    const stateFile = join(mkdtempSync(join(tmpdir(), 'pagerduty-')), 'state.json');
    const webhook = { url: 'http://127.0.0.1:1/webhooks/pagerduty', secret };
    const first = await startPagerDuty({ stateFile, webhook });
    const incidentId = raiseIncident(first, slow);
    await first.close();

    const { url, arrived, deliveries } = await startReceiver();
    const second = await start({ stateFile, webhook: { url, secret } });
    await arrived(1);
    expect(deliveries[0]?.event.data.id).toBe(incidentId);
    await vi.waitFor(() => expect(second.world.pendingWebhooks).toEqual([]));
  });

  it('can be made for any event, by the public rule', () => {
    const event = { id: '01HXPING0000000000000000AA', event_type: 'pagey.ping' };
    const { headers, body } = pagerDutyWebhook(secret, event);
    expect(JSON.parse(body)).toEqual({ event });
    expect(headers['x-pagerduty-signature']).toBe(
      `v1=${createHmac('sha256', secret).update(body).digest('hex')}`,
    );
  });
});

describe('the simulated PagerDuty', () => {
  const headers = { authorization: `Token token=${simulatedToken}`, from: 'ada@example.com' };
  const acknowledged = JSON.stringify({ incident: { type: 'incident_reference', status: 'acknowledged' } });

  it('reopens a resolved incident that is acknowledged, as the real one does', async () => {
    const { url, arrived, types } = await startReceiver();
    const simulator = await start({ webhook: { url, secret } });
    const incidentId = raiseIncident(simulator, slow);
    resolveAs(simulator, incidentId, 'PBENOKA');
    const put = { method: 'PUT', headers, body: acknowledged };
    const answer = await fetch(`${simulator.url}/incidents/${incidentId}`, put);
    expect(answer.status).toBe(200);
    expect(simulator.world.incidents).toMatchObject([{ status: 'acknowledged', assigneeIds: ['PADALOP'] }]);
    await arrived(4);
    expect(types().slice(2)).toEqual(['incident.reopened', 'incident.acknowledged']);
  });

  it('takes the same note twice', async () => {
    const simulator = await start();
    const incidentId = raiseIncident(simulator, slow);
    const post = { method: 'POST', headers, body: JSON.stringify({ note: { content: 'hello' } }) };
    for (const _ of [1, 2]) await fetch(`${simulator.url}/incidents/${incidentId}/notes`, post);
    expect(simulator.ledger.map(({ effect }) => effect)).toEqual(['note added', 'note added']);
  });

  it.each([
    ['no token', {}, 401, 2006],
    ['another form of token', { authorization: `Bearer ${simulatedToken}` }, 401, 2006],
    ['no From', { authorization: headers.authorization }, 400, 2011],
    ['an unknown From', { ...headers, from: 'nobody@example.com' }, 400, 1008],
  ])('refuses a write with %s', async (_, sent, status, code) => {
    const simulator = await start();
    const incidentId = raiseIncident(simulator, slow);
    const put = { method: 'PUT', headers: sent as Record<string, string>, body: acknowledged };
    const answer = await fetch(`${simulator.url}/incidents/${incidentId}`, put);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code } });
    expect(simulator.ledger).toEqual([]);
  });

  it('keeps acts of people off the ledger', async () => {
    const simulator = await start();
    const incidentId = raiseIncident(simulator, slow);
    acknowledgeAs(simulator, incidentId, 'PADALOP');
    expect(simulator.ledger).toEqual([]);
  });

  it('gives the settings that connect Baton to it', () => {
    expect(pagerDutyEnvironment('http://127.0.0.1:9')).toMatchObject({
      PAGERDUTY_API_URL: 'http://127.0.0.1:9',
      PAGERDUTY_EVENTS_URL: 'http://127.0.0.1:9/events',
    });
  });
});
