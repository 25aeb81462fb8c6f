import { describe, expect, it } from 'vitest';
import { awaitPagerDutyAlert } from '../../../activities/pagerduty/await-alert.ts';
import { raisePagerDutyAlert } from '../../../activities/pagerduty/raise-alert.ts';
import { resolvePagerDutyAlert } from '../../../activities/pagerduty/settle-alert.ts';
import { startAccount } from './account.ts';

const dedupKey = 'baton/run-1';
const alert = { dedupKey, summary: 'The run failed', source: 'baton', severity: 'error' } as const;
/** The waits of half a minute pass in 3 ms. */
const quick = { BATON_SIMULATED_TIME_SCALE: '10000' };
const triggered = { dedupKey, status: 'triggered' } as const;
const resolved = { dedupKey, status: 'resolved' } as const;

const looks = ({ simulator }: Awaited<ReturnType<typeof startAccount>>) =>
  simulator.calls.filter(({ path }) => path.startsWith('/incidents?')).length;

describe('an alert that is looked for', () => {
  it('is confirmed by the first look that sees it', async () => {
    const account = await startAccount(quick);
    await account.run(raisePagerDutyAlert, alert);
    expect(await account.run(awaitPagerDutyAlert, triggered)).toEqual({
      confirmed: true,
      readable: true,
      reason: 'it is on the service Checkout',
    });
    expect(looks(account)).toBe(1);
  });

  it('is not confirmed after four looks where PagerDuty took the event and dropped it', async () => {
    const account = await startAccount(quick);
    account.simulator.fail({ kind: 'status', status: 202, match: '/v2/enqueue', times: 1 });
    expect(await account.run(raisePagerDutyAlert, alert)).toMatchObject({ changed: true });
    expect(await account.run(awaitPagerDutyAlert, triggered)).toMatchObject({
      confirmed: false,
      readable: true,
      reason: expect.stringContaining('did not show up'),
    });
    expect(looks(account)).toBe(4);
  });

  it('is seen to be open still where its resolve was dropped, and then to be resolved', async () => {
    const { run, simulator } = await startAccount(quick);
    await run(raisePagerDutyAlert, alert);
    simulator.fail({ kind: 'status', status: 202, match: '/v2/enqueue', times: 1 });
    await run(resolvePagerDutyAlert, { dedupKey });
    expect(await run(awaitPagerDutyAlert, resolved)).toEqual({
      confirmed: false,
      readable: true,
      reason: 'it is still open on the service Checkout',
    });
    await run(resolvePagerDutyAlert, { dedupKey });
    expect(await run(awaitPagerDutyAlert, resolved)).toMatchObject({ confirmed: true });
  });

  it('was there where somebody has resolved it since, and not where that was long before', async () => {
    const { run } = await startAccount(quick);
    await run(raisePagerDutyAlert, alert);
    await run(resolvePagerDutyAlert, { dedupKey });
    expect(await run(awaitPagerDutyAlert, triggered)).toMatchObject({ confirmed: false });
    const since = new Date().toISOString();
    expect(await run(awaitPagerDutyAlert, { ...triggered, since })).toMatchObject({ confirmed: true });
    const later = new Date(Date.now() + 3_600_000).toISOString();
    expect(await run(awaitPagerDutyAlert, { ...triggered, since: later })).toMatchObject({
      confirmed: false,
    });
  });

  it('cannot be told of without a token or the right to read, which is an answer', async () => {
    const none = await startAccount({ ...quick, PAGERDUTY_API_TOKEN: undefined });
    expect(await none.run(awaitPagerDutyAlert, triggered)).toMatchObject({
      confirmed: false,
      readable: false,
      reason: expect.stringContaining('PAGERDUTY_API_TOKEN'),
    });
    const refused = await startAccount(quick);
    refused.simulator.fail({ kind: 'status', status: 403, match: 'GET /incidents' });
    expect(await refused.run(awaitPagerDutyAlert, resolved)).toMatchObject({
      confirmed: false,
      readable: false,
    });
    expect(looks(refused)).toBe(1);
  });

  it('is looked for again where PagerDuty was away for a moment', async () => {
    const { run, simulator } = await startAccount(quick);
    await run(raisePagerDutyAlert, alert);
    simulator.fail({ kind: 'status', status: 503, match: 'GET /incidents', times: 2 });
    expect(await run(awaitPagerDutyAlert, triggered)).toMatchObject({ confirmed: true });
  });
});
