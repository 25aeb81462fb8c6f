import { afterAll, describe, expect, it } from 'vitest';
import { startEc2Instances, stopEc2Instances } from '../../activities/ec2/change-state.ts';
import type { PlannedCall } from '../../domain/approval.ts';
import type { Made } from '../../domain/made.ts';
import { ec2Environment, ec2Simulation, simulatedRoleArn } from '../../simulator/ec2.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Store } from '../../store/store.ts';
import { digestOf, keyByApproval } from '../../worker/identity.ts';
import { search } from '../activities/ec2/region.ts';
import { surroundingsFor } from '../clients.ts';
import { request } from '../store/approval.ts';
import { entry, fresh } from '../store/world.ts';
import { aroundCalls, callActivity, openStore } from './attempt.ts';

const store = await openStore();
/** A stop or start takes no time. */
const timeScale = 10_000_000;
const simulator = await startSimulator(ec2Simulation({ timeScale, clock: () => Date.now() }));
afterAll(() => simulator.close());
const clients = surroundingsFor({
  ...ec2Environment(simulator.url, timeScale),
  EC2_ROLE_ARN: simulatedRoleArn,
});
const activities = [stopEc2Instances, startEc2Instances];

const instance = (id: string) => {
  const found = simulator.world.instances.find((each) => each.id === id);
  if (!found) throw new Error(`No instance ${id}`);
  return found;
};
/** One that no owner has allowed to be restarted. */
function untagged(): string {
  const id = `i-${String(simulator.world.instances.length).padStart(17, '0')}`;
  simulator.world.instances.push({ ...instance(search), id, tags: {} });
  return id;
}

/** As a plan tells its inverse. */
const inputOf = (id: string) => ({ connection: 'default', instanceIds: [id] });

interface Calling {
  runId: string;
  id: string;
  approvalId?: string;
  said?: Record<string, unknown>;
  from?: Store;
}

/** Calls an activity as a run does; gives what it gave, or its failure. */
function call(activityType: string, { runId, id, approvalId, said = {}, from = store }: Calling) {
  const interceptors = aroundCalls({ activities, store: from, clients, cause: { mode: 'approve' } });
  const info = { activityType, activityId: fresh(''), attempt: 1, runId, workflowType: 'rest' };
  const input = inputOf(id);
  return callActivity(info, interceptors, input, approvalId, said).catch((error: unknown) => error);
}

/** Has a change approved: gives the approval. */
async function approve(
  activity: string,
  { runId, id, overridesGuards = false }: Calling & { overridesGuards?: boolean },
) {
  await store.beginRun(
    { id: runId, trigger: 'manual', workflow: 'rest', target: id, input: {}, cause: {} },
    entry(),
  );
  const { planned } = (await call(`ask:${activity}`, { runId, id })) as { planned: PlannedCall };
  const asking = request({ runId, workflow: 'rest', calls: [planned], overridesGuards });
  const { id: approvalId } = await store.askApproval(asking);
  const ben = { by: 'person:ben@example.com', name: 'Ben', via: 'api', reason: 'it hangs' } as const;
  await store.answerApproval(approvalId, { ...ben, decision: 'approved' });
  return approvalId;
}

/** Makes a change by an approval: gives the run, the approval and the key of the effect. */
async function approved(
  activity: string,
  id: string,
  asking: { runId?: string; overridesGuards?: boolean } = {},
) {
  const { runId = fresh('rest/') } = asking;
  const approvalId = await approve(activity, { ...asking, runId, id });
  expect(await call(`approved:${activity}`, { runId, id, approvalId })).toMatchObject({ changed: true });
  return {
    runId,
    approvalId,
    key: keyByApproval(runId, activity, approvalId, digestOf(inputOf(id))),
  };
}

const takesBack = (key: string, batonCall = 1) => ({ batonTakesBack: key, batonCall });

describe('the way back of an approved change', () => {
  it('needs no other approval: it is made in the name of whoever approved the change, and once', async () => {
    const id = untagged();
    const { runId, approvalId, key } = await approved('stopEc2Instances', id);
    const back = { runId, id, said: takesBack(key) };
    expect(await call('startEc2Instances', back)).toMatchObject({ changed: true });
    expect(simulator.ledger.at(-1)).toMatchObject({ target: id, by: 'ben@example.com' });
    const lines = await store.linesAbout({ subject: runId, after: 0, skip: 0, limit: 50 });
    expect(lines.filter(({ action }) => action === 'activity.completed')).toMatchObject([
      { detail: { activity: 'stopEc2Instances', approval: approvalId } },
      { detail: { activity: 'startEc2Instances', approval: approvalId } },
    ]);

    // Somebody has stopped it since, which nobody has approved to take back.
    instance(id).state = 'stopped';
    expect(await call('startEc2Instances', { ...back, said: takesBack(key, 2) })).toMatchObject({
      changed: true,
    });
    expect(instance(id).state).toBe('stopped');
  });

  it('that is destructive is asked about no more where its trigger asks before each such change', async () => {
    const id = untagged();
    instance(id).state = 'stopped';
    const { runId, key } = await approved('startEc2Instances', id);
    expect(await call('stopEc2Instances', { runId, id })).toMatchObject({ type: 'NeedsApproval' });
    expect(await call('stopEc2Instances', { runId, id, said: takesBack(key) })).toMatchObject({
      changed: true,
    });
  });

  it('is held by a freeze, whatever guards the approval of the change overrides', async () => {
    const id = untagged();
    instance(id).state = 'stopped';
    const { runId, key } = await approved('startEc2Instances', id, { overridesGuards: true });
    const freeze = { kind: 'freeze', reason: 'a drill', by: 'person:ada@example.com' } as const;
    const hold = await store.setHold(freeze, () => entry());
    const given = await call('stopEc2Instances', { runId, id, said: takesBack(key) });
    await store.liftHold(hold.id, 'person:ada@example.com', 'over', entry());
    expect(given).toMatchObject({ type: 'Held', details: [{ held: { guard: 'freeze' } }] });
    expect(instance(id).state).toBe('running');
  });
});

describe('what only passes for the way back of an approved change', () => {
  const start = async (given: Calling) => {
    const failure = await call('startEc2Instances', given);
    expect(failure).toMatchObject({
      type: 'ProviderRefused',
      message: expect.stringContaining('baton:restart'),
    });
    expect(instance(given.id).state).toBe('stopped');
  };

  it('is a change as any other: of another instance, run or effect', async () => {
    const [id, other] = [untagged(), untagged()];
    instance(other).state = 'stopped';
    const { runId, key } = await approved('stopEc2Instances', id);
    await start({ runId, id: other, said: takesBack(key) });
    await start({ runId: fresh('rest/'), id, said: takesBack(key) });
    await start({ runId, id, said: takesBack(`${key}0`) });
    await start({ runId, id });
  });

  it('is one where nobody has approved the change', async () => {
    const id = untagged();
    const runId = fresh('rest/');
    instance(id).tags['baton:restart'] = 'allowed';
    instance(id).state = 'stopped';
    expect(await call('startEc2Instances', { runId, id, said: { batonCall: 1 } })).toMatchObject({
      changed: true,
    });
    const said = takesBack(`${runId}#startEc2Instances#1`);
    expect(await call('stopEc2Instances', { runId, id, said })).toMatchObject({ type: 'NeedsApproval' });
  });

  it('is one where the approval of the change is of another run, of another change, or was not given', async () => {
    const [id, other] = [untagged(), untagged()];
    const { runId, key } = await approved('stopEc2Instances', id);
    const ofOtherRun = await approved('stopEc2Instances', untagged());
    const ofOtherChange = await approve('stopEc2Instances', { runId, id: other });
    const withdrawn = await approve('stopEc2Instances', { runId, id: untagged() });
    await store.closeApproval(withdrawn, 'superseded', 'the world has changed');
    for (const approval of [ofOtherRun.approvalId, ofOtherChange, withdrawn, 'nobody-knows-it']) {
      const found = (await store.findMade(key)) as Made;
      const from = { ...store, findMade: async () => ({ ...found, approval }) };
      await start({ runId, id, said: takesBack(key), from });
    }
  });
});
