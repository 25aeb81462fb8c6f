import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mode } from '../../domain/mode.ts';
import type { RecordRow } from '../../domain/record.ts';
import { untaggedInstance } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { digestOf } from '../../worker/identity.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { isChange, simulatorsIn } from '../requests.ts';
import { eventually, startWorld, type World } from '../world.ts';

/** The shipped runbook by a trigger in each mode, which the title names. */
const restartIn = (mode: Mode) =>
  defineTrigger({
    name: `restart-${mode}`,
    on: 'pagerduty.incident.triggered',
    when: { 'is of this mode': ({ title }) => title.endsWith(` (${mode})`) },
    run: ec2UnhealthyRestart,
    input: ({ id }) => ({ incidentId: id, stableForSeconds: 1 }),
    mode,
  });

let world: World;
beforeAll(async () => {
  const modes = (['observe', 'propose', 'approve', 'auto'] as const).map(restartIn);
  world = await startWorld({ triggers: [...modes, approvalMessage, runFailed] });
});
afterAll(() => world.close());

/** An instance that fails its checks and may be rebooted. */
function taggedInstance(): string {
  const instance = untaggedInstance(world.ec2);
  const found = world.ec2.world.instances.find(({ id }) => id === instance);
  if (!found) throw new Error('There is no such instance');
  found.tags['baton:restart'] = 'allowed';
  return instance;
}

const raise = (instance: string, mode: Mode) =>
  raiseIncident(world.pagerDuty, {
    title: `EC2 ${instance} StatusCheckFailed (${mode})`,
    service: 'Checkout',
  });
const ended = (id: string, mode: Mode) =>
  eventually(`the run in the mode ${mode} to end`, async () => {
    const run = await world.run(`restart-${mode}/${id}`);
    return run?.endedAt ? run : undefined;
  });
const reboots = (instance: string) =>
  world.ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);
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
    // The incident was raised by the test.
    expect(changes).toEqual([]);
    expect(reboots(instance)).toEqual([]);
    const lines = await world.record(id);
    expect(lineOf(lines, 'activity.planned', 'rebootEc2Instances').plan).toMatchObject({
      calls: [`ec2:RebootInstances ${instance}`],
    });
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
