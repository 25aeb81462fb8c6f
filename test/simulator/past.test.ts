import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makePast } from '../../simulator/pagerduty/past.ts';
import { firstWorld } from '../../simulator/pagerduty/world.ts';
import { type PagerDutySimulator, raiseIncident, startPagerDuty } from '../../simulator/pagerduty.ts';

const until = '2026-06-01T00:00:00.000Z';
const make = () => makePast({ incidents: 600, days: 365 }, firstWorld(), { until, firstNumber: 4211 });

describe('the past of a simulated account', () => {
  it('is the same each time that it is made', () => {
    expect(make()).toEqual(make());
  });

  it('is over, within its year, and ends with the number before the next', () => {
    const { incidents, log } = make();
    expect(incidents.map(({ number }) => number)).toEqual(incidents.map((_, place) => 4211 - 600 + place));
    expect(new Set(incidents.map(({ id }) => id)).size).toBe(600);
    for (const { status, createdAt, resolvedAt } of incidents) {
      expect([status, createdAt >= '2025-06-01', createdAt < (resolvedAt ?? '')]).toEqual([
        'resolved',
        true,
        true,
      ]);
      expect((resolvedAt ?? until) < until).toBe(true);
    }
    expect(log.map(({ at }) => at)).toEqual(log.map(({ at }) => at).sort());
  });

  it('has titles that repeat, people who act, and storms', () => {
    const { incidents, log, services } = make();
    const titles = new Set(incidents.map(({ title }) => title.replaceAll(/\S*\d\S*/g, '*')));
    expect(titles.size).toBeLessThan(50);
    expect(services.length).toBeGreaterThan(3);
    const byPeople = log.filter(({ agent }) => agent.type === 'user').map(({ type }) => type);
    expect(byPeople).toEqual(expect.arrayContaining(['acknowledge_log_entry', 'resolve_log_entry']));
    const starts = incidents.map(({ createdAt }) => Date.parse(createdAt));
    expect(starts.some((at, place) => (starts[place + 13] ?? Number.NaN) - at <= 60_000)).toBe(true);
  });
});

describe('a simulated PagerDuty with a past', () => {
  let folder: string | undefined;
  let simulator: PagerDutySimulator | undefined;
  afterEach(async () => {
    await simulator?.close();
    if (folder) rmSync(folder, { recursive: true });
    folder = undefined;
  });
  const start = async (stateFile?: string) => {
    simulator = await startPagerDuty({
      past: { incidents: 40, days: 30 },
      ...(stateFile === undefined ? {} : { stateFile }),
    });
    return simulator;
  };
  const list = async ({ url, world }: PagerDutySimulator, path: string) => {
    const headers = { authorization: `Token token=${world.token}` };
    const answer = await fetch(`${url}${path}`, { headers });
    return (await answer.json()) as { incidents: { id: string }[]; log_entries: { incident: unknown }[] };
  };
  const longAgo = 'since=2020-01-01T00:00:00Z&limit=100';

  it('shows it only to who asks from a time on', async () => {
    const running = await start();
    const id = raiseIncident(running, { title: 'Now', service: 'Search' });
    expect((await list(running, '/incidents')).incidents.map((each) => each.id)).toEqual([id]);
    expect((await list(running, '/log_entries')).log_entries).toHaveLength(2);
    expect((await list(running, `/incidents?${longAgo}`)).incidents).toHaveLength(41);
    expect((await list(running, `/log_entries?${longAgo}`)).log_entries).toHaveLength(100);
    const open = await list(running, `/incidents?${longAgo}&statuses[]=triggered&statuses[]=acknowledged`);
    expect(open.incidents.map((each) => each.id)).toEqual([id]);
    expect(running.world.incidents).toHaveLength(1);
  });

  it('names the incident of each entry, and leaves notifications out of an overview', async () => {
    const running = await start();
    const { log_entries: entries } = await list(running, `/log_entries?${longAgo}&is_overview=true`);
    expect(entries.length).toBeGreaterThan(40);
    for (const entry of entries)
      expect(entry).toMatchObject({
        type: expect.not.stringContaining('notify'),
        incident: { summary: expect.stringMatching(/^\[#\d+\] /) },
      });
  });

  it('ended days before its first start, and is the same after a restart', async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton-past-'));
    const stateFile = join(folder, 'pagerduty.json');
    const first = await start(stateFile);
    raiseIncident(first, { title: 'Now', service: 'Search' });
    const before = (await list(first, `/incidents?${longAgo}`)).incidents;
    await first.close();
    const second = await start(stateFile);
    expect((await list(second, `/incidents?${longAgo}`)).incidents).toEqual(before);
    const twoDaysAgo = new Date(Date.now() - 2 * 24 * 3_600_000).toISOString();
    expect((await list(second, `/incidents?since=${twoDaysAgo}`)).incidents).toHaveLength(1);
  });

  it('refuses a time of more than six months, as PagerDuty does', async () => {
    const running = await start();
    expect(await list(running, '/incidents?since=2025-01-01&until=2026-01-01')).toMatchObject({
      error: { code: 2001 },
    });
  });
});
