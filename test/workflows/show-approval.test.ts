import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import type { ApprovalRequest } from '../../domain/approval.ts';
import { type PagerDutySimulator, pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { type SlackSimulator, slackEnvironment, startSlack } from '../../simulator/slack.ts';
import type { Store } from '../../store/store.ts';
import { type RunningWorker, startWorker, taskQueue } from '../../worker/worker.ts';
import { showApproval } from '../../workflows/show-approval.ts';
import { signedMemo, testAuthority } from '../authority.ts';
import { clientsFor } from '../clients.ts';
import { request } from '../store/approval.ts';
import { embeddedWorld, entry, fresh, type World } from '../store/world.ts';
import { startTimeSkipping, workflowBundle } from '../temporal.ts';

let temporal: TestWorkflowEnvironment;
let stored: World;
let store: Store;
let slack: SlackSimulator;
let pagerDuty: PagerDutySimulator;
let worker: RunningWorker;
beforeAll(async () => {
  temporal = await startTimeSkipping();
  stored = await embeddedWorld();
  store = stored.newStore();
  slack = await startSlack();
  pagerDuty = await startPagerDuty();
  worker = await startWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    bundle: workflowBundle(),
    store,
    activities,
    clients: clientsFor({ ...slackEnvironment(slack.url), ...pagerDutyEnvironment(pagerDuty.url) }),
    simulated: [],
    scrub: (text) => text,
    authority: testAuthority,
  });
});
afterAll(async () => {
  await worker.stop();
  await pagerDuty.close();
  await slack.close();
  await store.close();
  await stored.close();
  await temporal.teardown();
});

/** Asks, and shows it as the trigger does. */
async function show(asked: Partial<ApprovalRequest>) {
  const { id } = await store.askApproval(request(asked));
  const workflowId = fresh('approval-message/');
  const input = { approvalId: id };
  const run = await temporal.client.workflow.start(showApproval, {
    workflowId,
    taskQueue,
    memo: signedMemo({ workflowId, workflow: 'showApproval', input }),
    args: [input],
  });
  const outcome = await run.result().catch((error: { cause?: Error }) => `failed: ${error.cause?.message}`);
  const shown = slack.world.messages.filter(
    ({ metadata }) => (metadata?.event_payload as { approval?: string } | undefined)?.approval === id,
  );
  return { id, outcome, shown };
}

const namesOf = (userIds: readonly string[]) => [...userIds].sort();
/** Who was shown it by a direct message. */
const directly = (shown: readonly { channelId: string }[]) =>
  namesOf(
    shown.flatMap(({ channelId }) => {
      const channel = slack.world.channels.find(({ id, kind }) => id === channelId && kind === 'im');
      return channel?.memberIds.filter((id) => id !== slack.world.bot.userId) ?? [];
    }),
  );
const said = async (id: string) => {
  const lines = await store.readRecord({ limit: 1_000 });
  return lines.map(({ detail }) => JSON.stringify(detail ?? '')).filter((text) => text.includes(id));
};
/** A channel that Baton and nobody else is in. */
function newChannel(changes: { archived?: boolean } = {}): string {
  const id = fresh('C0ASK').replaceAll(/[^A-Z0-9]/g, '');
  const [like] = slack.world.channels;
  if (!like) throw new Error('There is no channel to be like');
  const own = { id, name: id.toLowerCase(), memberIds: [slack.world.bot.userId] };
  slack.world.channels.push({ ...structuredClone(like), ...own, ...changes });
  return id;
}
const membersOf = (channelId: string) =>
  slack.world.channels.find(({ id }) => id === channelId)?.memberIds ?? [];
const both = { userIds: ['PADALOP', 'PBENOKA'] };

describe('an approval that several people are asked for directly', () => {
  it('reaches the others where Slack refuses one of them, and the record says whom it did not', async () => {
    slack.fail({ kind: 'status', status: 403, match: 'users=U0ADA', times: 1 });
    const { id, outcome, shown } = await show({ approvers: both });
    expect(outcome).toBe('shown');
    expect(directly(shown)).toEqual(['U0BEN']);
    expect((await said(id)).join('\n')).toContain('Direct message to U0ADA: ');
  });

  it('fails as a run where Slack refuses all of them, so that somebody is paged', async () => {
    slack.fail({ kind: 'status', status: 403, match: 'chat.postMessage', times: 2 });
    const { outcome, shown } = await show({ approvers: both });
    expect(outcome).toContain('Nobody sees the approval');
    expect(shown).toEqual([]);
  });
});

describe('an approval in a channel', () => {
  it('brings those who are asked into it, and calls them', async () => {
    const channelId = newChannel();
    const { outcome, shown } = await show({ approvers: both, channelId });
    expect(outcome).toBe('shown');
    expect(membersOf(channelId)).toEqual(expect.arrayContaining(['U0ADA', 'U0BEN']));
    expect(shown.map((message) => message.channelId)).toEqual([channelId]);
    expect(JSON.stringify(shown)).toContain('<@U0ADA> <@U0BEN> please answer');
  });

  it.each([
    ['the first level, where none is named', 'PCHECKO', 'U0ADA'],
    ['the level that is named', { service: 'PCHECKO', level: 2 }, 'U0BEN'],
  ])('calls whoever is on call on %s', async (_, onCallOf, userId) => {
    const channelId = newChannel();
    const { shown } = await show({ approvers: { onCallOf }, channelId });
    expect(membersOf(channelId)).toEqual([slack.world.bot.userId, userId]);
    expect(JSON.stringify(shown)).toContain(`<@${userId}> please answer`);
    const words = typeof onCallOf === 'string' ? 'on call' : 'on call on level 2';
    expect(JSON.stringify(shown)).toContain(`May answer: who is ${words} for the service`);
  });

  it('is shown directly to whoever cannot be brought into it', async () => {
    const channelId = newChannel();
    const refused = JSON.stringify({ ok: false, error: 'cant_invite' });
    const refuse = { kind: 'status', status: 200, body: refused } as const;
    slack.fail({ ...refuse, match: 'users=U0ADA%2CU0BEN', times: 1 });
    slack.fail({ ...refuse, match: 'users=U0ADA', times: 1 });
    const { shown } = await show({ approvers: both, channelId });
    expect(membersOf(channelId)).not.toContain('U0ADA');
    expect(membersOf(channelId)).toContain('U0BEN');
    expect(directly(shown)).toEqual(['U0ADA']);
    expect(shown).toHaveLength(2);
  });

  it.each([
    ['is archived', () => newChannel({ archived: true })],
    ['is not there', () => 'C0NOWHERE'],
  ])('that %s reaches those who are asked by direct messages', async (_, channelOf) => {
    const { id, outcome, shown } = await show({ approvers: both, channelId: channelOf() });
    expect(outcome).toBe('shown');
    expect(directly(shown)).toEqual(['U0ADA', 'U0BEN']);
    expect((await said(id)).join('\n')).toContain('was not shown everywhere');
  });
});

describe('an approval that no channel shows', () => {
  it('is nowhere to be seen where nobody has the role that is asked', async () => {
    expect((await show({ approvers: { role: 'admin' } })).outcome).toBe('nowhere to show it');
  });

  it('reaches whoever may answer by their role, but not who has asked for it', async () => {
    await store.setRole('ada@example.com', 'admin', entry());
    await store.setRole('ben@example.com', 'approver', entry());
    await store.setRole('cleo@example.com', 'operator', entry());
    const { shown } = await show({ approvers: { role: 'approver' } });
    expect(directly(shown)).toEqual(['U0ADA', 'U0BEN']);
    const { shown: ofAdmins } = await show({ approvers: { role: 'admin' } });
    expect(directly(ofAdmins)).toEqual(['U0ADA']);
    const { shown: toOthers } = await show({ approvers: {}, requestedBy: ['person:ada@example.com'] });
    expect(directly(toOthers)).toEqual(['U0BEN']);
  });

  it('reaches the people of the PagerDuty team that is asked', async () => {
    pagerDuty.world.teams = [{ id: 'PREPORT', name: 'Reports' }];
    const ben = pagerDuty.world.users.find(({ id }) => id === 'PBENOKA');
    Object.assign(ben ?? {}, { teamIds: ['PREPORT'] });
    const { outcome, shown } = await show({ approvers: { pagerDutyTeam: 'PREPORT' } });
    expect(outcome).toBe('shown');
    expect(directly(shown)).toEqual(['U0BEN']);
  });
});
