import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../server/server.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { typeCommand } from '../../simulator/slack-person.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { startPostgres } from '../store/postgres.ts';
import { cardOf, eventually, startServerBeside, startWorld, type World } from '../world.ts';
import { startStoppableTemporal } from './stoppable-temporal.ts';

const postgres = await startPostgres();
let temporal: Awaited<ReturnType<typeof startStoppableTemporal>>;
let world: World;
let otherStore: Store;
let other: RunningServer;

beforeAll(async () => {
  if (!postgres) return;
  const databaseUrl = await postgres.newDatabase();
  temporal = await startStoppableTemporal();
  world = await startWorld({ temporal: temporal.environment, databaseUrl });
  otherStore = await openStore({ databaseUrl, dataDir: world.folder, onPending: () => other.wake() });
  other = await startServerBeside(world, { store: otherStore });
}, 60_000);
afterAll(async () => {
  if (!postgres) return;
  await other.stop();
  await otherStore.close();
  await world.close();
  await temporal.close();
  await postgres.stop();
});

/** An incident whose room and card are there. */
async function withRoom() {
  const incidentId = raiseIncident(world.pagerDuty, { title: 'Search is slow', service: 'Search' });
  const { channelId } = await eventually('the status card', () => cardOf(world.slack, incidentId));
  await eventually('the note of the policy', () =>
    world.pagerDuty.ledger.some(({ effect, target }) => effect === 'note added' && target === incidentId),
  );
  return { incidentId, channelId };
}
type Room = Awaited<ReturnType<typeof withRoom>>;

/** Somebody types it, and one of the two servers hears it. */
async function type(text: string, userId: string, { channelId }: Room, { url } = world.server) {
  const { status } = await typeCommand(world.slack, { userId, channelId, batonUrl: url }, text);
  expect(status).toBe(200);
}

/** What somebody has changed at the incident, in the order in which PagerDuty has taken it. */
const madeBy = (email: string, { incidentId }: Room) =>
  world.pagerDuty.ledger
    .filter(({ target, by }) => target === incidentId && by === email)
    .map(({ effect, detail }) => {
      const { priority = '', content = '' } = (detail ?? {}) as { priority?: string; content?: string };
      return `${effect} ${priority}${content.split('\n')[0]}`.trim();
    });
/** Whether this was asked of PagerDuty after so many other calls. */
const triedSince = (calls: number, path: string) =>
  world.pagerDuty.calls.slice(calls).some((call) => call.path === path);
const ada = 'ada@example.com';
const ben = 'ben@example.com';

describe.skipIf(!postgres)('what one person types and presses on one incident', () => {
  it('while Temporal is away, through two servers, is done in that order when it is back', async () => {
    const rooms = await Promise.all([withRoom(), withRoom(), withRoom()]);
    await temporal.kill();
    await eventually('the outage to be seen', async () => {
      const answers = await Promise.all(
        [world.server, other].map(async ({ url }) => (await fetch(`${url}/readyz`)).json()),
      );
      return answers.every((answer) => (answer as { status: string }).status === 'degraded');
    });
    const said = [
      'priority P3',
      'note one',
      'priority P2',
      'acknowledge',
      'note two',
      'priority P1',
      'resolve',
    ];
    for (const [index, text] of said.entries())
      for (const { incidentId, channelId } of rooms) {
        if (text === 'acknowledge' || text === 'resolve')
          await world.click({
            actionId: text,
            incidentId,
            userId: 'U0ADA',
            actionTs: `${Date.now() / 1000}`,
          });
        else await type(text, 'U0ADA', { incidentId, channelId }, index % 2 === 0 ? other : world.server);
      }
    for (const room of rooms) await type('note by Ben', 'U0BEN', room, other);

    await temporal.startAgain();
    const inOrder = [
      'incident priority set P3',
      'note added one',
      'incident priority set P2',
      'incident acknowledged',
      'note added two',
      'incident priority set P1',
      'note added Resolving: resolved by Ada Lopez in Slack',
      'incident resolved',
    ];
    for (const room of rooms) {
      await eventually('all to be done', () => madeBy(ada, room).length >= inOrder.length, 60_000);
      expect(madeBy(ada, room)).toEqual(inOrder);
      await eventually('Ben’s note', () => madeBy(ben, room).length === 1, 60_000);
    }
  }, 180_000);

  it('waits for what they have typed before, and for nothing else', async () => {
    const [room, elsewhere] = await Promise.all([withRoom(), withRoom()]);
    const match = `/incidents/${room.incidentId}/notes`;
    const begun = world.pagerDuty.calls.length;
    world.pagerDuty.fail({ kind: 'status', match, status: 503, times: Number.MAX_SAFE_INTEGER });
    await type('note first', 'U0ADA', room);
    await eventually('the note to be tried', () => triedSince(begun, match));
    await type('priority P1', 'U0ADA', room, other);
    await type('priority P4', 'U0BEN', room, other);
    await type('ack', 'U0ADA', elsewhere, other);
    await type('status', 'U0ADA', room, other);
    await eventually('Ben’s priority', () => madeBy(ben, room).length === 1);
    await eventually('the other incident', () => madeBy(ada, elsewhere).length === 1);
    await eventually('the status', () =>
      world.slack.world.ephemerals.some(
        ({ userId, text }) => userId === 'U0ADA' && text.includes('Priority'),
      ),
    );
    expect(madeBy(ada, room)).toEqual([]);
    await fetch(`${world.pagerDuty.url}/_simulator/faults`, { method: 'DELETE' });
    await eventually('both to be done', () => madeBy(ada, room).length === 2, 60_000);
    expect(madeBy(ada, room)).toEqual(['note added first', 'incident priority set P1']);
  }, 120_000);

  it('goes on when what they have typed before was ended by force', async () => {
    const room = await withRoom();
    const match = `/incidents/${room.incidentId}/notes`;
    const begun = world.pagerDuty.calls.length;
    world.pagerDuty.fail({ kind: 'status', match, status: 503, times: Number.MAX_SAFE_INTEGER });
    await type('note first', 'U0ADA', room);
    const run = await eventually('the note to be tried', async () => {
      const live = await world.store.listRuns({ live: true, limit: 20 });
      return triedSince(begun, match) ? live.find(({ trigger }) => trigger === 'slack-request') : undefined;
    });
    await type('priority P1', 'U0ADA', room);
    await world.temporal.client.workflow.getHandle(run.id).terminate();
    await eventually('the priority', () => madeBy(ada, room).length === 1, 30_000);
    await fetch(`${world.pagerDuty.url}/_simulator/faults`, { method: 'DELETE' });
    expect(madeBy(ada, room)).toEqual(['incident priority set P1']);
  }, 60_000);
});
