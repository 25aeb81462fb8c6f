import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import { untaggedInstance } from '../../simulator/ec2.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident, ec2Unhealthy, approvalMessage] });
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
