import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import { approveApproval, refuseApproval } from '../../server/operations/approvals.ts';
import { allowChanges, freezeChanges, haltChanges } from '../../server/operations/changes.ts';
import { perform } from '../../server/operations/perform.ts';
import { impair, restedInstance, untaggedInstance } from '../../simulator/ec2.ts';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { fillForm } from '../../simulator/slack-person.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { entry } from '../store/world.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';
import { overHttp } from './slack-doors.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident, ec2Unhealthy, approvalMessage, slackRequest] });
  await world.store.setRole('ben@example.com', 'approver', entry());
});
afterAll(() => world.close());

const raise = (instance: string) =>
  raiseIncident(world.pagerDuty, { title: `EC2 ${instance} StatusCheckFailed`, service: 'Checkout' });
const ended = (id: string) =>
  eventually('the run to end', async () => {
    const run = await world.run(`ec2-unhealthy/${id}`);
    return run?.endedAt ? run : undefined;
  });
const asked = (id: string, not?: string) =>
  eventually('an approval to be asked for', async () => {
    const { items } = await world.store.pageOfApprovals({ subject: id, state: 'pending', limit: 5 });
    return items.find((each) => each.id !== not);
  });
const reboots = (instance: string) =>
  world.ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);
const incident = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id);
const notes = (id: string) =>
  world.pagerDuty.world.notes
    .filter(({ incidentId }) => incidentId === id)
    .map(({ content }) => content)
    .join('\n');

/** An incident has had this instance rebooted, and it fails its checks again. */
async function rebootedBefore(instance = restedInstance(world.ec2)) {
  impair(world.ec2, instance);
  const first = raise(instance);
  expect((await ended(first)).outcome).toBe('restarted');
  impair(world.ec2, instance);
  return { instance, first };
}

const byCommand = (operation: typeof approveApproval | typeof refuseApproval, id: string, reason?: string) =>
  perform(
    operation,
    { id, ...(reason === undefined ? {} : { reason }) },
    {
      ...world.operations,
      principal: { kind: 'person', name: 'ada@example.com', role: 'admin' },
      via: 'cli',
    },
  );

/** Where people see it in Slack, and what it says. */
const shown = ({ id }: Approval) =>
  eventually('the message', async () => {
    const [place] = (await world.store.findApproval(id))?.messages ?? [];
    const message = world.slack.world.messages.find(
      ({ channelId, ts }) => channelId === place?.channelId && ts === place.ts,
    );
    return place && message && { ...place, text: JSON.stringify(message) };
  });

describe('an instance that was rebooted a short time ago and fails its checks again', () => {
  it('is rebooted once somebody who sees what holds it has approved that, and has said why', async () => {
    const { instance, first } = await rebootedBefore();
    const id = raise(instance);
    const approval = await asked(id);
    expect(approval).toMatchObject({ overridesGuards: true, reasonRequired: true });
    expect(approval.summary).toMatch(
      new RegExp(
        `^Reboots ${instance}, though ${instance} was changed by ec2-unhealthy/${first} \\(rebootEc2Instances\\) less than a minute ago; the next such change may be made after 20\\S+Z$`,
      ),
    );
    // PagerDuty goes on paging while people are asked.
    expect(incident(id)?.status).toBe('triggered');
    const { channelId, ts, text } = await shown(approval);
    expect(text).toContain(`though ${instance} was changed by ec2-unhealthy/${first}`);
    expect(text).toContain('It overrides a guard: say why');
    expect(text).toContain('"approve_with_reason"');

    await expect(byCommand(approveApproval, approval.id)).rejects.toThrow('give a reason');
    const ben = { userId: 'U0BEN', channelId, batonUrl: world.server.url };
    world.slack.world.channels.find((each) => each.id === channelId)?.memberIds.push('U0BEN');
    const { press } = overHttp(world);
    await press({ actionId: 'approve_with_reason', value: approval.id, messageTs: ts, ...ben });
    await eventually('the form', () => world.slack.world.views?.at(-1)?.view.callback_id === 'baton_approve');
    expect((await fillForm(world.slack, ben, {})).text).toContain('This is needed.');
    expect(reboots(instance)).toHaveLength(1);

    await fillForm(world.slack, ben, { reason: 'the kernel was patched' });
    expect((await ended(id)).outcome).toBe('restarted');
    expect(reboots(instance)).toHaveLength(2);
    await eventually('the card to tell of the reboot, and in which mode it was made', () => {
      const card = JSON.stringify(cardOf(world.slack, id)?.blocks);
      return (
        card.includes(`ec2-unhealthy: Reboots ${instance}`) && card.includes('Mode of ec2-unhealthy: auto')
      );
    });
    const lines = await world.record(id);
    const answered = lines.find(({ action }) => action === 'approval.answered');
    expect(answered).toMatchObject({
      actor: 'person:ben@example.com',
      detail: { approval: approval.id, reason: 'the kernel was patched' },
    });
    const made = lines.find(
      ({ action, detail }) => action === 'activity.completed' && detail.activity === 'rebootEc2Instances',
    );
    expect(made?.detail).toMatchObject({ approval: approval.id });
  });

  it('is held by a freeze in the same way', async () => {
    const instance = restedInstance(world.ec2);
    impair(world.ec2, instance);
    const operator = {
      ...world.operations,
      principal: { kind: 'person', name: 'ada@example.com', role: 'admin' },
      via: 'cli',
    } as const;
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const { id: freeze } = await perform(
      freezeChanges,
      { reason: 'the holidays', until, provider: 'ec2' },
      operator,
    );
    const id = raise(instance);
    const approval = await asked(id);
    expect(approval.summary).toContain('though there is a freeze by person:ada@example.com until 20');
    await byCommand(approveApproval, approval.id, 'customers wait');
    expect((await ended(id)).outcome).toBe('restarted');
    await perform(allowChanges, { id: freeze, reason: 'over' }, operator);
  });

  it('is held by the kill switch, which holds nothing that calls a person: not once the incident is acknowledged either', async () => {
    const instance = restedInstance(world.ec2);
    impair(world.ec2, instance);
    world.ec2.fail({ kind: 'delay', ms: 1_500, match: 'GetConsoleOutput' });
    const id = raise(instance);
    await eventually('the run to acknowledge', () => incident(id)?.status === 'acknowledged');
    const ada = {
      ...world.operations,
      principal: { kind: 'person', name: 'ada@example.com', role: 'admin' },
      via: 'cli',
    } as const;
    const { id: halt } = await perform(haltChanges, { reason: 'drill' }, ada);
    expect((await ended(id)).outcome).toBe('handed to a person');
    await perform(allowChanges, { id: halt, reason: 'over' }, ada);
    expect(reboots(instance)).toEqual([]);
    expect(notes(id)).toContain('the kill switch is on since person:ada@example.com engaged it (drill)');
    expect(incident(id)?.responderRequests).toHaveLength(1);
  });

  it('is left to a person who has acknowledged the incident meanwhile, unless people say otherwise', async () => {
    const instance = restedInstance(world.ec2);
    impair(world.ec2, instance);
    // The run looks at it for a while.
    world.ec2.fail({ kind: 'delay', ms: 1_500, match: 'DescribeInstances' });
    const id = raise(instance);
    await eventually('the run to look', () =>
      world.ec2.calls.some(({ body }) => body.includes('DescribeInstances') && body.includes(instance)),
    );
    acknowledgeAs(world.pagerDuty, id, 'PADALOP');
    const approval = await asked(id);
    expect(approval).toMatchObject({ overridesGuards: true, reasonRequired: true });
    expect(approval.summary).toMatch(
      new RegExp(
        `^Reboots ${instance}, though Ada Lopez acknowledged the incident at 20\\S+Z, and from then on its trigger leaves to people what is destructive$`,
      ),
    );
    const refused = (await world.record(id)).find(({ action }) => action === 'activity.refused');
    expect(refused?.detail.failure).toMatchObject({
      class: 'Held',
      message: expect.stringContaining('Ada Lopez acknowledged'),
    });
    expect(reboots(instance)).toEqual([]);
    await byCommand(approveApproval, approval.id, 'Ada is on it and asks for it');
    expect((await ended(id)).outcome).toBe('restarted');
  });

  it('beside one that is rebooted at once is asked about by PagerDuty, too, as the incident is acknowledged', async () => {
    const { instance } = await rebootedBefore();
    const other = restedInstance(world.ec2);
    impair(world.ec2, other);
    const id = raiseIncident(world.pagerDuty, {
      title: `EC2 ${other} ${instance} StatusCheckFailed`,
      service: 'Checkout',
    });
    const approval = await asked(id);
    expect(incident(id)?.status).toBe('acknowledged');
    const [request] = await eventually('responders to be asked for', () => {
      const { responderRequests = [] } = incident(id) ?? {};
      return responderRequests.length > 0 ? responderRequests : undefined;
    });
    expect(JSON.stringify(request)).toContain(`${instance} fails its checks, and is not rebooted unasked`);
    await byCommand(approveApproval, approval.id, 'customers wait');
    expect((await ended(id)).outcome).toBe('restarted');
    expect([reboots(other).length, reboots(instance).length]).toEqual([1, 2]);
  });

  it('is left alone where somebody refuses, and a person is asked with both reasons', async () => {
    const { instance } = await rebootedBefore();
    const id = raise(instance);
    await byCommand(refuseApproval, (await asked(id)).id, 'it needs a new disk');
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(reboots(instance)).toHaveLength(1);
    expect(notes(id)).toMatch(/may be made after[\s\S]*ada@example.com refused it: it needs a new disk/);
    await eventually('the card to tell that it is not done', () =>
      /Not done[^"]*Refused by people: Reboots i-/.test(JSON.stringify(cardOf(world.slack, id)?.blocks)),
    );
  });

  it('is no longer asked about once a person has resolved the incident', async () => {
    const { instance } = await rebootedBefore();
    const id = raise(instance);
    const approval = await asked(id);
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await ended(id)).outcome).toBe('resolved elsewhere');
    expect((await world.store.findApproval(approval.id))?.state).toBe('withdrawn');
    expect(reboots(instance)).toHaveLength(1);
  });

  it('is left alone, unasked, while the run that rebooted it still waits for its checks', async () => {
    const instance = restedInstance(world.ec2);
    impair(world.ec2, instance, { rebootHelps: false });
    // The second run is to look at it before its checks run anew.
    world.ec2.fail({ kind: 'delay', ms: 1_500, match: 'RebootInstances' });
    const first = raise(instance);
    await eventually('the reboot to be asked for', () =>
      world.ec2.calls.some(({ body }) => body.includes('RebootInstances') && body.includes(instance)),
    );
    const second = raise(instance);
    expect((await ended(second)).outcome).toBe('handed to a person');
    expect(notes(second)).toContain(`was changed by ec2-unhealthy/${first}`);
    const { items } = await world.store.pageOfApprovals({ subject: second, limit: 1 });
    expect(items).toEqual([]);
    expect((await world.run(`ec2-unhealthy/${first}`))?.endedAt).toBeUndefined();
  });

  it('within a group of which enough was rebooted is left alone, unasked', async () => {
    const members = Array.from({ length: 4 }, () => {
      const id = restedInstance(world.ec2);
      const instance = world.ec2.world.instances.find((each) => each.id === id);
      Object.assign(instance?.tags ?? {}, { 'baton:group': 'checkout', 'baton:restart': 'soon' });
      return id;
    });
    for (const { tags } of world.ec2.world.instances)
      if (tags['baton:restart'] === 'soon') tags['baton:restart'] = 'allowed';
    const [one = '', other = ''] = members;
    await rebootedBefore(one);
    impair(world.ec2, other);
    const id = raise(other);
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(notes(id)).toContain(
      'at most 1 of the 4 in its group may be changed at a time, and 1 was changed',
    );
    expect(reboots(other)).toEqual([]);
  });

  it('and whose tag does not allow it either is asked about twice', async () => {
    const instance = untaggedInstance(world.ec2);
    const approve = async (id: string, not?: string) => {
      const approval = await asked(id, not);
      await byCommand(approveApproval, approval.id, 'it is quiet');
      return approval;
    };
    await approve(raise(instance));
    await eventually('the reboot to help', () =>
      world.pagerDuty.world.incidents.some(
        ({ title, status }) => title.includes(instance) && status === 'resolved',
      ),
    );
    impair(world.ec2, instance);
    const id = raise(instance);
    const first = await approve(id);
    const second = await approve(id, first.id);
    expect([first.overridesGuards, second.overridesGuards]).toEqual([false, true]);
    expect((await ended(id)).outcome).toBe('restarted');
    expect(reboots(instance)).toHaveLength(2);
  });
});
