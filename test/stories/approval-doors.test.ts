import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import { approveApproval, refuseApproval } from '../../server/operations/approvals.ts';
import { perform } from '../../server/operations/perform.ts';
import type { Refusal } from '../../server/refusal.ts';
import { impair } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { ask, bearer, newToken, openDoor, sendJson } from '../rights/door.ts';
import { entry } from '../store/world.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';
import { overHttp } from './slack-doors.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident, ec2Unhealthy, approvalMessage, slackRequest] });
  await world.store.setRole('ben@example.com', 'approver', entry());
});
afterAll(() => world.close());

const ada = 'ada@example.com';

let last = 0;
/** An instance whose owner has not allowed a reboot fails its checks, and an incident tells of it. */
function raise(): { instance: string; id: string } {
  const [like] = world.ec2.world.instances;
  if (!like) throw new Error('There is no instance to be like');
  last += 1;
  const instance = `i-0d00d${String(last).padStart(12, '0')}`;
  world.ec2.world.instances.push({ ...structuredClone(like), id: instance, tags: {} });
  impair(world.ec2, instance);
  const title = `EC2 ${instance} StatusCheckFailed`;
  return { instance, id: raiseIncident(world.pagerDuty, { title, service: 'Search' }) };
}

const askedFor = (id: string) =>
  eventually('an approval to be asked for', async () => {
    const { items } = await world.store.pageOfApprovals({ subject: id, limit: 1 });
    return items[0];
  });
const shownAs = (approval: Approval, words: string) =>
  eventually(`the message to say ${words}`, () => {
    const found = world.slack.world.messages.find(
      ({ metadata }) =>
        metadata?.event_type === 'baton_approval' &&
        (metadata.event_payload as { approval?: string }).approval === approval.id,
    );
    const text = JSON.stringify(found?.blocks ?? '');
    return found && text.includes(words) ? { ...found, text } : undefined;
  });
type Provider = 'slack' | 'ec2' | 'pagerDuty';
/** A provider answers 503 to all, or to what has `match` in it, until `isBack`. */
function fails(provider: Provider, match?: string) {
  const outage = { kind: 'status', status: 503, times: Number.MAX_SAFE_INTEGER } as const;
  world[provider].fail({ ...outage, ...(match === undefined ? {} : { match }) });
  onTestFinished(async () => void (await isBack(provider)));
}
const isBack = (provider: Provider) =>
  fetch(`${world[provider].url}/_simulator/faults`, { method: 'DELETE' });
const rebootsOf = (instance: string) =>
  world.ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);
const resolved = (id: string) =>
  eventually('the incident to be resolved', () =>
    world.pagerDuty.world.incidents.some((each) => each.id === id && each.status === 'resolved'),
  );
const decisions = async (id: string) =>
  (await world.record(id)).filter(({ action }) => action === 'approval.answered');

/** Ada answers by the command. */
const byCommand = (operation: typeof approveApproval | typeof refuseApproval, { id }: Approval) =>
  perform(
    operation,
    { id },
    {
      ...world.operations,
      principal: { kind: 'person', name: ada, role: 'admin' },
      via: 'cli',
    },
  );
/** A program answers by the API. */
async function byApi(verb: 'approve' | 'refuse', { id }: Approval) {
  const { url } = await openDoor(world.store, { world: world.operations });
  const { text, name } = await newToken(world.store, { role: 'approver' });
  const answer = await ask(`${url}/api/v1/approvals/${id}/${verb}`, sendJson('POST', {}, bearer(text)));
  return { ...answer, name };
}
/** Ben presses a button of the message. */
async function bySlack(
  actionId: 'approve' | 'refuse',
  { id }: Approval,
  { channelId, ts }: { channelId: string; ts: string },
) {
  const channel = world.slack.world.channels.find((each) => each.id === channelId);
  if (channel && !channel.memberIds.includes('U0BEN')) channel.memberIds.push('U0BEN');
  await overHttp(world).press({ actionId, value: id, channelId, messageTs: ts, userId: 'U0BEN' });
}
const benIsTold = (words: string) =>
  eventually(`Ben to be told: ${words}`, () =>
    world.slack.world.ephemerals.find(({ userId, text }) => userId === 'U0BEN' && text.includes(words)),
  );

describe('an approval that is asked for while Slack is down', () => {
  it('is given by command, and done; Slack shows it as given when it is back', async () => {
    // The run asks once EC2 answers, and Slack has gone by then.
    fails('ec2');
    const { id, instance } = raise();
    await eventually('the room to be open', () => cardOf(world.slack, id));
    fails('slack');
    const before = world.slack.calls.length;
    await isBack('ec2');
    const approval = await askedFor(id);
    await eventually('Slack to be asked in vain for whom to call', () =>
      world.slack.calls.slice(before).some(({ path }) => path.includes('users.lookupByEmail')),
    );
    expect(await byCommand(approveApproval, approval)).toMatchObject({ state: 'approved', takenUp: true });
    await resolved(id);
    expect(rebootsOf(instance)).toHaveLength(1);
    await isBack('slack');
    const { text } = await shownAs(approval, `Approved by ${ada} (cli`);
    expect(text).not.toContain('"approve"');
  }, 60_000);
});

describe('an approval that Slack does not take at first', () => {
  it('is answered meanwhile; the room then shows it as answered, and no buttons', async () => {
    fails('ec2');
    const { id } = raise();
    await eventually('the room to be open', () => cardOf(world.slack, id));
    fails('slack', 'chat.postMessage');
    const before = world.slack.calls.length;
    await isBack('ec2');
    const approval = await askedFor(id);
    await eventually('Slack to refuse the message', () =>
      world.slack.calls.slice(before).some(({ body }) => body.includes(approval.id)),
    );
    await byCommand(refuseApproval, approval);
    await eventually('the run that tells of the answer to find no message', async () => {
      const { items } = await world.store.pageOfRuns({ subject: id, workflows: ['showApproval'], limit: 20 });
      return items.some(({ outcome }) => outcome === 'nowhere to show it');
    });
    await isBack('slack');
    const { text } = await shownAs(approval, `Refused by ${ada} (cli`);
    expect(text).not.toContain('"approve"');
  }, 60_000);
});

describe('an approval that is asked for while PagerDuty cannot say who is on call', () => {
  it('is shown in the room all the same; they are called when PagerDuty is back', async () => {
    fails('ec2');
    const { id } = raise();
    await eventually('the room to be open', () => cardOf(world.slack, id));
    fails('pagerDuty', '/oncalls');
    await isBack('ec2');
    const approval = await askedFor(id);
    const { ts, channelId, text } = await shownAs(approval, '"approve"');
    expect(text).not.toContain('please answer');
    await isBack('pagerDuty');
    expect((await shownAs(approval, 'please answer')).text).toContain('<@U0ADA>');
    await eventually('them to be called in its thread', () =>
      world.slack.world.messages.find(
        (message) =>
          message.channelId === channelId &&
          message.threadTs === ts &&
          JSON.stringify(message.blocks).includes('<@U0ADA>'),
      ),
    );
    await byCommand(refuseApproval, approval);
  }, 60_000);
});

describe('an approval that is shown in Slack, which then goes down', () => {
  it('is given by command, once; the API says who was first, and so does Slack when it is back', async () => {
    const { id, instance } = raise();
    const approval = await askedFor(id);
    const message = await shownAs(approval, '"approve"');
    await eventually('the message to be known', async () =>
      (await world.store.findApproval(approval.id))?.messages.at(0),
    );

    fails('slack');
    const taken = await byCommand(approveApproval, approval);
    expect(taken).toMatchObject({ state: 'approved', name: ada, takenUp: true });
    const late = await byApi('approve', approval);
    expect(late.status).toBe(409);
    expect(late.json.detail).toMatch(/^It was approved by ada@example\.com at 2\S+Z, by cli already\.$/);
    await resolved(id);
    expect((await shownAs(approval, '')).text).toContain('"approve"');
    await isBack('slack');
    expect((await shownAs(approval, `Approved by ${ada} (cli`)).text).not.toContain('"approve"');

    // An old screen still shows the button.
    await bySlack('approve', approval, message);
    await benIsTold(`It was approved by ${ada}`);
    const kept = await world.store.findApproval(approval.id);
    expect(kept?.answers).toMatchObject([{ by: `person:${ada}`, via: 'cli', decision: 'approved' }]);
    expect(rebootsOf(instance)).toHaveLength(1);
    expect(await decisions(id)).toHaveLength(1);
  }, 60_000);
});

describe('an approval that is answered in Slack, by command and by the API at once', () => {
  it('is decided once, and each of the others is told who was first, when and where', async () => {
    const { id, instance } = raise();
    const approval = await askedFor(id);
    const message = await shownAs(approval, '"approve"');
    await eventually('the message to be known', async () =>
      (await world.store.findApproval(approval.id))?.messages.at(0),
    );
    const [command, api] = await Promise.all([
      byCommand(refuseApproval, approval).catch((error: Refusal) => error),
      byApi('approve', approval),
      bySlack('approve', approval, message),
    ]);
    const { first } = await eventually('a decision', async () => {
      const { state, answers } = (await world.store.findApproval(approval.id)) ?? {};
      return state === 'pending' ? undefined : { first: answers?.[0] };
    });
    if (!first) throw new Error('It ended without an answer');
    const words = `It was ${first.decision} by ${first.name} at ${first.at}, by ${first.via} already`;
    expect(first.via === 'cli' ? command : `${command}`).toEqual(
      first.via === 'cli'
        ? expect.objectContaining({ state: 'refused', name: ada })
        : expect.stringContaining(words),
    );
    expect(api.json).toMatchObject(
      first.via === 'api' ? { state: 'approved', name: api.name } : { detail: `${words}.` },
    );
    await benIsTold(first.via === 'slack' ? 'You approved it' : words);

    expect((await world.store.findApproval(approval.id))?.answers).toHaveLength(1);
    await eventually('the run to end', async () => (await world.run(`ec2-unhealthy/${id}`))?.endedAt);
    expect(rebootsOf(instance)).toHaveLength(first.decision === 'approved' ? 1 : 0);
    expect(await decisions(id)).toHaveLength(1);
  }, 60_000);
});
