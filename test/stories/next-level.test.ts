import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { entry } from '../store/world.ts';
import { testBundle } from '../temporal.ts';
import { openTheDoor } from '../workflows/fixture/asking.ts';
import { eventually, startWorld, type World } from '../world.ts';
import { overHttp } from './slack-doors.ts';

const channelId = 'C0GENERAL';
const onLevel = (level: number) => ({ onCallOf: { service: 'PCHECKO', level } });
const door = defineTrigger({
  name: 'door',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: openTheDoor,
  input: () => ({
    approvers: onLevel(1),
    expiresIn: '1 second' as const,
    onExpire: { ask: onLevel(2), expiresIn: '1 hour' as const, then: 'page' as const },
    channelId,
  }),
  target: () => 'north',
});

let world: World;
beforeAll(async () => {
  const bundle = testBundle();
  world = await startWorld({ triggers: [door, approvalMessage, slackRequest], bundle });
  for (const person of ['ada', 'ben'])
    await world.store.setRole(`${person}@example.com`, 'approver', entry());
});
afterAll(() => world.close());

/** The message of an approval, once it says `words`. */
const shown = ({ id }: Approval, words: string) =>
  eventually(`the message to say ${words}`, async () => {
    const { messages = [] } = (await world.store.findApproval(id)) ?? {};
    const found = world.slack.world.messages.find(({ ts }) => messages.some((each) => each.ts === ts));
    return found && JSON.stringify(found.blocks).includes(words) ? found : undefined;
  });

describe('a run whose first level does not answer', () => {
  it('asks the second one, who alone may answer now, and goes on by their word', async () => {
    const subject = raiseIncident(world.pagerDuty, { title: 'The door is stuck', service: 'Checkout' });
    const [second, first] = await eventually('both levels to be asked', async () => {
      const { items } = await world.store.pageOfApprovals({ subject, limit: 9 });
      return items.length === 2 ? (items as [Approval, Approval]) : undefined;
    });
    await shown(
      first,
      'so others are asked: whoever is on call on level 2 for the PagerDuty service PCHECKO',
    );
    const { ts: messageTs } = await shown(second, '<@U0BEN> please answer');
    expect(JSON.stringify(await shown(second, '"approve"'))).not.toContain('<@U0ADA>');

    const press = (userId: string) =>
      overHttp(world).press({ actionId: 'approve', value: second.id, channelId, messageTs, userId });
    await press('U0ADA');
    await eventually('Ada to be told why not', () =>
      world.slack.world.ephemerals.some(
        ({ userId, text }) => userId === 'U0ADA' && text.includes('whoever is on call on level 2'),
      ),
    );
    expect((await world.store.findApproval(second.id))?.answers).toEqual([]);
    await press('U0BEN');
    const run = await eventually('the run to end', async () => {
      const found = await world.run(`door/${subject}`);
      return found?.endedAt ? found : undefined;
    });
    expect(run.outcome).toBe('approved');
    await shown(second, 'Approved by Ben Okafor (slack');
  });
});
