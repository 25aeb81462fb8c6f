import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubernetesWorld, kubernetesConfig, kubernetesSimulation } from '../../simulator/kubernetes.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { newSecret } from '../../simulator/secret.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { addNamed } from '../named-connections.ts';
import { testBundle } from '../temporal.ts';
import { restartElsewhere } from '../worker/fixture/two-clusters.ts';
import { eventually, startWorld, type World } from '../world.ts';

const inTwoClusters = defineTrigger({
  name: 'in-two-clusters',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: restartElsewhere,
  input: () => ({ look: 'berlin', act: 'paris' }),
  target: () => 'checkout',
  mode: 'auto',
});

let world: World;
let clusters: Record<'berlin' | 'paris', Simulator<KubernetesWorld>>;
beforeAll(async () => {
  const bundle = testBundle();
  world = await startWorld({ bundle, triggers: [inTwoClusters] });
  clusters = {
    berlin: await startSimulator(kubernetesSimulation()),
    paris: await startSimulator(kubernetesSimulation()),
  };
  for (const [name, { url, world: cluster }] of Object.entries(clusters)) {
    cluster.token = newSecret();
    await addNamed(world.connections, name, 'kubernetes', {
      KUBECONFIG_CONTENT: kubernetesConfig(url, cluster.token),
      KUBERNETES_NAMESPACES: 'shop',
    });
  }
});
afterAll(async () => {
  await world.close();
  for (const cluster of Object.values(clusters)) await cluster.close();
});

describe('two clusters in one run', () => {
  it('are each reached by the connection that a call names, and by its own credentials', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'Checkout is slow', service: 'Checkout' });
    const run = await eventually('the run', async () => {
      const found = await world.run(`in-two-clusters/${id}`);
      return found?.endedAt ? found : undefined;
    });
    expect(run).toMatchObject({
      state: 'completed',
      outcome: expect.stringMatching(/^[1-9]\d* pods, restarted$/),
    });
    const { berlin, paris } = clusters;
    expect(berlin.calls.map(({ method }) => method)).toEqual(['GET']);
    expect(berlin.ledger).toEqual([]);
    expect(paris.ledger.map(({ effect }) => effect)).toEqual(['deployment restarted']);
    expect(world.kubernetes.calls).toEqual([]);
    const told = JSON.stringify([await world.record(id), world.log]);
    for (const { world: cluster } of Object.values(clusters)) expect(told).not.toContain(cluster.token);
  });
});
