import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { throwFailure } from './failures.ts';
import { labelName } from './input.ts';
import { requireNamespace } from './limit.ts';

/** `pods`, `pods/log`, `apps/deployments`, `apps/deployments/scale`, `metrics.k8s.io/pods`. */
const resourceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*(\/[a-z0-9][a-z0-9.-]*){0,2}$/, 'must be a resource');

/** Groups without a dot are few and old; all later ones have a domain. The core group has no name. */
const plainGroups = ['apps', 'autoscaling', 'batch', 'policy', 'extensions'];

/** Asks the cluster itself, so that what is denied is known before a run needs it. */
export const checkKubernetesAccess = defineActivity({
  name: 'checkKubernetesAccess',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Asks whether Baton may do something in the cluster',
  permissions: ['authorization.k8s.io/selfsubjectaccessreviews create'],
  input: z.object({
    connection: connectionName,
    verb: z.string().regex(/^[a-z]{1,32}$/, 'must be a verb'),
    /** As in the permissions of activities. */
    resource: resourceName,
    /** All of them when left out, and for what belongs to none, such as nodes. */
    namespace: labelName.optional(),
  }),
  output: z.object({ allowed: z.boolean(), reason: z.string() }),
  example: { verb: 'patch', resource: 'apps/deployments', namespace: 'shop' },
  async run({ connection, verb, resource, namespace }, { kubernetes, attempt: { signal } }) {
    const { authorization, request, limit } = await kubernetes(connection);
    requireNamespace(limit, namespace);
    const resourceAttributes = {
      verb,
      ...apiOf(resource),
      ...(namespace === undefined ? {} : { namespace }),
    };
    const body = { spec: { resourceAttributes } };
    const { status } = await authorization
      .createSelfSubjectAccessReview({ body }, request(signal))
      .catch(throwFailure);
    const allowed = status?.allowed ?? false;
    return { allowed, reason: status?.reason || (allowed ? 'allowed' : 'no role allows it') };
  },
});

/** What the API's authoriser calls the parts of `apps/deployments/scale`. */
export function apiOf(permission: string): { group: string; resource: string; subresource?: string } {
  const [first = '', ...rest] = permission.split('/');
  const hasGroup = first.includes('.') || plainGroups.includes(first);
  const [resource = '', subresource] = hasGroup ? rest : [first, ...rest];
  return { group: hasGroup ? first : '', resource, ...(subresource === undefined ? {} : { subresource }) };
}
