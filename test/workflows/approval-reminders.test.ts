import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import { showApproval } from '../../workflows/show-approval.ts';
import { eventually } from '../world.ts';
import { asking, closedAt, hour, startAsking } from './asking-world.ts';
import { openTheDoor } from './fixture/asking.ts';

const world = await startAsking();
const { temporal, store, slack, pagerDuty, start, asked, answer } = world;
afterAll(() => world.close());

describe('people who have not answered', () => {
  const levels = (...onCall: string[]) => {
    for (const policy of pagerDuty.world.policies) policy.levels = onCall.map((id) => [id]);
  };
  beforeEach(() => levels('PADALOP', 'PBENOKA'));
  const reminders = ({ summary }: Approval, channelId: string) =>
    slack.world.messages.filter(
      (message) => message.channelId === channelId && message.threadTs && message.text.includes(summary),
    );
  const waiting = async ({ workflowId: subject }: WorkflowHandle) =>
    (await store.listEvents({ subject, limit: 50 })).filter(({ type }) => type === 'approval.waiting');
  /** Shows it as it stands, as each of its events does. */
  const show = ({ id: approvalId }: Approval) => start(showApproval, { approvalId });
  const shownIn = (approval: Approval, count = 1) =>
    eventually(`${count} messages`, async () => {
      const { messages = [] } = (await store.findApproval(approval.id)) ?? {};
      return messages.length === count ? messages : undefined;
    });
  const isOver = async (run: WorkflowHandle) => (await run.describe()).status.name !== 'RUNNING';
  const blocksOf = (ts: string) =>
    JSON.stringify(slack.world.messages.find((message) => message.ts === ts)?.blocks);
  /** The channels in which Baton talks to one person alone. */
  const conversationWith = (userId: string) =>
    slack.world.channels.find(({ kind, memberIds }) => kind === 'im' && memberIds.includes(userId))?.id;

  it('are reminded twice, where it is shown: whoever is on call then, who is brought there', async () => {
    const [like] = slack.world.channels;
    if (!like) throw new Error('There is no channel to be like');
    const channelId = 'C0REMIND';
    const own = { id: channelId, name: 'remind', memberIds: [slack.world.bot.userId] };
    slack.world.channels.push({ ...structuredClone(like), ...own });
    const onFirst = { onCallOf: { service: 'PCHECKO', level: 1 } };
    const run = await start(openTheDoor, asking({ approvers: onFirst, channelId }));
    const approval = await asked(run);
    await show(approval);
    const [{ ts } = { ts: '' }] = await shownIn(approval);
    expect(blocksOf(ts)).toContain('<@U0ADA> please answer');

    await temporal.sleep('110 minutes');
    expect(await waiting(run)).toEqual([]);
    levels('PBENOKA', 'PADALOP');
    await temporal.sleep('15 minutes');
    await eventually('the first event', async () => (await waiting(run)).length === 1);
    await show(approval);
    const [first] = await eventually('the reminder', () => {
      const found = reminders(approval, channelId);
      return found.length === 1 ? found : undefined;
    });
    expect(first).toMatchObject({
      threadTs: ts,
      text: `This still waits for an answer: Opens the north door. It expires at ${approval.expiresAt}.`,
    });
    expect(JSON.stringify(first?.blocks)).toContain('<@U0BEN>');
    expect(JSON.stringify(first?.blocks)).not.toContain('<@U0ADA>');
    expect(slack.world.channels.find(({ id }) => id === channelId)?.memberIds).toContain('U0BEN');

    levels('PADALOP');
    await temporal.sleep('1 hour');
    await eventually('the second event', async () => (await waiting(run)).length === 2);
    await show(approval);
    const [, second] = await eventually('the second reminder', () => {
      const found = reminders(approval, channelId);
      return found.length === 2 ? found : undefined;
    });
    expect(JSON.stringify(second?.blocks)).toContain('<@U0ADA>');
    expect(await run.result()).toBe('expired');
    expect(await waiting(run)).toHaveLength(2);
    expect((await store.findApproval(approval.id))?.messages).toHaveLength(1);
  });

  it('are reminded in their own conversations; who came on call has a message with buttons, which is mended too', async () => {
    const run = await start(openTheDoor, asking({ approvers: { onCallOf: 'PCHECKO' } }));
    const approval = await asked(run);
    await show(approval);
    const [toAda] = await shownIn(approval);
    levels('PBENOKA');
    await show(approval);
    const [, toBen] = await shownIn(approval, 2);
    expect([toAda?.channelId, toBen?.channelId]).toEqual(['U0ADA', 'U0BEN'].map(conversationWith));
    expect(blocksOf(toBen?.ts ?? '')).toContain('"approve"');
    const again = await show(approval);
    await eventually('the reminder', () => reminders(approval, toBen?.channelId ?? '').length === 1);
    await eventually('the end of the showing', () => isOver(again));
    expect(reminders(approval, toBen?.channelId ?? '')[0]).toMatchObject({ threadTs: toBen?.ts });
    expect(reminders(approval, toAda?.channelId ?? '')).toEqual([]);

    await answer(run, approval, 'refused');
    expect(await run.result()).toBe('refused');
    await show(approval);
    for (const message of [toAda, toBen])
      await eventually('the message to be mended', () => blocksOf(message?.ts ?? '').includes('Refused by'));
    expect(blocksOf(toBen?.ts ?? '')).not.toContain('"approve"');
  });

  it('are waited for though Slack takes no reminder: an answer by command counts at once, and none comes after it', async () => {
    const run = await start(openTheDoor, asking({ channelId: 'C0GENERAL' }));
    const approval = await asked(run);
    await show(approval);
    await shownIn(approval);
    slack.fail({ kind: 'status', status: 503, match: 'chat.postMessage', times: 100_000 });
    await temporal.sleep('121 minutes');
    const calls = slack.calls.length;
    const reminding = await show(approval);
    await eventually('Slack to be asked in vain', () =>
      slack.calls.slice(calls).some(({ path }) => path.includes('chat.postMessage')),
    );
    const before = await temporal.currentTimeMs();
    await answer(run, approval, 'approved');
    expect(await run.result()).toBe('approved');
    expect((await closedAt(run)) - before).toBeLessThan(hour);
    await reminding.result();
    await fetch(`${slack.url}/_simulator/faults`, { method: 'DELETE' });
    expect(reminders(approval, 'C0GENERAL')).toEqual([]);
  });
});
