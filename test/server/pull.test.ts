import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { budgetOf } from '../../activities/budget.ts';
import { connectClients, environmentConnections } from '../../activities/clients.ts';
import { providers } from '../../activities/providers.ts';
import { createLog } from '../../log/log.ts';
import { pullSource } from '../../processes/pull.ts';
import { type PullOptions, startPulling } from '../../server/pagerduty/pull.ts';
import { createInbox } from '../../server/receiving/inbox.ts';
import {
  acknowledgeAs,
  type PagerDutySimulator,
  pagerDutyEnvironment,
  raiseIncident,
  startPagerDuty,
} from '../../simulator/pagerduty.ts';
import { ownBudgets } from '../../store/changes/budgets.ts';
import type { Store } from '../../store/store.ts';
import { embeddedWorld, type World } from '../store/world.ts';

let world: World;
let store: Store;
let pagerDuty: PagerDutySimulator;
beforeAll(async () => {
  world = await embeddedWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.run('truncate inbox, pulls');
  store = world.newStore();
  pagerDuty = await startPagerDuty();
});
afterEach(() => pagerDuty.close());

/** A server's pulling, of a log on which so many milliseconds are a second of its waits. */
function pull(changes: Partial<PullOptions> & { env?: Record<string, string>; store?: Store } = {}) {
  const env = { ...pagerDutyEnvironment(pagerDuty.url), ...changes.env };
  const clients = connectClients(providers, environmentConnections(env), env);
  const source = pullSource(providers, clients, { pullSeconds: 0.02, env });
  if (!source) throw new Error('PagerDuty has a log');
  const lines: string[] = [];
  const log = createLog((text) => text, {
    level: 'debug',
    destination: { write: (line) => lines.push(line) },
  });
  const own = changes.store ?? store;
  const pulling = startPulling({ source, inbox: createInbox(own, () => {}), log, ...changes, store: own });
  onTestFinished(() => pulling.stop());
  return { pulling, lines, said: (text: string) => lines.filter((line) => line.includes(text)) };
}
const pulled = async () =>
  (await store.listEvents({ limit: 1_000 }))
    .toReversed()
    .map(
      ({ type, disposition }) => `${type.replace(/^pagerduty\./, '')}${disposition ? ` ${disposition}` : ''}`,
    );
const raise = (title = 'Checkout errors') => raiseIncident(pagerDuty, { title, service: 'Search' });
const both = ['incident.triggered', 'log.assign'];
/** As if all of the log had happened so much earlier. */
function age(milliseconds: number) {
  for (const entry of pagerDuty.world.log)
    entry.at = new Date(Date.parse(entry.at) - milliseconds).toISOString();
}
const requests = () => pagerDuty.calls.filter(({ path }) => path.startsWith('/log_entries')).length;
const twoMore = async () => {
  const before = requests();
  await expect.poll(requests).toBeGreaterThan(before + 2);
};

describe('the log of PagerDuty', () => {
  it('comes into the inbox, each entry once and the oldest first, with what is known of the incident', async () => {
    const id = raise();
    pull();
    await expect.poll(pulled).toEqual(both);
    acknowledgeAs(pagerDuty, id, 'PADALOP');
    await expect.poll(pulled).toEqual([...both, 'incident.acknowledged']);
    await twoMore();
    expect(await pulled()).toEqual([...both, 'incident.acknowledged']);
    const [newest] = await store.listEvents({ limit: 1 });
    expect(newest).toMatchObject({
      source: '/pagerduty-log/default',
      subject: id,
      event: {
        agent: { kind: 'person', id: 'PADALOP', name: 'Ada Lopez' },
        data: {
          id,
          status: 'acknowledged',
          title: 'Checkout errors',
          service: { id: 'PSEARCH', name: 'Search' },
        },
      },
    });
  });

  it('is read on from where an earlier process has stopped, whatever happened meanwhile', async () => {
    raise();
    const first = pull();
    await expect.poll(pulled).toEqual(both);
    await first.pulling.stop();
    age(3_600_000);
    await world.run(
      `update pulls set since = to_char((since::timestamptz - interval '1 hour') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
    );
    raise();
    age(1_800_000);
    raise();
    pull({ store: world.newStore() });
    await expect.poll(pulled).toEqual([...both, ...both, ...both]);
  });

  it('is read by one of several servers at a time, and by another one when that has stopped', async () => {
    const servers = [pull(), pull({ store: world.newStore() })];
    raise();
    await expect.poll(pulled).toEqual(both);
    const ages = () => servers.map(({ pulling }) => pulling.states().default?.ageSeconds);
    await expect.poll(ages).toEqual([0, 0]);
    await servers[0]?.pulling.stop();
    raise();
    await expect.poll(pulled).toEqual([...both, ...both]);
  });

  it('is read again after a crash between the entries and the place, and makes nothing new', async () => {
    raise();
    const kept: string[] = [];
    const crashing = {
      ...store,
      keepPull: async () => {
        kept.push('lost');
        return false;
      },
    };
    const { pulling } = pull({ store: crashing });
    await expect.poll(() => kept.length).toBeGreaterThan(1);
    await pulling.stop();
    expect(new Set(await pulled())).toEqual(new Set([...both, ...both.map((each) => `${each} duplicate`)]));
  });

  it.each([
    ['ahead', 7_200_000],
    ['behind', -7_200_000],
    ['days ahead', 90 * 3_600_000],
  ])('loses nothing of what happens from the start on where our clock is %s', async (_, off) => {
    raise();
    age(60_000);
    const { said } = pull({ now: () => Date.now() + off });
    await expect.poll(() => said('is pulled from this time on')).toHaveLength(1);
    raise();
    await expect.poll(pulled).toEqual(expect.arrayContaining(both));
    await twoMore();
    raise('Another one');
    const titles = async () =>
      JSON.stringify((await store.listEvents({ limit: 10 })).map(({ event }) => event));
    await expect.poll(titles).toContain('Another one');
  });

  /** As if the newest incident were dated a day ahead. */
  const dateAhead = (incidentId: string) => {
    for (const entry of pagerDuty.world.log)
      if (entry.incidentId === incidentId)
        entry.at = new Date(Date.parse(entry.at) + 24 * 3_600_000).toISOString();
  };

  it('is read on where an entry is dated a day ahead, which is taken in at once, as of now, and once', async () => {
    const { said } = pull();
    await expect.poll(() => said('is pulled from this time on')).toHaveLength(1);
    const ahead = raise('Dated tomorrow');
    dateAhead(ahead);
    await expect.poll(pulled).toEqual(both);
    await twoMore();
    const next = raise('After it');
    await expect.poll(pulled).toEqual([...both, ...both]);
    acknowledgeAs(pagerDuty, ahead, 'PADALOP');
    await expect.poll(pulled).toEqual([...both, ...both, 'incident.acknowledged']);
    await twoMore();
    expect(await pulled()).toHaveLength(5);
    const events = await store.listEvents({ limit: 10 });
    expect(events.map(({ subject }) => subject).toReversed()).toEqual([ahead, ahead, next, next, ahead]);
    for (const { time } of events) expect(Date.parse(time)).toBeLessThanOrEqual(Date.now() + 30_000);
    expect(said('dated in the future')).toHaveLength(2);
  });

  it('whose newest entry is dated a day ahead at the first start begins some minutes before now', async () => {
    dateAhead(raise('Dated tomorrow'));
    pull();
    await expect.poll(pulled).toEqual(both);
    raise('Just now');
    await expect.poll(pulled).toEqual([...both, ...both]);
  });

  it('is read again where it was read to a time that has not come yet', async () => {
    raise();
    const first = pull();
    await expect.poll(pulled).toEqual(both);
    await first.pulling.stop();
    const ahead = new Date(Date.now() + 3_600_000).toISOString();
    await world.run(`update pulls set since = '${ahead}', seen = '{}'`);
    raise('Meanwhile');
    age(600_000);
    pull();
    await expect
      .poll(async () => (await pulled()).filter((each) => !each.includes('duplicate')))
      .toEqual([...both, ...both]);
    await twoMore();
    expect(await pulled()).toHaveLength(6);
  });

  it('begins some minutes before the first start, and says so', async () => {
    raise('Long ago');
    age(3_600_000);
    raise('Just now');
    const { said } = pull();
    await expect.poll(pulled).toEqual(both);
    expect(said('is pulled from this time on')).toHaveLength(1);
    await twoMore();
    expect(await pulled()).toEqual(both);
  });

  it('that nothing was written to for long begins with what comes next', async () => {
    raise('Long ago');
    age(3_600_000);
    const { said } = pull();
    await expect.poll(() => said('is pulled from this time on')).toHaveLength(1);
    raise('Just now');
    await expect.poll(pulled).toEqual(both);
  });

  it('that cannot be read for a while is waited for, which is said once, and once that it is over', async () => {
    raise();
    pagerDuty.fail({ kind: 'status', match: '/log_entries', status: 503, times: 4 });
    const { said, pulling } = pull();
    await expect.poll(() => said('cannot be read')).toHaveLength(1);
    expect(pulling.states().default).toMatchObject({
      ageSeconds: null,
      failure: expect.stringContaining('503'),
    });
    await expect.poll(pulled, { timeout: 5_000 }).toEqual(both);
    await expect.poll(() => said('can be read again')).toHaveLength(1);
    expect(said('cannot be read')).toHaveLength(1);
    expect(pulling.states().default).toEqual({ ageSeconds: 0 });
  });

  it('of a token that PagerDuty does not know points to the doctor, and does not show the token', async () => {
    const { said, lines } = pull({ env: { PAGERDUTY_API_TOKEN: 'a-token-of-nobody' } });
    await expect.poll(() => said('baton doctor')).toHaveLength(1);
    expect(lines.join('')).not.toContain('a-token-of-nobody');
  });

  it('without a token is not asked for, which is said once', async () => {
    const { said } = pull({ env: { PAGERDUTY_API_TOKEN: '' } });
    await expect.poll(() => said('PAGERDUTY_API_TOKEN')).toHaveLength(1);
    expect(requests()).toBe(0);
  });
});

describe('what is asked of PagerDuty at leisure', () => {
  it('leaves four fifths of the token’s requests to all else', async () => {
    const env = pagerDutyEnvironment(pagerDuty.url);
    const client = await connectClients(
      providers,
      environmentConnections(env),
      env,
      budgetOf(ownBudgets().leaseRequests),
    ).pagerduty('default');
    const { signal } = new AbortController();
    const atLeisure = Array.from({ length: 200 }, () =>
      client.getAtLeisure('/log_entries', { limit: '1' }, signal),
    );
    const outcomes = await Promise.allSettled(atLeisure);
    const through = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(through).toBeGreaterThanOrEqual(48);
    expect(through).toBeLessThan(60);
    const others = Array.from({ length: 300 }, () => client.get('/incidents', { limit: '1' }, signal));
    expect(await Promise.all(others)).toHaveLength(300);
  });
});
