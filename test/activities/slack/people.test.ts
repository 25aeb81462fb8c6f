import { describe, expect, it } from 'vitest';
import { addSlackBookmark } from '../../../activities/slack/add-bookmark.ts';
import { findSlackUser } from '../../../activities/slack/find-user.ts';
import { inviteSlackUsers } from '../../../activities/slack/invite-users.ts';
import { listSlackGroupMembers } from '../../../activities/slack/list-group-members.ts';
import { openSlackWarRoom } from '../../../activities/slack/open-war-room.ts';
import { readSlackUser } from '../../../activities/slack/read-user.ts';
import { effects, methods, startWorkspace } from './workspace.ts';

const ada = { id: 'U0ADA', name: 'Ada Lopez', email: 'ada@example.com', deleted: false, guest: false };

async function startRoom() {
  const workspace = await startWorkspace();
  const incident = { incidentId: 'Q1ABC', number: 4211, title: 'slow' };
  const { channelId } = await workspace.run(openSlackWarRoom, incident);
  workspace.simulator.ledger.splice(0);
  workspace.simulator.calls.splice(0);
  return { ...workspace, channelId };
}

describe('inviting people', () => {
  it('takes one call for all of them', async () => {
    const { simulator, run, channelId } = await startRoom();
    const userIds = ['U0ADA', 'U0BEN', 'U0ADA'];
    expect(await run(inviteSlackUsers, { channelId, userIds })).toEqual({
      changed: true,
      invited: ['U0ADA', 'U0BEN'],
      notInvited: [],
    });
    expect(methods(simulator)).toEqual(['conversations.invite']);
  });

  it('lists who cannot be invited, and why, and invites the others', async () => {
    const { simulator, run, channelId } = await startRoom();
    simulator.world.users.push({
      ...{ id: 'U0GONE', name: 'gone', realName: 'Gone' },
      ...{ deleted: true, guest: false, bot: false },
    });
    const userIds = ['U0GONE', 'U0ADA', 'U0NOBODY', 'U0BATON', 'U0BEN'];
    expect(await run(inviteSlackUsers, { channelId, userIds })).toEqual({
      changed: true,
      invited: ['U0ADA', 'U0BEN'],
      notInvited: [
        { userId: 'U0GONE', reason: 'cant_invite' },
        { userId: 'U0NOBODY', reason: 'user_not_found' },
        { userId: 'U0BATON', reason: 'cant_invite_self' },
      ],
    });
  });

  it('invites each once when the connection is cut after the first time', async () => {
    const { simulator, run, channelId } = await startRoom();
    const userIds = ['U0ADA', 'U0BEN'];
    simulator.fail({ kind: 'cut-after', match: 'conversations.invite' });
    await expect(run(inviteSlackUsers, { channelId, userIds })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    expect(await run(inviteSlackUsers, { channelId, userIds }, { number: 2 })).toEqual({
      changed: false,
      invited: userIds,
      notInvited: [],
    });
    expect(effects(simulator)).toEqual(['user invited', 'user invited']);
  });

  it('does nothing for nobody', async () => {
    const { simulator, run, channelId } = await startRoom();
    const outcome = await run(inviteSlackUsers, { channelId, userIds: [] });
    expect(outcome).toEqual({ changed: false, invited: [], notInvited: [] });
    expect(methods(simulator)).toEqual([]);
  });

  it('fails where the channel is the reason', async () => {
    const { run } = await startRoom();
    await expect(run(inviteSlackUsers, { channelId: 'C0NONE', userIds: ['U0ADA'] })).rejects.toMatchObject({
      type: 'ProviderRefused',
      message: 'Slack refused: channel_not_found',
    });
  });
});

describe('a person', () => {
  it('is found by e-mail, and nobody is an answer', async () => {
    const { run } = await startWorkspace();
    expect(await run(findSlackUser, { email: 'ADA@example.com' })).toEqual({ user: ada });
    expect(await run(findSlackUser, { email: 'nobody@example.com' })).toEqual({ user: null });
  });

  it('is read by id, and nobody is an answer', async () => {
    const { simulator, run } = await startWorkspace();
    simulator.world.users.push({
      ...{ id: 'U0GUEST', name: 'guest', realName: 'Gail Guest' },
      ...{ deleted: true, guest: true, bot: false },
    });
    expect(await run(readSlackUser, { userId: 'U0ADA' })).toEqual({ user: ada });
    expect(await run(readSlackUser, { userId: 'U0GUEST' })).toEqual({
      user: { id: 'U0GUEST', name: 'Gail Guest', deleted: true, guest: true },
    });
    expect(await run(readSlackUser, { userId: 'U0NOBODY' })).toEqual({ user: null });
  });

  it('is whoever is linked to the address, and nobody by one that is not confirmed', async () => {
    const people = 'U0ADA=lopez@pager.example.com,U0GONE=gone@example.com';
    const { simulator, run } = await startWorkspace({ BATON_PEOPLE: people });
    const eve = { name: 'eve', realName: 'Eve Else', deleted: false, guest: false, bot: false };
    simulator.world.users.push(
      { ...eve, id: 'U0EVE', email: 'eve@example.com', emailConfirmed: false },
      { ...eve, id: 'U0GONE', deleted: true },
      { ...eve, id: 'U0NEW', email: 'gone@example.com' },
    );
    const linked = { ...ada, email: 'lopez@pager.example.com' };
    expect(await run(findSlackUser, { email: 'Lopez@pager.example.com' })).toEqual({ user: linked });
    expect(await run(readSlackUser, { userId: 'U0ADA' })).toEqual({ user: linked });
    // Who they are is what the link says, and not their address in Slack.
    expect(await run(findSlackUser, { email: 'ada@example.com' })).toEqual({ user: null });
    expect(await run(findSlackUser, { email: 'eve@example.com' })).toEqual({ user: null });
    expect((await run(readSlackUser, { userId: 'U0EVE' })).user).not.toHaveProperty('email');
    expect((await run(findSlackUser, { email: 'gone@example.com' })).user?.id).toBe('U0NEW');
  });

  it('is listed with a group', async () => {
    const { run } = await startWorkspace();
    const ben = { ...ada, id: 'U0BEN', name: 'Ben Okafor', email: 'ben@example.com' };
    expect(await run(listSlackGroupMembers, { groupId: 'S0ONCALL' })).toEqual({ users: [ada, ben] });
    await expect(run(listSlackGroupMembers, { groupId: 'S0NONE' })).rejects.toMatchObject({
      type: 'ProviderRefused',
    });
  });
});

describe('a bookmark', () => {
  const url = 'https://acme.atlassian.net/browse/OPS-1';

  it('is added once when the connection is cut after the first time', async () => {
    const { simulator, run, channelId } = await startRoom();
    const bookmark = { channelId, title: 'OPS-1', url };
    simulator.fail({ kind: 'cut-after', match: 'bookmarks.add' });
    await expect(run(addSlackBookmark, bookmark)).rejects.toMatchObject({ type: 'ProviderUnavailable' });
    const again = await run(addSlackBookmark, bookmark, { number: 2 });
    expect(again).toEqual({ changed: false, bookmarkId: simulator.world.bookmarks[0]?.id });
    expect(effects(simulator)).toEqual(['bookmark added']);
  });

  it('gets another title in its place', async () => {
    const { simulator, run, channelId } = await startRoom();
    const { bookmarkId } = await run(addSlackBookmark, { channelId, title: 'OPS-1', url });
    const again = await run(addSlackBookmark, { channelId, title: 'OPS-1: slow\ncheckout', url });
    expect(again).toEqual({ changed: true, bookmarkId });
    expect(simulator.world.bookmarks).toMatchObject([{ title: 'OPS-1: slow checkout', link: url }]);
  });
});
