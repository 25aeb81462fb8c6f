import { findingOf, untold } from '../finding.ts';
import type { Check, Finding } from '../provider.ts';
import { apiOf } from './check-access.ts';
import type { Kubernetes } from './client.ts';
import { throwFailure } from './failures.ts';

/** What belongs to no namespace. */
const clusterWide = /^(nodes|namespaces|persistentvolumes)(\/| )|^authorization\.k8s\.io\//;
/** Which a cluster gives to everybody, unless somebody took it away. */
const asking = 'authorization.k8s.io/selfsubjectaccessreviews create';
/** So many questions are asked at once. */
const atOnce = 10;

/** Asks the cluster about each right, in each namespace that may be changed. */
export const checkKubernetes: Check<Kubernetes> = async (client, signal, { rights }) => {
  const { gitVersion } = await client.version.getCode({}, client.request(signal)).catch(throwFailure);
  const namespaces = namespacesOf(client);
  const findings: Finding[] = [{ what: 'version', ok: true, reason: gitVersion }];
  const others = rights.filter((right) => right !== asking);
  const mayAsk = await findingOf(
    asking,
    () => isAllowed(client, asking, undefined, signal),
    'apply deploy/kubernetes-role.yaml, or add the rule to Baton’s role',
  );
  if (rights.includes(asking) || !mayAsk.ok) findings.push(mayAsk);
  if (!mayAsk.ok)
    return [...findings, ...untold(others, 'the cluster does not let Baton ask what it may do')];
  for (let first = 0; first < others.length; first += atOnce)
    findings.push(
      ...(await Promise.all(
        others.slice(first, first + atOnce).map((right) => about(client, right, namespaces, signal)),
      )),
    );
  return findings;
};

/** Those that it is about: what may be changed within the limit, else the whole of the limit. */
function namespacesOf({ changes, limit }: Kubernetes): string[] {
  const named = [...changes].filter((name) => name !== '*' && (limit.size === 0 || limit.has(name)));
  return named.length > 0 && !changes.has('*') ? named : [...limit];
}

async function about(
  client: Kubernetes,
  right: string,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<Finding> {
  if (client.limit.size > 0 && clusterWide.test(right))
    return {
      what: right,
      ok: undefined,
      reason: 'beyond KUBERNETES_ONLY_NAMESPACES, so it is never asked for',
    };
  const isEverywhere = client.changes.has('*') && client.limit.size === 0;
  const isNowhere = namespaces.length === 0 || isEverywhere || clusterWide.test(right);
  const places: readonly (string | undefined)[] = isNowhere ? [undefined] : namespaces;
  const missing: string[] = [];
  for (const namespace of places)
    if (!(await isAllowed(client, right, namespace, signal)))
      missing.push(namespace === undefined ? 'the whole cluster' : namespace);
  if (missing.length === 0) return { what: right, ok: true };
  if (isNowhere && !clusterWide.test(right) && !isEverywhere)
    return {
      what: right,
      ok: undefined,
      reason: 'not in the whole cluster; KUBERNETES_NAMESPACES names no namespace to ask about',
    };
  const reason = `no role allows it in ${missing.join(', ')}; apply deploy/kubernetes-role.yaml there, or add the rule to Baton’s role`;
  return { what: right, ok: false, reason };
}

async function isAllowed(
  { authorization, request }: Kubernetes,
  right: string,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const [resource = '', verb = ''] = right.split(' ');
  const resourceAttributes = {
    verb,
    ...apiOf(resource),
    ...(namespace === undefined ? {} : { namespace }),
  };
  const { status } = await authorization
    .createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } }, request(signal))
    .catch(throwFailure);
  return status?.allowed ?? false;
}
