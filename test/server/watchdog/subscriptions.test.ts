import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../../log/log.ts';
import { usualLimits as limits } from '../../../server/watchdog/limits.ts';
import { type Subscription, subscriptionDisabled } from '../../../server/watchdog/subscriptions.ts';
import { fakeClock } from './watching.ts';

const url = 'https://baton.example.com/webhooks/pagerduty';
const lastAt = '2026-11-26T09:50:00.000Z';

/** Accounts whose subscriptions are as the test says. */
function watched(all: Record<string, Partial<Subscription>[]>, { isPulled = false, hasSecret = true } = {}) {
  const clock = fakeClock();
  const accounts = Object.fromEntries(
    Object.entries(all).map(([name, given]) => [
      name,
      given.map((each): Subscription => ({ id: 'P1', url, active: true, disabled: false, ...each })),
    ]),
  );
  const enabled: string[] = [];
  const gaps: string[] = [];
  const recorded: unknown[] = [];
  const fault: { list?: Error; enable?: Error } = {};
  const { find } = subscriptionDisabled({
    subscriptions: {
      async list(connection) {
        if (fault.list) throw fault.list;
        return accounts[connection] ?? [];
      },
      async enable(connection, id) {
        if (fault.enable) throw fault.enable;
        enabled.push(`${connection} ${id}`);
        for (const each of accounts[connection] ?? []) if (each.id === id) each.disabled = false;
      },
    },
    accounts: async () => Object.keys(accounts),
    takesWebhooks: async () => hasSecret,
    publicUrl: 'https://baton.example.com/',
    isPulled,
    store: {
      append: async (entries) => void recorded.push(...entries),
      leaveGap: async (connection, since) => void gaps.push(`${connection} ${since}`),
      lastReceivedAt: async (source) => (source === '/pagerduty/default' ? lastAt : undefined),
    },
    limits,
    log: createLog((text) => text, { level: 'silent' }),
    now: clock.now,
  });
  const keys = async () => (await find(new AbortController().signal))?.map(({ key }) => key);
  return { accounts, clock, enabled, gaps, recorded, fault, keys, find };
}
const disabled = { disabled: true };
const key = 'baton/webhook/Disabled/default';
const missing = 'baton/webhook/Missing/default';

describe('a webhook subscription', () => {
  it('that PagerDuty has disabled is enabled again, and the gap since the last webhook is left to be read', async () => {
    const { keys, enabled, gaps, recorded } = watched({
      default: [disabled, { id: 'P2', url: 'https://other.example.com/hook', disabled: true }],
      eu: [{ id: 'P3', url: `${url}/eu/`, disabled: true }],
    });
    expect(await keys()).toEqual([]);
    expect(enabled.toSorted()).toEqual(['default P1', 'eu P3']);
    // Before and after: whatever comes in between is in one of the two.
    expect(gaps.toSorted()).toEqual([
      'default 2026-11-26T09:49:00.000Z',
      'default 2026-11-26T09:49:00.000Z',
      'eu 2026-11-26T09:50:00.000Z',
      'eu 2026-11-26T09:50:00.000Z',
    ]);
    expect(recorded).toContainEqual(
      expect.objectContaining({
        action: 'webhook.enabled',
        actor: 'baton',
        detail: { connection: 'default', subscription: 'P1' },
      }),
    );
    expect(await keys()).toEqual([]);
    expect(enabled).toHaveLength(2);
  });

  it('leaves no gap where the log is pulled anyhow', async () => {
    const { keys, enabled, gaps } = watched({ default: [disabled] }, { isPulled: true });
    await keys();
    expect([enabled, gaps]).toEqual([['default P1'], []]);
  });

  it('that stays disabled pages and says why, until it is enabled by whomever', async () => {
    const { accounts, fault, find, keys, gaps } = watched({ default: [disabled] });
    const message = 'PagerDuty refused (403): the token lacks the scope webhook_subscriptions.write';
    fault.enable = ApplicationFailure.nonRetryable(message, 'ProviderRefused');
    expect(await find(new AbortController().signal)).toMatchObject([
      { key, summary: expect.stringContaining(message), severity: 'critical' },
    ]);
    expect(gaps).toHaveLength(1);
    accounts.default = [{ id: 'P1', url, active: true, disabled: false }];
    expect(await keys()).toEqual([]);
  });

  it('that is disabled again and again pages: its webhooks are refused', async () => {
    const { accounts, clock, keys } = watched({ default: [disabled] });
    const again = () => {
      clock.pass(120);
      accounts.default = [{ id: 'P1', url, active: true, disabled: true }];
    };
    expect(await keys()).toEqual([]);
    again();
    expect(await keys()).toEqual([]);
    again();
    expect(await keys()).toEqual([key]);
    expect(await keys()).toEqual([key]);
    clock.pass(3_600);
    expect(await keys()).toEqual([]);
  });

  it('that somebody has switched off pages, and is left so', async () => {
    const { enabled, keys } = watched({ default: [{ active: false }] });
    expect(await keys()).toEqual([key]);
    expect(enabled).toEqual([]);
  });

  it('that was deleted, or leads elsewhere, pages until there is one again, and none is made', async () => {
    const { accounts, enabled, find, gaps, keys } = watched({ default: [{}], eu: [{ url: `${url}/eu` }] });
    expect(await keys()).toEqual([]);
    accounts.default = [{ id: 'P2', url: 'https://other.example.com/hook', active: true, disabled: true }];
    accounts.eu = [];
    expect(await find(new AbortController().signal)).toMatchObject([
      { key: missing, severity: 'critical', summary: expect.stringContaining(`leads to ${url}, so`) },
      { key: 'baton/webhook/Missing/eu', summary: expect.stringContaining(`leads to ${url}/eu, so`) },
    ]);
    expect(gaps).toEqual(['default 2026-11-26T09:49:00.000Z', 'eu 2026-11-26T09:50:00.000Z']);
    accounts.default = [{ id: 'P3', url, active: true, disabled: false }];
    accounts.eu = [{ id: 'P4', url: `${url}/eu`, active: true, disabled: false }];
    expect(await keys()).toEqual([]);
    expect(enabled).toEqual([]);
  });

  it('is not missed where the webhook has no secret', async () => {
    const { keys, gaps } = watched({ default: [] }, { hasSecret: false });
    expect([await keys(), gaps]).toEqual([[], []]);
  });

  it('that is missing stays so while PagerDuty does not answer', async () => {
    const { fault, keys } = watched({ default: [] });
    expect(await keys()).toEqual([missing]);
    fault.list = ApplicationFailure.retryable('PagerDuty is unavailable (503)', 'ProviderUnavailable');
    expect(await keys()).toEqual([missing]);
  });

  it('of an account whose token may not list them is left to doctor', async () => {
    const { fault, keys } = watched({ default: [disabled] });
    fault.list = ApplicationFailure.nonRetryable('PagerDuty refused (403): Access Denied', 'ProviderRefused');
    expect(await keys()).toEqual([]);
  });

  it('stays what it was while PagerDuty does not answer', async () => {
    const { fault, keys } = watched({ default: [{ active: false }] });
    await keys();
    fault.list = ApplicationFailure.retryable('PagerDuty is unavailable (503)', 'ProviderUnavailable');
    expect(await keys()).toEqual([key]);
  });
});
