import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Incident } from '../../simulator/pagerduty/world.ts';
import { resolveAs } from '../../simulator/pagerduty.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import { startTimeSkipping } from '../temporal.ts';
import { startWorld, type World } from '../world.ts';

export const ada = 'PADALOP';
export const ben = 'PBENOKA';

/**
 * A world for a test file in which hours pass at once. What a test leaves open is resolved: it would go on being followed in the time of the
 * next one.
 */
export function whereTimeIsSkipped(triggers: readonly Trigger[], use: (world: World) => void): void {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ triggers, temporal: await startTimeSkipping() });
    use(world);
  });
  afterEach(() => {
    for (const { id, status } of world.pagerDuty.world.incidents)
      if (status !== 'resolved') resolveAs(world.pagerDuty, id, ada);
  });
  afterAll(async () => {
    await world.close();
    await world.temporal.teardown();
  });
}

/** Whom a message in this channel of Slack reaches: a member by a direct message, else the `room`. */
export function reachedBy({ slack }: World, channelId: string): string {
  const channel = slack.world.channels.find(({ id }) => id === channelId);
  if (channel?.kind !== 'im') return 'room';
  return channel.memberIds.find((each) => each !== 'U0BATON') ?? 'nobody';
}

export function incidentOf({ pagerDuty }: World, id: string): Incident {
  const found = pagerDuty.world.incidents.find((each) => each.id === id);
  if (!found) throw new Error(`There is no incident ${id}`);
  return found;
}

/** What PagerDuty was made to do to an incident: `incident escalated`. */
export const doneTo = ({ pagerDuty }: World, id: string, effect: string) =>
  pagerDuty.ledger.filter((each) => each.target === id && each.effect === effect);
