import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyActivity } from '../../activities/activity.ts';
import { makeCalls } from '../../activities/ec2/make-calls.ts';
import { rebootEc2Instances } from '../../activities/ec2/reboot-instances.ts';
import { activities as shippedActivities } from '../../activities/index.ts';
import type { Approval } from '../../domain/approval.ts';
import { simulatedRoleArn, untaggedInstance } from '../../simulator/ec2.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { eventually, startWorld, type World } from '../world.ts';

/** The instance whose reboot is altered, as by a deploy between the approval and the call: another instance is rebooted in its place. */
const altered: { instead?: Record<string, string> } = {};
const activities: readonly AnyActivity[] = shippedActivities.map((each) =>
  each.name === rebootEc2Instances.name ? { ...rebootEc2Instances, act: alteredAct } : each,
);

async function alteredAct(...given: Parameters<typeof rebootEc2Instances.act>) {
  const [plan, input, { ec2, attempt }] = given;
  const instead = altered.instead?.[input.instanceIds[0] ?? ''];
  if (instead === undefined) return rebootEc2Instances.act(...given);
  const { sdk, ...region } = await ec2(input.connection);
  await makeCalls({ sdk, ...region }, attempt.signal, (client) =>
    client.send(new sdk.RebootInstancesCommand({ InstanceIds: [instead] })),
  );
  return plan.output;
}

let world: World;
beforeAll(async () => {
  world = await startWorld({
    triggers: [productionIncident, ec2Unhealthy, approvalMessage],
    activities,
    env: { EC2_ROLE_ARN: simulatedRoleArn },
  });
});
afterAll(() => world.close());

const newInstance = () => untaggedInstance(world.ec2);
const raise = (instance: string) =>
  raiseIncident(world.pagerDuty, { title: `EC2 ${instance} StatusCheckFailed`, service: 'Checkout' });
const reboots = (instance: string) =>
  world.ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);
const notes = (id: string) =>
  world.pagerDuty.world.notes
    .filter(({ incidentId }) => incidentId === id)
    .map(({ content }) => content)
    .join('\n');
const ended = (id: string) =>
  eventually('the run to end', async () => {
    const run = await world.run(`ec2-unhealthy/${id}`);
    return run?.endedAt ? run : undefined;
  });
const approvals = async (id: string): Promise<Approval[]> =>
  (await world.store.pageOfApprovals({ subject: id, limit: 10 })).items;
const asked = (id: string, not?: string) =>
  eventually('an approval to be asked for', async () =>
    (await approvals(id)).find((each) => each.state === 'pending' && each.id !== not),
  );
const answer = (approval: Approval, decision: 'approved' | 'refused', reason?: string) =>
  world.store.answerApproval(approval.id, {
    by: 'person:ben@example.com',
    name: 'Ben Okafor',
    via: 'slack',
    decision,
    ...(reason ? { reason } : {}),
  });
/** What people see of it in Slack, once it says `words`. */
const shown = (approval: Approval, words: string) =>
  eventually(`the message to say ${words}`, async () => {
    const { messages = [] } = (await world.store.findApproval(approval.id)) ?? {};
    const texts = messages.flatMap(({ channelId, ts }) =>
      world.slack.world.messages.filter((each) => each.channelId === channelId && each.ts === ts),
    );
    return texts.find((message) => JSON.stringify(message).includes(words));
  });

describe('an instance without the tag', () => {
  it('is rebooted once somebody has approved just that, and they see its exact calls before', async () => {
    const instance = newInstance();
    const id = raise(instance);
    const approval = await asked(id);
    expect(approval.calls).toMatchObject([
      {
        activity: 'rebootEc2Instances',
        input: { instanceIds: [instance] },
        calls: [`ec2:RebootInstances ${instance}`],
      },
    ]);
    const message = JSON.stringify(await shown(approval, 'Waiting for approval'));
    expect(message).toContain(`ec2:RebootInstances ${instance}`);
    expect(message).toContain('a reboot cannot be taken back');
    expect(message).toContain('Asked beforehand: EC2 would do it');
    expect(message).toContain('"approve"');
    expect(reboots(instance)).toEqual([]);

    await answer(approval, 'approved');
    expect((await ended(id)).outcome).toBe('restarted');
    expect(reboots(instance).length).toBe(1);
    const after = JSON.stringify(await shown(approval, 'Approved by Ben Okafor'));
    expect(after).not.toContain('"approve"');
    const lines = await world.record(id);
    expect(lines.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['approval.asked', 'approval.answered']),
    );
    const made = lines.find(
      ({ action, detail }) => action === 'activity.completed' && detail.activity === 'rebootEc2Instances',
    );
    expect(made?.detail).toMatchObject({ approval: approval.id, digest: approval.calls[0]?.digest });

    // With keys for that call alone, in the name of whoever approved it, after a dry run in the trigger's; and nothing tells the keys.
    const sessions = world.ec2.world.sessions.filter(({ name }) => name === `ec2-unhealthy.${id}`);
    const session = sessions.at(-1);
    expect(session).toMatchObject({ roleArn: simulatedRoleArn, sourceIdentity: 'ben@example.com' });
    expect(JSON.parse(session?.policy ?? '')).toMatchObject({
      Statement: [
        { Action: 'ec2:RebootInstances', Resource: [`arn:aws:ec2:eu-central-1:*:instance/${instance}`] },
      ],
    });
    expect(reboots(instance)).toMatchObject([{ by: 'ben@example.com' }]);
    const history = await world.temporal.client.workflow.getHandle(`ec2-unhealthy/${id}`).fetchHistory();
    const payloads = history.events?.flatMap(({ activityTaskCompletedEventAttributes: done }) =>
      (done?.result?.payloads ?? []).map(({ data }) => Buffer.from(data ?? []).toString()),
    );
    expect(payloads?.length).toBeGreaterThan(0);
    const told = JSON.stringify([lines, world.log, payloads]);
    const tokens = world.ec2.calls.flatMap(({ headers }) => headers['x-amz-security-token'] ?? []);
    expect(tokens.length).toBeGreaterThan(0);
    for (const secret of [...tokens, session?.accessKeyId ?? '']) expect(told).not.toContain(secret);
  });

  it('is refused by EC2 where the activity was altered after the approval, and no instance is rebooted', async () => {
    const instance = newInstance();
    const other = newInstance();
    const id = raise(instance);
    const approval = await asked(id);
    altered.instead = { [instance]: other };
    await answer(approval, 'approved');
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect([...reboots(instance), ...reboots(other)]).toEqual([]);
    const failed = (await world.record(id)).find(
      ({ action, detail }) => action === 'activity.failed' && detail.activity === 'rebootEc2Instances',
    );
    expect(failed?.detail).toMatchObject({
      approval: approval.id,
      failure: {
        class: 'ProviderRefused',
        message: expect.stringMatching(
          new RegExp(
            `UnauthorizedOperation: .*ec2:RebootInstances on resource: .*${other} because no session`,
          ),
        ),
      },
    });
    expect(notes(id)).toContain('no session policy allows');
  });

  it('is left alone where somebody refuses, who is named with the reason', async () => {
    const instance = newInstance();
    const id = raise(instance);
    await answer(await asked(id), 'refused', 'a deploy runs there');
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(reboots(instance)).toEqual([]);
    expect(notes(id)).toContain('Ben Okafor refused it: a deploy runs there');
  });

  it('is asked about anew where it is in another state than was shown, and not rebooted by the old answer', async () => {
    const instance = newInstance();
    const id = raise(instance);
    const first = await asked(id);
    const found = world.ec2.world.instances.find((each) => each.id === instance);
    if (!found) throw new Error('The instance is gone');
    found.failing = ['instance', 'ebs'];
    await answer(first, 'approved');
    const second = await asked(id, first.id);
    expect(reboots(instance)).toEqual([]);
    expect((await world.store.findApproval(first.id))?.state).toBe('superseded');
    expect(second.digest).not.toBe(first.digest);
    await answer(second, 'refused');
    await ended(id);
    expect(reboots(instance)).toEqual([]);
  });

  it('is no longer asked about once a person has resolved the incident: the message says so', async () => {
    const instance = newInstance();
    const id = raise(instance);
    const approval = await asked(id);
    await shown(approval, 'Waiting for approval');
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await ended(id)).outcome).toBe('resolved elsewhere');
    await shown(approval, 'No longer needed');
    expect((await world.store.findApproval(approval.id))?.state).toBe('withdrawn');
    expect((await answer(approval, 'approved'))?.outcome).toBe('ended');
    expect(reboots(instance)).toEqual([]);
  });
});
