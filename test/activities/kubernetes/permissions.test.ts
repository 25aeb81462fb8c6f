import { readdirSync, readFileSync } from 'node:fs';
import { loadAllYaml } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AnyActivity } from '../../../activities/activity.ts';
import { failureOf } from '../run.ts';
import { startCluster } from './cluster.ts';

const namespace = 'shop';
const workloads = [{ deployment: 'checkout' }, { statefulSet: 'carts' }, { daemonSet: 'log-collector' }].map(
  (named) => ({ namespace, ...named }),
);
const at = '2026-11-21T10:00:00.000Z';

/** For each activity, inputs that together need every right it declares. `{pod}` and `{uid}` stand for a pod's. */
const inputs: Record<string, Record<string, unknown>[]> = {
  listKubernetesPods: [{ namespace }],
  findKubernetesWorkload: [
    ...(['Deployment', 'StatefulSet', 'DaemonSet', 'Job'] as const).map((kind) => ({
      namespace,
      candidates: [{ kind, name: 'checkout' }],
    })),
  ],
  readKubernetesPodLogs: [{ namespace, pod: '{pod}' }],
  listKubernetesEvents: [{ namespace }],
  readKubernetesWorkload: workloads,
  listKubernetesRevisions: workloads,
  readKubernetesRollout: workloads,
  awaitKubernetesRollout: workloads.map((workload) => ({ ...workload, timeoutSeconds: 1 })),
  listKubernetesNodes: [{}],
  checkKubernetesAccess: [{ verb: 'list', resource: 'pods' }],
  restartKubernetesDeployment: [{ ...workloads[0], at }],
  restartKubernetesStatefulSet: [{ ...workloads[1], at }],
  restartKubernetesDaemonSet: [{ ...workloads[2], at }],
  rollBackKubernetesDeployment: [{ ...workloads[0] }],
  scaleKubernetesDeployment: [{ ...workloads[0], replicas: 4 }],
  deleteKubernetesPod: [{ namespace, pod: '{pod}', uid: '{uid}' }],
  cordonKubernetesNode: [{ node: 'ip-10-0-1-17' }],
  uncordonKubernetesNode: [{ node: 'ip-10-0-2-24' }],
};

const folder = new URL('../../../activities/kubernetes/', import.meta.url);
const isActivity = (value: unknown): value is AnyActivity =>
  typeof value === 'object' && value !== null && 'permissions' in value && 'kind' in value;

async function allActivities(): Promise<AnyActivity[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(files.map((file) => import(new URL(file, folder).pathname)));
  return modules.flatMap((module) => Object.values(module)).filter(isActivity);
}
const activities = await allActivities();

/** A cluster in which the activity has something to do, and what it is run with there. */
async function startFor(granted: string[]) {
  const { simulator, run } = await startCluster();
  const [pod] = simulator.world.pods;
  const [, node] = simulator.world.nodes;
  if (node) node.spec.unschedulable = true;
  simulator.world.granted = granted;
  const fill = (input: Record<string, unknown>) =>
    JSON.parse(
      JSON.stringify(input)
        .replace('{pod}', pod?.metadata.name ?? '')
        .replace('{uid}', pod?.metadata.uid ?? ''),
    );
  return (activity: AnyActivity, input: Record<string, unknown>) => run(activity, fill(input));
}

describe('the rights that an activity declares', () => {
  it.each(activities)('are enough for $name', async (activity) => {
    expect(inputs[activity.name]).toBeDefined();
    for (const input of inputs[activity.name] ?? []) {
      const run = await startFor([...activity.permissions]);
      await run(activity, input);
    }
  });

  const each = activities.flatMap((activity) =>
    activity.permissions.map((permission) => ({ activity, name: activity.name, permission })),
  );
  it.each(each)(
    'are all needed: $name without $permission is told what it misses',
    async ({ activity, permission }) => {
      const [path = '', verb] = permission.split(' ');
      const resource = path.replace(/^(apps|autoscaling|authorization\.k8s\.io)\//, '');
      const failures: unknown[] = [];
      for (const input of inputs[activity.name] ?? []) {
        const run = await startFor(activity.permissions.filter((each) => each !== permission));
        failures.push(await failureOf(run(activity, input)).catch(() => 'succeeded'));
      }
      expect(failures).toContainEqual(
        expect.objectContaining({
          type: 'ProviderRefused',
          message: expect.stringContaining(`cannot ${verb} resource "${resource}"`),
        }),
      );
    },
  );
});

const rule = z.object({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  verbs: z.array(z.string()),
});
const manifest = z.object({ kind: z.string(), rules: z.array(rule).default([]) });

function rightsIn(file: URL, kind: string): string[] {
  const manifests = z.array(manifest).parse(loadAllYaml(readFileSync(file, 'utf8')));
  const rules = manifests.filter((each) => each.kind === kind).flatMap(({ rules }) => rules);
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${group ? `${group}/` : ''}${resource} ${verb}`)),
    ),
  );
}

describe('the role that ships', () => {
  const file = new URL('../../../deploy/kubernetes-role.yaml', import.meta.url);
  const needed = [...new Set(activities.flatMap(({ permissions }) => [...permissions]))].sort();
  const isClusterWide = (right: string) => /^(nodes|authorization)/.test(right);

  it('gives in a namespace exactly what the activities need there', () => {
    expect(rightsIn(file, 'Role').sort()).toEqual(needed.filter((right) => !isClusterWide(right)));
  });

  it('gives in the whole cluster exactly what belongs to no namespace', () => {
    expect(rightsIn(file, 'ClusterRole').sort()).toEqual(needed.filter(isClusterWide));
  });
});
