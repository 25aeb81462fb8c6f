import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordRow } from '../../domain/record.ts';
import { untaggedInstance } from '../../simulator/ec2.ts';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { digestOf } from '../../worker/identity.ts';
import { isChange, simulatorsIn } from '../requests.ts';
import { testBundle } from '../temporal.ts';
import { restartTheSearch } from '../workflows/fixture/proposing.ts';
import { eventually, startWorld, type World } from '../world.ts';
import { restartBy, restarts } from './restarts.ts';

const restartSearch = defineTrigger({
  name: 'restart-search',
  on: 'pagerduty.incident.triggered',
  when: { 'is about the search': ({ title }) => title === 'The search leaks' },
  run: restartTheSearch,
  input: ({ id }) => ({ incidentId: id }),
  mode: 'propose',
});

let world: World;
beforeAll(async () => {
  const modes = (['observe', 'propose', 'approve', 'auto'] as const).map((mode) => restartBy(mode, mode));
  world = await startWorld({
    triggers: [...modes, restartSearch, approvalMessage, runFailed],
    bundle: testBundle(),
  });
});
afterAll(() => world.close());

const { taggedInstance, raise, ended, reboots, approvals, asked, answer, changesTo, notes } = restarts(
  () => world,
);

function lineOf(lines: readonly RecordRow[], action: string, activity: string) {
  const found = lines.find((line) => line.action === action && line.detail.activity === activity);
  if (!found) throw new Error(`There is no line ${action} of ${activity}`);
  return found.detail;
}

describe('a run that observes', () => {
  it('writes what it would have done, ends as observed, and changes nothing anywhere', async () => {
    const before = simulatorsIn(world).map(({ calls, ledger }) => [calls.length, ledger.length] as const);
    const instance = taggedInstance();
    const id = raise(instance, 'observe');
    expect((await ended(id, 'observe')).outcome).toBe('observed: handed to a person');
    const changes = simulatorsIn(world).flatMap(({ provider, calls }, index) =>
      calls.slice(before[index]?.[0]).filter((request) => isChange(provider, request)),
    );
    expect(changes).toEqual([]);
    expect(reboots(instance)).toEqual([]);
    const lines = await world.record(id);
    const line = lineOf(lines, 'activity.planned', 'rebootEc2Instances');
    expect(line.plan).toMatchObject({ calls: [`ec2:RebootInstances ${instance}`] });
    expect(line.dryRun).toEqual({ outcome: 'accepted', said: 'EC2 would do it' });
    expect(lines.filter(({ action }) => action === 'activity.intended')).toEqual([]);
    expect(lines.find(({ action }) => action === 'run.started')?.detail.mode).toBe('observe');
    expect((await world.store.findShownRun(`restart-observe/${id}`))?.mode).toBe('observe');
  });

  it('writes byte for byte the plan that a run in auto then carries out', async () => {
    const instance = taggedInstance();
    const observed = raise(instance, 'observe');
    await ended(observed, 'observe');
    const acting = raise(instance, 'auto');
    await ended(acting, 'auto');
    expect(reboots(instance).length).toBe(1);
    const watched = lineOf(await world.record(observed), 'activity.planned', 'rebootEc2Instances');
    const made = lineOf(await world.record(acting), 'activity.completed', 'rebootEc2Instances');
    expect(watched.digest).toBe(made.digest);
    const { activity, targets, plan } = watched;
    const { connection, ...input } = watched.input as Record<string, unknown>;
    const { summary, calls, before, after, inverse } = plan as Record<string, unknown>;
    // What was made is known by the digest of all its bytes: those of the line of the run that observed give the same one.
    const planned = {
      activity,
      input,
      connection,
      targets,
      summary,
      calls,
      before,
      after,
      inverse,
    };
    expect(digestOf(JSON.parse(JSON.stringify(planned)))).toBe(made.digest);
  });
});

describe('a run that is to ask before each destructive change', () => {
  it('leaves the incident unacknowledged while people are asked, and reboots once somebody has approved just that', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'approve');
    const approval = await asked(id);
    expect(approval).toMatchObject({
      summary: `Reboots ${instance}`,
      calls: [{ activity: 'rebootEc2Instances', targets: [`ec2:${instance}`] }],
      approvers: { role: 'approver', onCallOf: expect.stringMatching(/^P/) },
    });
    expect(changesTo(id)).toEqual([]);
    expect(reboots(instance)).toEqual([]);
    await answer(approval, 'approved');
    expect((await ended(id, 'approve')).outcome).toBe('restarted');
    expect(reboots(instance).length).toBe(1);
    expect(changesTo(id)[0]?.effect).toBe('incident acknowledged');
    const lines = await world.record(id);
    expect(lineOf(lines, 'activity.refused', 'rebootEc2Instances').failure).toMatchObject({
      class: 'NeedsApproval',
    });
    expect(lineOf(lines, 'activity.completed', 'rebootEc2Instances').approval).toBe(approval.id);
  });

  it('takes a refusal as any change that is refused: it is handed to a person, with the words', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'approve');
    await answer(await asked(id), 'refused');
    expect((await ended(id, 'approve')).outcome).toBe('handed to a person');
    expect(notes(id)).toContain('rebootEc2Instances is not made: Ben Okafor refused it');
    expect(reboots(instance)).toEqual([]);
  });
});

describe('a run that proposes', () => {
  it('changes nothing before people have approved its plan, and then does it, asking no more', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'propose');
    const approval = await asked(id);
    expect(approval).toMatchObject({
      summary: `Reboots ${instance}; 1 harmless change (acknowledgePagerDutyIncident)`,
      calls: [
        {
          activity: 'rebootEc2Instances',
          targets: [`ec2:${instance}`],
          dryRun: { outcome: 'accepted', said: 'EC2 would do it' },
        },
      ],
    });
    expect([changesTo(id), reboots(instance)]).toEqual([[], []]);
    acknowledgeAs(world.pagerDuty, id, 'PADALOP');
    await answer(approval, 'approved');
    expect((await ended(id, 'propose')).outcome).toBe('restarted');
    expect(reboots(instance).length).toBe(1);
    expect((await approvals(id)).length).toBe(1);
    const lines = await world.record(id);
    const made = lineOf(lines, 'activity.completed', 'rebootEc2Instances');
    expect(made).toMatchObject({ approval: approval.id, digest: approval.calls[0]?.digest });
  });

  it('asks once for an instance without the tag too, as the runbook would ask the same people', async () => {
    const instance = untaggedInstance(world.ec2);
    const id = raise(instance, 'propose');
    await answer(await asked(id), 'approved');
    expect((await ended(id, 'propose')).outcome).toBe('restarted');
    expect([reboots(instance).length, (await approvals(id)).length]).toEqual([1, 1]);
  });

  it('asks again where the world is another one than was approved', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'propose');
    const first = await asked(id);
    const found = world.ec2.world.instances.find((each) => each.id === instance);
    if (!found) throw new Error('The instance is gone');
    found.failing = ['instance', 'ebs'];
    await answer(first, 'approved');
    const second = await asked(id);
    expect(reboots(instance)).toEqual([]);
    expect(second.calls).toMatchObject([{ before: { [instance]: { ebs: 'impaired' } } }]);
    await answer(second, 'approved');
    expect((await ended(id, 'propose')).outcome).toBe('restarted');
    expect(reboots(instance).length).toBe(1);
  });

  it('ends as not approved where somebody refuses, and has changed nothing', async () => {
    const instance = taggedInstance();
    const id = raise(instance, 'propose');
    await answer(await asked(id), 'refused');
    expect(await ended(id, 'propose')).toMatchObject({ state: 'completed', outcome: 'not approved' });
    expect([changesTo(id), reboots(instance)]).toEqual([[], []]);
  });

  it('stops where a person resolves the incident while it waits', async () => {
    const id = raise(taggedInstance(), 'propose');
    const approval = await asked(id);
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await ended(id, 'propose')).outcome).toBe('resolved elsewhere');
    expect((await world.store.findApproval(approval.id))?.state).toBe('withdrawn');
  });

  it('asks before a wait, acts by the plan though it writes another time, and misses no event meanwhile', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'The search leaks', service: 'Search' });
    const approval = await asked(id);
    expect(approval.calls).toMatchObject([{ activity: 'restartKubernetesDeployment' }]);
    acknowledgeAs(world.pagerDuty, id, 'PADALOP');
    await eventually('the event to reach the run', async () =>
      (await world.record(id)).some(
        ({ action, detail }) =>
          action === 'event.answered' && detail.type === 'pagerduty.incident.acknowledged',
      ),
    );
    await answer(approval, 'approved');
    const run = await eventually('the run to end', async () => {
      const found = await world.run(`restart-search/${id}`);
      return found?.endedAt ? found : undefined;
    });
    expect(run.outcome).toBe('restarted');
    expect(notes(id)).toContain('Acknowledged by Ada Lopez');
    expect((await approvals(id)).length).toBe(1);
    expect(world.kubernetes.ledger.filter(({ effect }) => effect === 'deployment restarted').length).toBe(1);
  });
});
