import { afterAll, beforeAll, expect, it } from 'vitest';
import { usualLimits } from '../../server/watchdog/limits.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { runOverdue } from '../../triggers/run-overdue.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

/** It goes on for as long as the incident is open, which is too long here. */
const policy = defineTrigger({
  name: 'production-incident',
  on: 'pagerduty.incident.triggered',
  when: { 'is about it': ({ title }) => title.startsWith('Slow') },
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id }) => ({ incidentId: id }),
  whenResolved: 'continue',
  finishWithin: '15 seconds',
  whenOverdue: 'cancel',
});
const key = 'baton/pagerdutyProductionIncidentPolicy/RunOverdue/Search';

let world: World;
beforeAll(async () => {
  const watchedBy = { ...usualLimits, round: 0.2, calm: 0.5, subscriptionRound: 60 };
  world = await startWorld({ triggers: [policy, runOverdue], watchedBy });
});
afterAll(() => world.close());

it('a run that has not ended in its time is stopped, told of in the room, and paged for until it has ended', async () => {
  const id = raiseIncident(world.pagerDuty, { title: 'Slow', service: 'Search' });
  await eventually('the card', () => cardOf(world.slack, id));
  const alert = () => world.pagerDuty.world.alerts.find((each) => each.key === key);
  await eventually('the page', alert, 40_000);
  await eventually(
    'the run to end',
    async () => (await world.run(`production-incident/${id}`))?.state === 'cancelled',
  );
  await eventually('the page to be taken back', () => alert()?.status === 'resolved');
  const room = cardOf(world.slack, id)?.channelId;
  const told = () =>
    world.slack.world.messages.filter(
      ({ channelId, text }) => channelId === room && text.includes('has not ended by'),
    );
  await eventually('the room to be told', () => told().length > 0);
  expect(told()).toHaveLength(1);
  expect(told()[0]?.text).toContain(`It is told to stop: baton runs show`);
  const actions = (await world.record(id)).map(({ action }) => action);
  expect(actions.filter((action) => action === 'run.overdue')).toHaveLength(1);
  expect(world.pagerDuty.ledger.filter((each) => each.key === key).map(({ effect }) => effect)).toEqual([
    'alert raised',
    'alert resolved',
  ]);
}, 120_000);
