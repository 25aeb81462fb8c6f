import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usualLimits } from '../../server/watchdog/limits.ts';
import { acknowledgeAs, raiseIncident } from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  const limits = { ...usualLimits, round: 0.1, calm: 0.5, subscriptionRound: 0.2, subscriptionHeld: 0.3 };
  world = await startWorld({ triggers: [productionIncident], watchedBy: limits });
});
afterAll(() => world.close());

const raise = (title: string) => raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
const run = (id: string) => world.run(`production-incident/${id}`);
const subscription = () => {
  const [own] = world.pagerDuty.world.subscriptions;
  if (!own) throw new Error('There is no subscription');
  return own;
};
const alert = (what = 'Disabled') =>
  world.pagerDuty.world.alerts.find(({ key }) => key === `baton/webhook/${what}/default`);
const enabled = () =>
  world.pagerDuty.ledger.filter(({ effect }) => effect === 'webhook subscription enabled').length;

describe('a webhook subscription that PagerDuty has disabled', () => {
  it('is enabled again, and what it has missed is handled once', async () => {
    const before = raise('Slow before');
    await eventually('the run before', () => run(before));
    subscription().disabled = true;
    const missed = raise('Slow meanwhile');
    acknowledgeAs(world.pagerDuty, before, 'PADALOP');
    await eventually('it to be enabled', () => subscription().disabled === false);
    await eventually('the run of what was missed', () => run(missed));
    await eventually('what came of the incident before', async () =>
      (await world.store.listEvents({ subject: before, limit: 100 })).some(
        ({ type, source, disposition }) =>
          type.endsWith('.acknowledged') &&
          source === '/pagerduty-log/default' &&
          disposition === 'dispatched',
      ),
    );
    await eventually('the gap to be closed', async () => (await world.store.gaps()).length === 0);
    const after = raise('Slow after');
    await eventually('the run after', () => run(after));

    for (const id of [before, missed, after]) expect(await world.runs(id)).toHaveLength(1);
    const told = (await world.store.listEvents({ subject: before, limit: 100 })).filter(({ type }) =>
      type.endsWith('.triggered'),
    );
    expect(told.map(({ disposition }) => disposition).toSorted()).toEqual(['dispatched', 'duplicate']);
    expect(enabled()).toBe(1);
    expect((await world.record('connections')).map(({ action }) => action)).toContain('webhook.enabled');
    expect(alert()).toBeUndefined();
  }, 60_000);

  it('pages where the token may not enable it, until somebody has; meanwhile the log tells what happens', async () => {
    const scopes = ['incidents.read', 'incidents.write', 'webhook_subscriptions.read', 'services.read'];
    world.pagerDuty.world.scopes = scopes;
    subscription().disabled = true;
    const unseen = raise('Slow unseen');
    await eventually('the page', () => alert());
    await eventually('the run of what no webhook tells', () => run(unseen));
    const looks = () => world.pagerDuty.calls.filter(({ path }) => path.startsWith('/log_entries')).length;
    const before = looks();
    await eventually('the log to be read again', () => looks() > before + 1, 30_000);
    const events = await world.store.listEvents({ subject: unseen, limit: 100 });
    expect(events.filter(({ type }) => type.endsWith('.triggered'))).toHaveLength(1);
    expect(alert()?.summary).toContain('webhook_subscriptions.write');
    expect(enabled()).toBe(1);
    subscription().disabled = false;
    await eventually('the page to be taken back', () => alert()?.status === 'resolved');
    await eventually('all to be well', async () => (await world.store.listWatched()).length === 0);
  }, 60_000);
});

describe('a webhook subscription that somebody has deleted', () => {
  it('pages until there is one again; meanwhile the log tells what happens', async () => {
    const { subscriptions } = world.pagerDuty.world;
    const own = subscription();
    subscriptions.length = 0;
    const unseen = raise('Slow unheard');
    await eventually('the page', () => alert('Missing'));
    await eventually('the run of what no webhook tells', () => run(unseen));
    expect(subscriptions).toEqual([]);
    subscriptions.push(own);
    await eventually('the page to be taken back', () => alert('Missing')?.status === 'resolved');
    await eventually('all to be well', async () => (await world.store.listWatched()).length === 0);
    expect(await world.runs(unseen)).toHaveLength(1);
  }, 60_000);
});
