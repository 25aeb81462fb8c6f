import type { Cases } from './case.ts';

const restart = { namespace: 'shop', at: '2026-11-21T09:00:00.000Z' };

export const kubernetesCases: Cases = {
  cordonKubernetesNode: [
    { input: () => ({ node: 'ip-10-0-1-17' }), cut: 'PATCH ', effects: ['node cordoned'] },
  ],
  uncordonKubernetesNode: [
    {
      input: (world) => {
        for (const node of world.kubernetes.world.nodes) node.spec.unschedulable = true;
        return { node: 'ip-10-0-2-24' };
      },
      cut: 'PATCH ',
      effects: ['node uncordoned'],
    },
  ],
  deleteKubernetesPod: [
    {
      input: (world) => {
        const [pod] = world.kubernetes.world.pods;
        return { namespace: 'shop', pod: pod?.metadata.name, uid: pod?.metadata.uid };
      },
      cut: 'DELETE ',
      effects: ['pod deleted'],
    },
  ],
  restartKubernetesDaemonSet: [
    {
      input: () => ({ ...restart, daemonSet: 'log-collector' }),
      cut: 'PATCH ',
      effects: ['daemonset restarted'],
    },
  ],
  restartKubernetesDeployment: [
    { input: () => ({ ...restart, deployment: 'search' }), cut: 'PATCH ', effects: ['deployment restarted'] },
  ],
  restartKubernetesStatefulSet: [
    {
      input: () => ({ ...restart, statefulSet: 'carts' }),
      cut: 'PATCH ',
      effects: ['statefulset restarted'],
    },
  ],
  rollBackKubernetesDeployment: [
    {
      input: () => ({ namespace: 'shop', deployment: 'checkout' }),
      cut: 'PATCH ',
      effects: ['deployment template changed'],
    },
  ],
  scaleKubernetesDeployment: [
    {
      input: () => ({ namespace: 'shop', deployment: 'checkout', replicas: 5 }),
      cut: 'PATCH ',
      effects: ['deployment scaled'],
    },
  ],
};
