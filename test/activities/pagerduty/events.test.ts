import { describe, expect, it } from 'vitest';
import { listPagerDutyAlerts } from '../../../activities/pagerduty/list-alerts.ts';
import { listPagerDutyRelatedChanges } from '../../../activities/pagerduty/list-related-changes.ts';
import { raisePagerDutyAlert } from '../../../activities/pagerduty/raise-alert.ts';
import { sendPagerDutyChangeEvent } from '../../../activities/pagerduty/send-change-event.ts';
import {
  acknowledgePagerDutyAlert,
  resolvePagerDutyAlert,
} from '../../../activities/pagerduty/settle-alert.ts';
import { raiseIncident } from '../../../simulator/pagerduty.ts';
import { effects, startAccount } from './account.ts';

const dedupKey = 'baton/run-1';
const alert = { dedupKey, summary: 'The run failed', source: 'baton', severity: 'error' } as const;

describe('alerts', () => {
  it('are raised once, also when the connection is cut after the first time', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'cut-after' });
    await expect(run(raisePagerDutyAlert, alert)).rejects.toMatchObject({ type: 'ProviderUnavailable' });
    expect(await run(raisePagerDutyAlert, alert, { number: 2 })).toEqual({ changed: true, dedupKey });
    expect(effects(simulator)).toEqual(['alert raised']);
    expect(simulator.world.incidents).toMatchObject([
      { key: dedupKey, urgency: 'high', status: 'triggered' },
    ]);
  });

  it('keep a summary that is too long in the details', async () => {
    const { simulator, run } = await startAccount();
    const summary = `${'x'.repeat(1022)}😀 and more`;
    await run(raisePagerDutyAlert, { ...alert, summary, details: { pod: 'checkout-1' } });
    const incidentId = simulator.world.incidents[0]?.id ?? '';
    const { alerts } = await run(listPagerDutyAlerts, { incidentId });
    expect(alerts).toMatchObject([
      { summary: `${'x'.repeat(1022)}…`, details: { pod: 'checkout-1', summary } },
    ]);
  });

  it('stay below PagerDuty’s 512 KB, whatever the details', async () => {
    const { simulator, run } = await startAccount();
    await run(raisePagerDutyAlert, { ...alert, details: { dump: '✅'.repeat(500_000) } });
    const sent = simulator.calls.at(-1)?.body ?? '';
    expect(Buffer.byteLength(sent)).toBeLessThan(512 * 1024);
    expect(simulator.world.alerts).toMatchObject([{ details: { truncated: true } }]);
  });

  it('are acknowledged and resolved by their key, and the incident with the last one', async () => {
    const { simulator, run } = await startAccount();
    await run(raisePagerDutyAlert, alert);
    await run(acknowledgePagerDutyAlert, { dedupKey });
    expect(simulator.world.incidents).toMatchObject([{ status: 'acknowledged' }]);
    await run(resolvePagerDutyAlert, { dedupKey });
    expect(simulator.world.incidents).toMatchObject([{ status: 'resolved' }]);
    await run(resolvePagerDutyAlert, { dedupKey }, { number: 2 });
    expect(effects(simulator)).toEqual(['alert raised', 'alert acknowledged', 'alert resolved']);
  });

  it('are refused with PagerDuty’s words when the key leads nowhere', async () => {
    const { run } = await startAccount({ PAGERDUTY_ROUTING_KEY: 'a'.repeat(32) });
    await expect(run(raisePagerDutyAlert, alert)).rejects.toMatchObject({
      type: 'ProviderRefused',
      message: 'PagerDuty refused (400): Invalid routing key',
    });
  });
});

describe('change events', () => {
  const change = { summary: 'Restarted checkout', details: { namespace: 'shop' }, serviceId: 'PCHECKO' };

  it('are shown beside the service’s incidents', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, { title: 'slow', service: 'Checkout' });
    expect(await run(sendPagerDutyChangeEvent, change)).toEqual({ changed: true });
    expect(await run(listPagerDutyRelatedChanges, { incidentId })).toMatchObject({
      changes: [{ summary: 'Restarted checkout', relation: 'most_recent', details: { namespace: 'shop' } }],
    });
  });

  it('are sent once when the connection is cut after the first time', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'cut-after' });
    await expect(run(sendPagerDutyChangeEvent, change)).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    const uncertainSince = new Date().toISOString();
    const again = await run(sendPagerDutyChangeEvent, change, { number: 2, uncertainSince });
    expect(again).toEqual({ changed: false });
    expect(effects(simulator)).toEqual(['change event added']);
  });

  it('are sent again when the look shows that they did not arrive', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'cut' });
    await expect(run(sendPagerDutyChangeEvent, change)).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    const again = await run(sendPagerDutyChangeEvent, change, {
      number: 2,
      uncertainSince: '2026-11-20T09:00:00Z',
    });
    expect(again).toEqual({ changed: true });
    expect(effects(simulator)).toEqual(['change event added']);
  });

  it('are not repeated where nobody can look, and this is said', async () => {
    const { simulator, run } = await startAccount();
    const uncertain = { number: 2, uncertainSince: '2026-11-20T09:00:00Z' };
    const { serviceId, ...withoutService } = change;
    const unconfirmed = { changed: false, unconfirmed: true };
    expect(await run(sendPagerDutyChangeEvent, withoutService, uncertain)).toEqual(unconfirmed);
    simulator.fail({ kind: 'status', status: 403, match: serviceId });
    expect(await run(sendPagerDutyChangeEvent, change, uncertain)).toEqual(unconfirmed);
    expect(simulator.ledger).toEqual([]);
  });

  it('are repeated without a look when the first was certainly not made', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'status', status: 429 });
    const { serviceId: _, ...withoutService } = change;
    await expect(run(sendPagerDutyChangeEvent, withoutService)).rejects.toMatchObject({
      type: 'RateLimited',
    });
    expect(await run(sendPagerDutyChangeEvent, withoutService, { number: 2 })).toEqual({ changed: true });
    expect(effects(simulator)).toEqual(['change event added']);
  });

  it('need a service’s key', async () => {
    const { simulator, run } = await startAccount({ PAGERDUTY_ROUTING_KEY: `R${'0'.repeat(31)}` });
    await expect(run(sendPagerDutyChangeEvent, change)).rejects.toMatchObject({ type: 'InvalidInput' });
    expect(simulator.calls).toEqual([]);
  });

  it.each([402, 403, 404])('are unavailable, not an error, when PagerDuty answers %i', async (status) => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'status', status });
    const changes = await run(listPagerDutyRelatedChanges, { incidentId: 'Q1' });
    expect(changes).toEqual({ unavailable: `Ordered error ${status}` });
  });
});

describe('the link of an alert to Baton', () => {
  it.each([
    [{ run: 'ec2-unhealthy/PGR0VU2' }, 'https://baton.example.com/runs/ec2-unhealthy/PGR0VU2'],
    [{ run: 'x/<a>?' }, 'https://baton.example.com/runs/x/%3Ca%3E%3F'],
    [{}, 'https://baton.example.com/runs'],
  ])('leads to a page that is there: %j', async (details, url) => {
    const { simulator, run } = await startAccount({ BATON_PUBLIC_URL: 'https://baton.example.com/' });
    await run(raisePagerDutyAlert, {
      dedupKey: 'k',
      summary: 's',
      source: 'baton',
      severity: 'error',
      details,
    });
    const sent = JSON.parse(simulator.calls.at(-1)?.body ?? '{}');
    expect(sent.client_url).toBe(url);
  });
});
