import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approveApproval } from '../../server/operations/approvals.ts';
import type { OperationContext } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { startRunByHand } from '../../server/operations/runs.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { bundleWorkflows } from '../../worker/bundle.ts';
import { scaleUp } from '../worker/fixture/undone.ts';
import { eventually, startWorld, type World } from '../world.ts';

const scaledUp = defineTrigger({
  name: 'scaled-up',
  on: 'pagerduty.incident.triggered',
  when: { 'is about load': ({ title }) => title.includes('load') },
  run: scaleUp,
  input: ({ id }) => ({ incidentId: id, replicas: 7 }),
  mode: 'auto',
});

let world: World;
/** The incident that was scaled for. */
let scaled = '';
beforeAll(async () => {
  const bundle = await bundleWorkflows(
    fileURLToPath(new URL('../worker/fixture/undone.ts', import.meta.url)),
  );
  world = await startWorld({ bundle, triggers: [scaledUp] });
});
afterAll(() => world.close());

const as = (name: string): OperationContext => ({
  ...world.operations,
  principal: { kind: 'person', name, role: 'admin' },
  via: 'cli',
});
const replicas = () =>
  world.kubernetes.world.deployments.find(({ metadata }) => metadata.name === 'checkout')?.spec.replicas;
const ended = (id: string) =>
  eventually('the run', async () => {
    const run = await world.run(id);
    return run?.endedAt ? run : undefined;
  });

/** The key of a change of the incident, as its record tells it. */
async function keyOf(activity: string, incidentId: string): Promise<string> {
  const lines = await world.record(incidentId);
  const made = lines.find(
    ({ action, detail }) => action === 'activity.completed' && detail.activity === activity,
  );
  return String(made?.detail.key);
}

const undo = async (effect: string) => {
  const asked = { workflow: 'undoEffect', input: { effect }, reason: 'it was no load' };
  return (await perform(startRunByHand, asked, as('ada@example.com'))).run.id;
};

describe('baton undo', () => {
  it('takes a change back by the call that its plan told, once another person has approved it and said why', async () => {
    const before = replicas();
    const id = raiseIncident(world.pagerDuty, { title: 'High load', service: 'Checkout' });
    await ended(`scaled-up/${id}`);
    scaled = id;
    expect(replicas()).toBe(7);

    const run = await undo(await keyOf('scaleKubernetesDeployment', id));
    const asked = await eventually('the question', async () => {
      const { items } = await world.store.pageOfApprovals({ run, state: 'pending', limit: 1 });
      return items[0];
    });
    expect(asked.summary).toBe(`Scales deployment shop/checkout from 7 to ${before} replicas`);
    const answer = { id: asked.id, reason: 'the load is gone' };
    await expect(perform(approveApproval, answer, as('ada@example.com'))).rejects.toMatchObject({
      status: 403,
    });
    expect(replicas()).toBe(7);
    await perform(approveApproval, answer, as('ben@example.com'));
    expect((await ended(run)).outcome).toBe('undone');
    expect(replicas()).toBe(before);
    expect(await world.record(id)).toContainEqual(
      expect.objectContaining({
        action: 'run.said',
        detail: expect.objectContaining({
          text: `scaleKubernetesDeployment of scaled-up/${id} is taken back, by scaleKubernetesDeployment.`,
        }),
      }),
    );
  });

  it('says why there is no way back, and that it knows of no such change', async () => {
    const run = await undo(await keyOf('addPagerDutyNote', scaled));
    expect((await ended(run)).outcome).toBe('no inverse');
    expect((await ended(await undo('nothing#of#ours'))).outcome).toBe('no such change');
  });
});
