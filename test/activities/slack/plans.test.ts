import { describe, expect, it } from 'vitest';
import type { AnyChange } from '../../../activities/activity.ts';
import { addSlackBookmark } from '../../../activities/slack/add-bookmark.ts';
import { archiveSlackChannel } from '../../../activities/slack/archive-channel.ts';
import { inviteSlackUsers } from '../../../activities/slack/invite-users.ts';
import { openSlackWarRoom } from '../../../activities/slack/open-war-room.ts';
import { pinSlackMessage } from '../../../activities/slack/pin-message.ts';
import { postSlackMessage } from '../../../activities/slack/post-message.ts';
import { sendSlackDirectMessage } from '../../../activities/slack/send-direct-message.ts';
import { setSlackTopic } from '../../../activities/slack/set-topic.ts';
import { showSlackStatusCard } from '../../../activities/slack/show-status-card.ts';
import { unarchiveSlackChannel } from '../../../activities/slack/unarchive-channel.ts';
import { updateSlackMessage } from '../../../activities/slack/update-message.ts';
import { slackEnvironment } from '../../../simulator/slack.ts';
import { surroundingsFor } from '../../clients.ts';
import { effects, methods, startWorkspace } from './workspace.ts';

const url = 'https://example.com/runbook';
const card = { title: 'Checkout is slow', status: 'triggered', service: 'Checkout', assignees: [] };

/** A workspace, and a way to look only. */
async function startLooking() {
  const { simulator, run } = await startWorkspace();
  const clients = surroundingsFor(slackEnvironment(simulator.url));
  const { signal } = new AbortController();
  const look = async (change: AnyChange, input: object, number = 1) => {
    const context = { ...clients, attempt: { key: 'run-1#5', number, signal } };
    const looked = await change.look(change.input.parse(input), context as never);
    if (!('plan' in looked)) throw new Error('It is done already');
    return looked.plan;
  };
  return { simulator, run, look };
}

describe('a plan', () => {
  it('opens an archived channel again, and archiving it is the way back', async () => {
    const { run, look } = await startLooking();
    const { channelId } = await run(openSlackWarRoom, { incidentId: 'PWAR', number: 7, title: 'Slow' });
    await run(archiveSlackChannel, { channelId });
    expect(await look(unarchiveSlackChannel, { channelId })).toMatchObject({
      calls: [`conversations.unarchive channel=${channelId}`, `conversations.join channel=${channelId}`],
      inverse: { activity: 'archiveSlackChannel', input: { channelId } },
    });
  });

  it('tells whom a message calls', async () => {
    const { look } = await startLooking();
    const message = { channelId: 'C0GENERAL', text: 'Help', mention: ['U0ADA', 'U0BEN'] };
    expect(await look(postSlackMessage, message)).toMatchObject({
      summary: 'Posts a message to C0GENERAL, and calls U0ADA, U0BEN',
    });
  });

  it('goes on in the room that an earlier plan opens, of which Slack knows nothing', async () => {
    const { simulator, look } = await startLooking();
    const room = await look(openSlackWarRoom, { incidentId: 'PWAR', number: 7, title: 'Checkout is slow' });
    const { channelId } = room.output as { channelId: string };
    const shown = await look(showSlackStatusCard, { channelId, incidentId: 'PWAR', card });
    const { ts } = shown.output as { ts: string };
    // As a second attempt too, which looks for what a first one may have left.
    for (const [change, input] of [
      [addSlackBookmark, { title: 'Runbook', url }],
      [inviteSlackUsers, { userIds: ['U0ADA'] }],
      [postSlackMessage, { text: 'Restarting', threadTs: ts }],
      [setSlackTopic, { text: 'Checkout is slow' }],
      [pinSlackMessage, { ts }],
      [updateSlackMessage, { ts, text: 'Restarted' }],
      [archiveSlackChannel, {}],
    ] as const)
      for (const number of [1, 2])
        expect(await look(change, { channelId, ...input }, number)).toHaveProperty('calls');
    expect(methods(simulator)).toEqual([]);
  });

  it('says what is tried where only the trying can tell', async () => {
    const { look } = await startLooking();
    const { calls } = await look(openSlackWarRoom, { incidentId: 'PWAR', number: 7, title: 'Slow' });
    expect(calls[0]).toContain(
      'conversations.create name=inc-7-slow is_private=false (where the name is taken:',
    );
    const message = await look(sendSlackDirectMessage, { userId: 'U0ADA', text: 'Hello' });
    expect(message.calls).toEqual([
      'conversations.open users=U0ADA',
      'chat.postMessage channel=the conversation with U0ADA "Hello"',
    ]);
  });

  it('says how a topic and a title were, and the way back to them', async () => {
    const { run, look } = await startLooking();
    const channelId = 'C0GENERAL';
    await run(setSlackTopic, { channelId, text: 'Slow <again> & again' });
    const { before, after, inverse } = await look(setSlackTopic, { channelId, text: 'Fast' });
    expect([before, after]).toEqual([{ topic: 'Slow <again> & again' }, { topic: 'Fast' }]);
    expect(inverse).toEqual({
      activity: 'setSlackTopic',
      input: { connection: 'default', channelId, text: 'Slow <again> & again' },
    });
    await run(addSlackBookmark, { channelId, title: 'Runbook', url });
    expect(await look(addSlackBookmark, { channelId, title: 'New runbook', url })).toMatchObject({
      before: { title: 'Runbook' },
      inverse: { activity: 'addSlackBookmark', input: { channelId, title: 'Runbook', url } },
    });
  });
});

describe('a channel that Baton is not in', () => {
  it.each([
    [addSlackBookmark, { title: 'Runbook', url }, ['bookmark added']],
    [postSlackMessage, { text: 'Restarting' }, ['message posted']],
    [showSlackStatusCard, { incidentId: 'PCARD', card }, ['message posted', 'message pinned']],
  ] as const)(
    'is not joined by a look, but before anything else by the act: $name',
    async (change, own, made) => {
      const { simulator, run, look } = await startLooking();
      const channel = simulator.world.channels.find(({ id }) => id === 'C0GENERAL');
      channel?.memberIds.splice(0);
      const input = { channelId: 'C0GENERAL', ...own };
      const { calls } = await look(change, input, 2);
      expect(effects(simulator)).toEqual([]);
      expect(calls[0]).toBe('conversations.join channel=C0GENERAL');
      await run(change as AnyChange, input, { number: 2 });
      expect(effects(simulator)).toEqual(['channel joined', ...made]);
      // And what a first attempt left there is found by a second one once it is in.
      simulator.world.channels.find(({ id }) => id === 'C0GENERAL')?.memberIds.splice(0);
      expect(await run(change as AnyChange, input, { number: 2 })).toMatchObject({ changed: false });
    },
  );
});
