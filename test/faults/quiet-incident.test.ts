import { describe, expect, it } from 'vitest';
import { acknowledgeAs, raiseIncident } from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { quietIncidentTrigger } from '../../triggers/quiet-incident.ts';
import { cardOf, eventually, type World } from '../world.ts';
import { ada, ben, doneTo, incidentOf, reachedBy, whereTimeIsSkipped } from './reminders.ts';

let world: World;
whereTimeIsSkipped([productionIncident, quietIncidentTrigger], (started) => {
  world = started;
});

const runOf = (id: string) => world.run(`quiet-incident/${id}`);
/** An incident that Ada has acknowledged, with its room. */
async function acknowledged(title: string): Promise<string> {
  const id = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
  await eventually('the card', () => cardOf(world.slack, id));
  acknowledgeAs(world.pagerDuty, id, ada);
  await eventually('the run', async () => (await runOf(id))?.state === 'running');
  return id;
}
const minutes = (count: number) => world.temporal.sleep(`${count} minutes`);
const outcomeOf = (id: string) => eventually('the run to end', async () => (await runOf(id))?.outcome);
/** Who was told that nothing was heard of an incident. */
const reminders = (title: string): string[] =>
  world.slack.world.messages
    .filter(({ text }) => text.startsWith('Nothing has been heard of') && text.includes(title))
    .map(({ channelId }) => reachedBy(world, channelId))
    .sort();
const escalations = (id: string) => doneTo(world, id, 'incident escalated');
/** Temporal's time, which the tests lead, as Slack writes it. */
const now = async () => (await world.temporal.currentTimeMs()) / 1000;
async function write(id: string, userId: string, threadTs?: string): Promise<void> {
  const { channels, messages } = world.slack.world;
  const channel = channels.find(({ purpose }) => purpose.includes(id));
  const message = { channelId: channel?.id ?? '', ts: (await now()).toFixed(6), userId, text: 'Looking' };
  messages.push({ ...message, ...(threadTs === undefined ? {} : { threadTs }) });
}

describe('an acknowledged incident of which nothing is heard', () => {
  it('is brought to the mind of who acknowledged it, then escalated, and watched again once acknowledged', async () => {
    const id = await acknowledged('Checkout is slow');
    await minutes(59);
    expect(reminders('Checkout is slow')).toEqual([]);
    await minutes(2);
    await eventually('the reminders', () => reminders('Checkout is slow').length === 2);
    expect(reminders('Checkout is slow')).toEqual(['U0ADA', 'room']);
    expect(escalations(id)).toEqual([]);
    await minutes(60);
    await eventually('the escalation', () => escalations(id).length > 0);
    expect(escalations(id)).toMatchObject([{ detail: { level: 2 } }]);
    expect(incidentOf(world, id)).toMatchObject({ status: 'triggered', assigneeIds: [ben] });

    // While nobody has acknowledged it, it is not this run's.
    await minutes(200);
    expect(reminders('Checkout is slow')).toHaveLength(2);
    acknowledgeAs(world.pagerDuty, id, ben);
    await eventually('the second acknowledgement', async () =>
      (await world.record(id)).some(({ detail }) => JSON.stringify(detail).includes('"joined"')),
    );
    await minutes(61);
    await eventually('word to Ben', () => reminders('Checkout is slow').includes('U0BEN'));
    await minutes(61);
    expect(await outcomeOf(id)).toBe('nobody to escalate to');
    expect(escalations(id)).toHaveLength(1);
  });

  it.each<[string, (id: string) => unknown]>([
    [
      'a note',
      (id) => world.pagerDuty.account.annotate(incidentOf(world, id), 'The database is being moved', ada),
    ],
    [
      'a change',
      (id) =>
        world.pagerDuty.account.setPriority(incidentOf(world, id), 'PPRIO02', { type: 'user', id: ada }),
    ],
    ['another acknowledgement', (id) => acknowledgeAs(world.pagerDuty, id, ben)],
    ['a message of a person in the room', (id) => write(id, 'U0ADA')],
    ['an answer in the thread of the card', (id) => write(id, 'U0BEN', cardOf(world.slack, id)?.ts)],
  ])('is not quiet for another hour after %s', async (what, sign) => {
    const title = `Search is slow, ${what}`;
    const id = await acknowledged(title);
    await minutes(50);
    await sign(id);
    // Time must not go on before the run has been told.
    await eventually('it to be heard', async () => {
      const events = await world.store.listEvents({ subject: id, limit: 50 });
      const isTold = events.every(({ disposition }) => disposition !== undefined);
      return isTold && world.pagerDuty.world.pendingWebhooks.length === 0;
    });
    await minutes(50);
    expect(reminders(title)).toEqual([]);
    await minutes(11);
    await eventually('the reminders', () => reminders(title).includes('room'));
  });

  it('stays quiet whatever Baton itself writes', async () => {
    const id = await acknowledged('Login is slow');
    await minutes(50);
    world.pagerDuty.world.notes.push({
      id: 'PNOTE1',
      incidentId: id,
      userId: ada,
      content: `Looked at it\n\n(baton ec2-unhealthy/${id}/addPagerDutyNote/1)`,
      at: new Date((await now()) * 1000).toISOString(),
    });
    await write(id, 'U0BATON');
    await minutes(11);
    await eventually('the reminders', () => reminders('Login is slow').length === 2);
  });

  it('counts a note whose event was lost', async () => {
    const id = await acknowledged('Mail is slow');
    await minutes(50);
    world.pagerDuty.world.notes.push({
      id: 'PNOTE2',
      incidentId: id,
      userId: ada,
      content: 'Still on it',
      at: new Date((await now()) * 1000).toISOString(),
    });
    await minutes(20);
    expect(reminders('Mail is slow')).toEqual([]);
  });
});
