import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { impair, restedInstance } from '../../simulator/ec2.ts';
import { mergeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { otherAlert, raiseOtherAlert } from '../fixtures/other-alert.ts';
import { eventually, startWorld, type World } from '../world.ts';

const tagged = 'i-0abc12345def67890';
const untagged = 'i-0def12345abc67890';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [ec2Unhealthy] });
});
afterAll(() => world.close());

const raise = (instance: string) =>
  raiseIncident(world.pagerDuty, { title: `EC2 ${instance} StatusCheckFailed`, service: 'Checkout' });
const incident = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id);
const notes = (id: string) =>
  world.pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id).map(({ content }) => content);
const reboots = (instance: string) =>
  world.ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);
const ended = (id: string) =>
  eventually('the run to end', async () => {
    const run = await world.run(`ec2-unhealthy/${id}`);
    return run?.endedAt ? run : undefined;
  });

/** Somebody refuses what the run of the incident asks for. */
async function refuse(id: string): Promise<void> {
  const asked = await eventually('an approval to be asked for', async () => {
    const { items } = await world.store.pageOfApprovals({ subject: id, state: 'pending', limit: 1 });
    return items[0];
  });
  const by = { by: 'person:ben@example.com', name: 'Ben Okafor', via: 'cli' } as const;
  await world.store.answerApproval(asked.id, { ...by, decision: 'refused' });
}

describe('an unhealthy EC2 instance', () => {
  it('is rebooted, verified, and its incident resolved with evidence', async () => {
    impair(world.ec2, tagged);
    const before = reboots(tagged).length;
    const id = raise(tagged);
    expect((await ended(id)).outcome).toBe('restarted');
    expect(incident(id)?.status).toBe('resolved');
    expect(reboots(tagged).length - before).toBe(1);
    expect(notes(id).join('\n')).toContain('have been good for 60 s');
    const console = notes(id).find((each) => each.startsWith(`Console output of ${tagged}`));
    expect(console).toMatch(
      /^Console output of \S+, read before its reboot. Its end:\n[\s\S]*Out of memory: Killed process/,
    );
    const changes = world.pagerDuty.ledger.filter(({ effect }) => effect === 'change event added');
    expect(changes.length).toBe(1);
    const actions = (await world.record(id)).map(({ action, detail }) =>
      `${action} ${detail.activity ?? ''}`.trim(),
    );
    for (const expected of [
      'event.received',
      'event.answered',
      'run.started',
      'activity.intended rebootEc2Instances',
      'activity.completed rebootEc2Instances',
      'activity.completed awaitEc2InstancesHealthy',
      'activity.completed resolvePagerDutyIncident',
      'run.completed',
    ])
      expect(actions).toContain(expected);
  });

  it('is rebooted though its console cannot be read, and a note says so', async () => {
    const instance = restedInstance(world.ec2);
    impair(world.ec2, instance);
    world.ec2.world.denied.push('ec2:GetConsoleOutput');
    const id = raise(instance);
    expect((await ended(id)).outcome).toBe('restarted');
    world.ec2.world.denied.length = 0;
    expect(notes(id).join('\n')).toMatch(
      new RegExp(`Console output of ${instance}: not read before its reboot \\(.*UnauthorizedOperation`),
    );
  });

  it('is handed to a person when a reboot does not help, and the incident stays open', async () => {
    const other = restedInstance(world.ec2);
    impair(world.ec2, other, { rebootHelps: false });
    const id = raise(other);
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(incident(id)?.status).toBe('acknowledged');
    expect(notes(id).join('\n')).toContain('not healthy');
    expect(incident(id)?.responderRequests.length).toBe(1);
  });

  it('is not rebooted without the tag where people refuse it: it is handed to a person', async () => {
    impair(world.ec2, untagged);
    const id = raise(untagged);
    await refuse(id);
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(reboots(untagged)).toEqual([]);
    expect(notes(id).join('\n')).toContain('baton:restart');
    expect(incident(id)?.status).toBe('triggered');
  });

  it('is left alone when it is healthy again', async () => {
    impair(world.ec2, tagged);
    const found = world.ec2.world.instances.find(({ id }) => id === tagged);
    if (found) found.impaired = false;
    const before = reboots(tagged).length;
    const id = raise(tagged);
    expect((await ended(id)).outcome).toBe('healthy again');
    expect(reboots(tagged).length).toBe(before);
    expect(incident(id)?.status).toBe('triggered');
  });

  it('is not known: nothing is rebooted, a note says so, and a person is asked', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'An EC2 host is unhealthy', service: 'Search' });
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(notes(id).join('\n')).toContain('none was rebooted');
  });

  it.each([
    ['system', 'stop and start'],
    ['ebs', 'volume'],
  ] as const)('is handed to a person with advice where its %s check alone fails', async (check, advice) => {
    impair(world.ec2, tagged, { failing: [check] });
    const before = reboots(tagged).length;
    const id = raise(tagged);
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(reboots(tagged).length).toBe(before);
    expect(notes(id).join('\n')).toContain(advice);
  });

  it('of another region: a note says which was asked and what the alert says, and no run fails', async () => {
    const elsewhere = 'i-0fff1111222233334';
    const id = raiseIncident(world.pagerDuty, {
      title: `EC2 ${elsewhere} StatusCheckFailed`,
      service: 'Checkout',
      alert: {
        key: 'monitor-1',
        severity: 'critical',
        summary: 'monitor-1',
        details: { region: 'us-east-1', InstanceId: elsewhere },
      },
    });
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(notes(id).join('\n')).toMatch(/no such instance in eu-central-1[\s\S]*us-east-1/);
  });

  it.each(['is out of space', 'is down'])(
    'is let be where nothing speaks of status checks: %s',
    async (what) => {
      impair(world.ec2, tagged);
      const before = reboots(tagged).length;
      const title = `${tagged} ${what}`;
      const id = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
      expect((await ended(id)).outcome).toBe('not about status checks');
      expect(reboots(tagged).length).toBe(before);
      expect(notes(id)).toEqual([]);
      expect(incident(id)?.status).toBe('triggered');
    },
  );

  it.each(['text', 'event'])('is found behind a long text (%s)', async (field) => {
    const instance = restedInstance(world.ec2);
    impair(world.ec2, instance);
    const details =
      field === 'text'
        ? { text: 'x '.repeat(2_500) + instance }
        : { event: { metrics: 'x'.repeat(40_000), InstanceId: instance } };
    const id = raiseIncident(world.pagerDuty, {
      title: 'EC2 unhealthy',
      service: 'Checkout',
      alert: { key: 'monitor-2', severity: 'critical', summary: 'monitor-2', details },
    });
    expect((await ended(id)).outcome).toBe('restarted');
  });

  it('is one of several: each is looked at, and a person is asked about the one without the tag', async () => {
    const instance = restedInstance(world.ec2);
    for (const id of [instance, untagged]) impair(world.ec2, id);
    const id = raiseIncident(world.pagerDuty, {
      title: `StatusCheckFailed on ${instance} and ${untagged}`,
      service: 'Checkout',
    });
    await refuse(id);
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(reboots(instance).length).toBe(1);
    expect(reboots(untagged)).toEqual([]);
    expect(notes(id).join('\n')).toMatch(/Rebooted i-0abc[\s\S]*lacks the tag/);
  });

  it('is handed to a person, with the reason, where its reboot is refused', async () => {
    const instance = restedInstance(world.ec2);
    impair(world.ec2, instance);
    world.ec2.world.denied.push('ec2:RebootInstances');
    const id = raise(instance);
    const { outcome } = await ended(id);
    world.ec2.world.denied.length = 0;
    expect(outcome).toBe('handed to a person');
    expect(notes(id).join('\n')).toContain('UnauthorizedOperation');
  });

  it('is rebooted, and its incident left open where another alert of it still fires', async () => {
    const instance = restedInstance(world.ec2);
    impair(world.ec2, instance);
    const title = `EC2 ${instance} StatusCheckFailed`;
    const alert = { key: instance, severity: 'critical' as const, summary: title, details: { instance } };
    const id = raiseIncident(world.pagerDuty, { title, service: 'Checkout', alert });
    raiseOtherAlert(world.pagerDuty, id);
    expect((await ended(id)).outcome).toBe('handed to a person');
    expect(reboots(instance).length).toBe(1);
    expect(notes(id).join('\n')).toContain(`left open, as more fires in it: ${otherAlert}.`);
    expect(incident(id)?.status).toBe('acknowledged');
  });

  it('is one of many: nothing is rebooted, and a person gets the list', async () => {
    const before = reboots(tagged).length;
    const many = Array.from({ length: 6 }, (_, index) => `i-0abc123${index}`);
    const id = raiseIncident(world.pagerDuty, {
      title: `StatusCheckFailed ${many.join(' ')}`,
      service: 'Checkout',
    });
    expect((await ended(id)).outcome).toBe('handed to a person');
    for (const each of many) expect(notes(id).join('\n')).toContain(each);
    expect(reboots(tagged).length).toBe(before);
  });

  it('is not touched any more once a person resolves the incident', async () => {
    impair(world.ec2, tagged, { rebootHelps: false });
    // EC2 says nothing of its checks for a while, so the run waits before it decides.
    world.ec2.fail({ kind: 'delay', ms: 800, match: 'DescribeInstances' });
    const before = reboots(tagged).length;
    const id = raise(tagged);
    await eventually('the run to look at the instance', () =>
      world.ec2.calls.some(({ body }) => body.includes('DescribeInstances')),
    );
    resolveAs(world.pagerDuty, id, 'PADALOP');
    const run = await ended(id);
    expect(run.outcome).toBe('resolved elsewhere');
    expect(reboots(tagged).length).toBe(before);
    expect(incident(id)?.status).toBe('resolved');
  });

  it('is told where an incident that is merged goes on', async () => {
    impair(world.ec2, tagged, { rebootHelps: false });
    world.ec2.fail({ kind: 'delay', ms: 800, match: 'DescribeInstances' });
    const target = raiseIncident(world.pagerDuty, {
      title: 'Checkout down',
      service: 'Search',
      urgency: 'low',
    });
    const looks = world.ec2.calls.length;
    const id = raise(tagged);
    await eventually('the run to look at the instance', () =>
      world.ec2.calls.slice(looks).some(({ body }) => body.includes('DescribeInstances')),
    );
    mergeAs(world.pagerDuty, id, target, 'PADALOP');
    const run = await ended(id);
    expect(run.outcome).toBe(`merged into ${target}`);
    const told = (await world.record(id)).filter(({ action }) => action === 'run.completed');
    expect(told.at(-1)?.detail).toMatchObject({ outcome: `merged into ${target}` });
  });

  it('leaves a record that verifies', async () => {
    while ((await world.store.seal()) > 0);
    expect(await world.store.verifyRecord()).toMatchObject({ ok: true, pending: 0 });
  });
});
