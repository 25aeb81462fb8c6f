import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { percentile } from '../../bench/figures.ts';
import { now } from '../../bench/load.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { typeCommand } from '../../simulator/slack-person.ts';
import { startStoppableTemporal } from '../faults/stoppable-temporal.ts';
import { eventually, startWorld } from '../world.ts';

const perSecond = 5;
const seconds = 300;

it(`${perSecond} requests a second from Slack for ${seconds / 60} minutes are answered at once, with Temporal and Jira down`, async () => {
  const temporal = await startStoppableTemporal();
  const world = await startWorld({ temporal: temporal.environment });
  onTestFinished(async () => {
    await world.close();
    await temporal.close();
  });
  const id = raiseIncident(world.pagerDuty, { title: 'Slow', service: 'Search', urgency: 'low' });
  await eventually('it to be known', () => world.store.findIncident(id));
  await temporal.kill();
  world.jira.fail({ kind: 'status', status: 503, times: Number.MAX_SAFE_INTEGER });

  const person = { channelId: 'C0GENERAL', userId: 'U0ADA', batonUrl: world.server.url };
  const began = now();
  const said: ReturnType<typeof typeCommand>[] = [];
  for (let place = 0; place < perSecond * seconds; place += 1) {
    const due = began + (place * 1_000) / perSecond;
    if (due > now()) await pause(due - now());
    said.push(typeCommand(world.slack, person, `note ${id} Seen by Ada, ${place}`));
  }
  const answers = await Promise.all(said);
  const times = answers.map(({ milliseconds }) => milliseconds);
  console.info(
    `L7, ${perSecond}/s for ${seconds} s: p99 ${percentile(times, 0.99)} ms, slowest ${Math.max(...times)} ms`,
  );
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(percentile(times, 0.99)).toBeLessThanOrEqual(300);
  expect(Math.max(...times)).toBeLessThan(3_000);
}, 600_000);
