import { z } from 'zod';
import { actor, connectionName } from '../activity.ts';

/** A namespace's name, a container's name: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export const labelName = z
  .string()
  .max(63)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'must be lower case letters, digits and hyphens (RFC 1123 label)',
  );

/** What most objects are named by: labels joined by dots. It becomes a part of a path, so nothing else may. */
export const objectName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be lower case letters, digits, hyphens and dots (RFC 1123 subdomain)',
  );

/** For instance `app=checkout,tier!=cache`. */
export const labelSelector = z.string().min(1).max(1000);

export const time = z.iso.datetime({ offset: true });

const workloadFields = {
  connection: connectionName,
  namespace: labelName,
  deployment: objectName.optional(),
  statefulSet: objectName.optional(),
  daemonSet: objectName.optional(),
};
const namesOne = (input: WorkloadNames) => Object.values(workloadNames(input)).filter(Boolean).length === 1;
const namesOneRule = 'name one of deployment, statefulSet and daemonSet';

interface WorkloadNames {
  deployment?: string | undefined;
  statefulSet?: string | undefined;
  daemonSet?: string | undefined;
}

const workloadNames = ({ deployment, statefulSet, daemonSet }: WorkloadNames) => ({
  deployment,
  statefulSet,
  daemonSet,
});

/** Names one workload in a namespace. */
export const workloadInput = z.object(workloadFields).refine(namesOne, namesOneRule);

/** The same, and how long to wait for it. */
export const awaitedWorkloadInput = z
  .object({ ...workloadFields, timeoutSeconds: z.number().int().positive().max(86_400).default(600) })
  .refine(namesOne, namesOneRule);

/** What every change of one named object takes besides the name. */
export const changeFields = { connection: connectionName, actor, namespace: labelName };

/** Locks and cool-downs hold for the object, whoever names it. */
export const target = (namespace: string, kind: string, name: string) =>
  `kubernetes:${namespace}/${kind}/${name}`;

/** Where the API has a workload, as a plan tells it. `resources` is the plural: `deployments`. */
export const appsPath = (namespace: string, resources: string, name: string) =>
  `/apis/apps/v1/namespaces/${namespace}/${resources}/${name}`;
