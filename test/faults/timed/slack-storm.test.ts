import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident } from '../../../simulator/pagerduty.ts';
import { responseUrlAt } from '../../../simulator/slack/requests.ts';
import { simulatedSigningSecret } from '../../../simulator/slack/world.ts';
import { slackClick } from '../../../simulator/slack.ts';
import { fillForm, typeCommand } from '../../../simulator/slack-person.ts';
import { eventually, startWorld, type World } from '../../world.ts';
import { startStoppableTemporal } from '../stoppable-temporal.ts';

const incidents = 250;
const atOnce = 25;
const where = { channelId: 'C0GENERAL' };

let temporal: Awaited<ReturnType<typeof startStoppableTemporal>>;
let world: World;

beforeAll(async () => {
  temporal = await startStoppableTemporal();
  world = await startWorld({ temporal: temporal.environment });
}, 60_000);
afterAll(async () => {
  await world.close();
  await temporal.close();
});

interface Said {
  status: number;
  milliseconds: number;
}

async function pressAcknowledge(incidentId: string): Promise<Said> {
  const { headers, body } = slackClick({
    signingSecret: simulatedSigningSecret,
    actionId: 'acknowledge',
    incidentId,
    userId: 'U0BEN',
    ...where,
    messageTs: '1763629200.000100',
    responseUrl: responseUrlAt(world.slack.url, { ...where, userId: 'U0BEN' }),
  });
  const begun = performance.now();
  const answer = await fetch(`${world.server.url}/slack/interactivity`, { method: 'POST', headers, body });
  await answer.body?.cancel();
  return { status: answer.status, milliseconds: Math.round(performance.now() - begun) };
}

/** Does all, so many at a time. */
async function inTurns<Result>(works: (() => Promise<Result>)[]): Promise<Result[]> {
  const left = works.values();
  const results: Result[] = [];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const work of left) results.push(await work());
    }),
  );
  return results;
}

describe('clicks and commands while Temporal and PagerDuty are down', () => {
  it(`${2 * incidents} of them are answered within 3 s, and each is carried out once when both are back`, async () => {
    const ids = Array.from({ length: incidents }, (_, index) =>
      raiseIncident(world.pagerDuty, { title: `Slow ${index}`, service: 'Search', urgency: 'low' }),
    );
    await eventually('all to be delivered', () => world.pagerDuty.world.pendingWebhooks.length === 0, 60_000);
    await temporal.kill();
    world.pagerDuty.fail({ kind: 'status', status: 503, times: Number.MAX_SAFE_INTEGER });
    await eventually('the outage to be seen', async () => {
      const ready = (await (await fetch(`${world.server.url}/readyz`)).json()) as { status: string };
      return ready.status === 'degraded';
    });

    const person = { ...where, userId: 'U0ADA', batonUrl: world.server.url };
    const said = await inTurns<Said>(
      ids.flatMap((id) => [
        () => pressAcknowledge(id),
        () => typeCommand(world.slack, person, `note ${id} Seen by Ada`),
      ]),
    );
    const slowest = Math.max(...said.map(({ milliseconds }) => milliseconds));
    console.info(`${said.length} answered, the slowest after ${slowest} ms`);
    expect(said.map(({ status }) => status)).toEqual(Array(2 * incidents).fill(200));
    expect(slowest).toBeLessThan(3_000);
    const queued = await typeCommand(world.slack, person, 'status');
    expect(queued.text).toContain('this is recorded');
    const receipts = () =>
      world.slack.world.ephemerals.filter(({ text }) => text.includes('this is recorded'));
    await eventually('each click to be answered in words', () => receipts().length >= incidents);
    expect(receipts()[0]).toMatchObject({ userId: 'U0BEN', channelId: where.channelId });
    await typeCommand(world.slack, person, `snooze ${ids[0]}`);
    const filled = await fillForm(world.slack, person, { for: '1h' });
    expect(filled.text).toContain('this is recorded');
    expect(filled.milliseconds).toBeLessThan(3_000);

    await temporal.startAgain();
    // Some find PagerDuty still away, and try again.
    await eventually('PagerDuty to be asked', () => world.pagerDuty.calls.length > incidents, 60_000);
    await fetch(`${world.pagerDuty.url}/_simulator/faults`, { method: 'DELETE' });
    const back = Date.now();
    // Looking at the runs costs the store more than carrying them out, so that comes last.
    const isMade = ({ effect }: { effect: string }) =>
      effect === 'incident acknowledged' || effect === 'note added';
    const made = () => world.pagerDuty.ledger.filter(isMade).length;
    await eventually('all to be carried out', () => made() >= 2 * incidents, 200_000).finally(() =>
      console.info(`${made()} carried out ${Date.now() - back} ms after both were back`),
    );
    const ended = await eventually(
      'all to end',
      async () => {
        await pause(1_000);
        const all = (await world.store.listRuns({ limit: 1_000 })).filter(({ endedAt }) => endedAt);
        return all.length > 2 * incidents ? all : undefined;
      },
      60_000,
    );
    expect(ended.filter(({ state }) => state !== 'completed')).toEqual([]);
    const madeBy = (effect: string) =>
      world.pagerDuty.ledger
        .filter((each) => each.effect === effect)
        .map(({ target, by }) => `${target} ${by}`);
    expect(madeBy('incident acknowledged').sort()).toEqual(ids.map((id) => `${id} ben@example.com`).sort());
    expect(madeBy('note added').sort()).toEqual(ids.map((id) => `${id} ada@example.com`).sort());
  }, 360_000);
});
