import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AnyActivity } from '../../../activities/activity.ts';
import { addSlackBookmark } from '../../../activities/slack/add-bookmark.ts';
import { archiveSlackChannel } from '../../../activities/slack/archive-channel.ts';
import { exportSlackHistory } from '../../../activities/slack/export-history.ts';
import { findSlackUser } from '../../../activities/slack/find-user.ts';
import { inviteSlackUsers } from '../../../activities/slack/invite-users.ts';
import { listSlackGroupMembers } from '../../../activities/slack/list-group-members.ts';
import { openSlackWarRoom } from '../../../activities/slack/open-war-room.ts';
import { pinSlackMessage } from '../../../activities/slack/pin-message.ts';
import { postSlackEphemeral } from '../../../activities/slack/post-ephemeral.ts';
import { postSlackMessage } from '../../../activities/slack/post-message.ts';
import { readSlackUser } from '../../../activities/slack/read-user.ts';
import { sendSlackDirectMessage } from '../../../activities/slack/send-direct-message.ts';
import { setSlackTopic } from '../../../activities/slack/set-topic.ts';
import { showSlackStatusCard } from '../../../activities/slack/show-status-card.ts';
import { unarchiveSlackChannel } from '../../../activities/slack/unarchive-channel.ts';
import { updateSlackMessage } from '../../../activities/slack/update-message.ts';
import { startWorkspace } from './workspace.ts';

const file = resolve(import.meta.dirname, '../../../../shared/reference/openapi/slack-methods-2026.json');
const available = existsSync(file);
if (!available) console.warn('Skipped: Slack’s list of methods is not here to compare requests with.');

const reference = z.object({
  methods: z.record(
    z.string(),
    z.object({
      required: z.array(z.string()),
      args: z.record(z.string(), z.string()),
      bot_scopes: z.array(z.string()),
    }),
  ),
});

describe.skipIf(!available)('the calls to Slack', () => {
  it('have the arguments that Slack’s methods take, within the scopes that the activities declare', async () => {
    const { methods } = reference.parse(JSON.parse(readFileSync(file, 'utf8')));
    const { simulator, run } = await startWorkspace();
    const incident = { incidentId: 'Q1ABC', number: 4211, title: 'slow' };
    const { channelId } = await run(openSlackWarRoom, incident);
    const { ts } = await run(postSlackMessage, { channelId, text: 'parent' });
    const card = { title: 'slow', service: 'Checkout', status: 'triggered' as const, assignees: [] };
    const again = { number: 2, uncertainSince: new Date().toISOString() };
    const url = 'https://example.com/';
    simulator.world.botsMayUnarchive = true;
    const activities: [AnyActivity, Record<string, unknown>, object?][] = [
      [openSlackWarRoom, incident],
      [inviteSlackUsers, { channelId, userIds: ['U0ADA', 'U0BEN'] }],
      [setSlackTopic, { channelId, text: 'topic' }],
      [addSlackBookmark, { channelId, title: 'one', url }],
      [addSlackBookmark, { channelId, title: 'two', url }],
      [
        postSlackMessage,
        { channelId: 'C0GENERAL', text: 'x', code: 'y', links: [{ text: 'l', url }] },
        again,
      ],
      [postSlackMessage, { channelId, text: 'reply', threadTs: ts }, again],
      [sendSlackDirectMessage, { userId: 'U0ADA', text: 'x' }, again],
      [updateSlackMessage, { channelId, ts, text: 'z' }],
      [pinSlackMessage, { channelId, ts }],
      [showSlackStatusCard, { channelId, incidentId: 'Q1ABC', card }],
      [showSlackStatusCard, { channelId, incidentId: 'Q1ABC', card: { ...card, status: 'resolved' } }],
      [postSlackEphemeral, { channelId, userId: 'U0ADA', text: 'x' }],
      [findSlackUser, { email: 'ada@example.com' }],
      [readSlackUser, { userId: 'U0ADA' }],
      [listSlackGroupMembers, { groupId: 'S0ONCALL' }],
      [exportSlackHistory, { channelId }],
      [archiveSlackChannel, { channelId }],
      [unarchiveSlackChannel, { channelId }],
    ];
    for (const [activity, input, attempt] of activities) {
      simulator.calls.splice(0);
      await run(activity, input, attempt);
      for (const { path, body } of simulator.calls) {
        const name = path.replace('/api/', '');
        const method = methods[name];
        if (!method) throw new Error(`Slack has no method ${name}`);
        const sent = [...new URLSearchParams(body).keys()];
        expect(Object.keys(method.args), `${activity.name} ${name}`).toEqual(expect.arrayContaining(sent));
        expect(sent, `${activity.name} ${name}`).toEqual(expect.arrayContaining(method.required));
        const allowed =
          method.bot_scopes.length === 0 ||
          method.bot_scopes.some((scope) => activity.permissions.includes(scope));
        expect(allowed, `${activity.name} declares a scope for ${name}: ${method.bot_scopes}`).toBe(true);
      }
    }
  });
});
