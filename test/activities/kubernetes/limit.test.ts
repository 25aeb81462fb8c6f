import { describe, expect, it } from 'vitest';
import type { AnyActivity } from '../../../activities/activity.ts';
import { activities } from '../../../activities/index.ts';
import { listKubernetesPods } from '../../../activities/kubernetes/list-pods.ts';
import { kubernetes } from '../../../activities/kubernetes/provider.ts';
import { restartKubernetesDeployment } from '../../../activities/kubernetes/restart-workload.ts';
import { examined, findingOf, untold, worlds } from '../../doctor/world.ts';
import { failureOf } from '../run.ts';
import { effects, startCluster } from './cluster.ts';

const restart = { namespace: 'shop', deployment: 'checkout', at: '2026-11-21T10:00:00.000Z' };
const all: readonly AnyActivity[] = activities.filter(({ provider }) => provider === 'kubernetes');

describe('a connection that is limited to namespaces', () => {
  it.each(all.map((activity) => [activity.name, activity] as const))(
    'makes no call beyond them, be it read or change: %s',
    async (_, activity) => {
      const { simulator, run } = await startCluster({
        KUBERNETES_ONLY_NAMESPACES: 'ops, billing',
        KUBERNETES_NAMESPACES: '*',
      });
      for (const { metadata } of simulator.world.deployments)
        metadata.labels = { 'baton/restart': 'allowed' };
      expect(await failureOf(run(activity, activity.example))).toMatchObject({
        type: 'InvalidInput',
        message: expect.stringMatching(/KUBERNETES_ONLY_NAMESPACES: ops, billing/),
      });
      expect(simulator.calls).toEqual([]);
    },
  );

  it('reads within them, and changes there what it may change', async () => {
    const limited = await startCluster({ KUBERNETES_ONLY_NAMESPACES: 'shop' });
    expect((await limited.run(listKubernetesPods, { namespace: 'shop' })).pods.length).toBeGreaterThan(0);
    expect(await limited.run(restartKubernetesDeployment, restart)).toMatchObject({ changed: true });
    const readsOnly = await startCluster({ KUBERNETES_ONLY_NAMESPACES: 'shop', KUBERNETES_NAMESPACES: '' });
    expect(await failureOf(readsOnly.run(restartKubernetesDeployment, restart))).toMatchObject({
      type: 'InvalidInput',
    });
    expect(effects(readsOnly.simulator)).toEqual([]);
  });

  it.each(['*', ',', 'Shop', 'shop;search'])('is not limited by a typing error: %s is refused', (list) => {
    const { error } = kubernetes.settings.safeParse({ KUBERNETES_ONLY_NAMESPACES: list });
    expect(error?.issues[0]?.message).toMatch(/is no list of namespaces/);
  });

  it('is asked by doctor about its namespaces alone', async () => {
    const { simulator, env } = await worlds.kubernetes();
    const found = await examined('kubernetes', {
      ...env,
      KUBERNETES_NAMESPACES: '',
      KUBERNETES_ONLY_NAMESPACES: 'shop',
    });
    expect(found.state).toBe('well');
    expect(findingOf(found, 'pods list')?.ok).toBe(true);
    expect(untold(found)).toContain('nodes list');
    const asked = simulator.calls
      .map(({ body }) => body)
      .filter((body) => body.includes('resourceAttributes'));
    expect(asked.filter((body) => !body.includes('"namespace":"shop"'))).toHaveLength(1);
  });
});
