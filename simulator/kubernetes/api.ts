import { isDeepStrictEqual } from 'node:util';
import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import type { Act } from '../simulator.ts';
import { advance, type Clock } from './controller.ts';
import { readLog } from './logs.ts';
import { applyPatch } from './patch.ts';
import { removePod } from './pods.ts';
import { matchesFields, matchesLabels } from './selectors.ts';
import { StatusError, statusBody } from './status-error.ts';
import {
  type KubernetesWorld,
  lists,
  type Metadata,
  type Node,
  newVersion,
  type Resource,
  type Workload,
} from './world.ts';

const restartedAt = 'kubectl.kubernetes.io/restartedAt';
const user = 'system:serviceaccount:baton:baton';

/** What a request is about, as the API's authoriser sees it. */
interface Asked {
  group: string;
  resource: string;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  verb: string;
}

/** The API, as far as Baton uses it. */
export function mountApi(app: Express, world: KubernetesWorld, act: Act, clock: Clock): void {
  app.use((request, _, next) => {
    if (request.headers.authorization !== `Bearer ${world.token}`)
      throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    advance(world, clock);
    next();
  });

  app.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', (request, response) => {
    requireGranted(world, {
      group: 'authorization.k8s.io',
      resource: 'selfsubjectaccessreviews',
      namespace: undefined,
      name: undefined,
      subresource: undefined,
      verb: 'create',
    });
    const review = accessReview.parse(JSON.parse(bodyOf(request)));
    const { group, resource, subresource, verb } = review.spec.resourceAttributes;
    const allowed = isGranted(world, { group, resource, subresource, verb });
    const kind = { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1' };
    response
      .status(201)
      .json({ ...kind, ...review, status: { allowed, ...(allowed ? {} : { reason: '' }) } });
  });

  app.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', (_, response) => {
    const kind = { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' };
    response.status(201).json({ ...kind, status: { userInfo: { username: user } } });
  });

  app.get('/api/v1/namespaces', (request, response) => {
    requireGranted(world, {
      group: '',
      resource: 'namespaces',
      namespace: undefined,
      name: undefined,
      subresource: undefined,
      verb: 'list',
    });
    const names = new Set([...world.deployments, ...world.pods].map(({ metadata }) => metadata.namespace));
    const { items, ...position } = pageOf([...names].sort(), query(request));
    response.json({
      kind: 'NamespaceList',
      apiVersion: 'v1',
      metadata: position,
      items: items.map((name) => ({ metadata: { name } })),
    });
  });

  app.get(
    '/version',
    (_, response) => void response.json({ major: '1', minor: '34', gitVersion: 'v1.34.1' }),
  );

  app.use((request, response, next) => {
    const asked = readPath(request);
    if (!asked || !isResource(asked)) return next();
    requireGranted(world, asked);
    requireManager(request);
    requireKnownDryRun(request);
    requireAdmitted(world, asked);
    const answer = answerTo(asked, request);
    if (answer === undefined)
      throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method');
    if (typeof answer === 'string') response.type('text/plain').send(answer);
    else response.json(answer);
  });

  app.use((_, response) => void response.status(404).type('text/plain').send('404 page not found\n'));
  app.use((error: Error, _: Request, response: Response, next: (error: Error) => void) => {
    if (!(error instanceof StatusError)) return next(error);
    response.status(error.code).json(statusBody(error.code, error.message, error.reason));
  });

  function answerTo(asked: Asked & { resource: Resource }, request: Request): object | string | undefined {
    const { resource, verb, subresource } = asked;
    if (verb === 'list') return list(asked, request);
    if (resource === 'pods' && subresource === 'log' && verb === 'get')
      return readLog(world, find(world.pods, asked), query(request));
    if (resource === 'deployments' && subresource === 'scale') return scale(asked, request);
    if (subresource !== undefined) return undefined;
    if (verb === 'get') return find<{ metadata: Metadata }>(world[resource], asked);
    if (resource === 'pods' && verb === 'delete') return deletePod(asked, request);
    if (verb !== 'patch') return undefined;
    if (resource === 'nodes') return patchNode(asked, request);
    if (resource === 'deployments' || resource === 'statefulsets' || resource === 'daemonsets')
      return patchWorkload(find(world[resource], asked), request);
    return undefined;
  }

  function list({ resource, namespace }: Asked & { resource: Resource }, request: Request) {
    const asked = query(request);
    const matching = world[resource].filter(
      (object: { metadata: Metadata }) =>
        (namespace === undefined || object.metadata.namespace === namespace) &&
        matchesLabels(asked.get('labelSelector') ?? '', object.metadata.labels) &&
        matchesFields(asked.get('fieldSelector') ?? '', object),
    );
    const { items, ...position } = pageOf<object>(matching, asked);
    const { group, kind } = lists[resource];
    const version = group === 'autoscaling' ? 'v2' : 'v1';
    return {
      kind: `${kind}List`,
      apiVersion: group ? `${group}/${version}` : version,
      metadata: { resourceVersion: `${world.nextVersion}`, ...position },
      items,
    };
  }

  function scale(asked: Asked & { resource: Resource }, request: Request): object | undefined {
    const deployment = writable(find(world.deployments, asked), request);
    if (asked.verb === 'get') return scaleOf(deployment);
    if (asked.verb !== 'patch') return undefined;
    const { spec } = scaleBody.parse(patched(scaleOf(deployment), request));
    const told = { effect: 'deployment scaled', detail: spec, ...managerOf(request) };
    changeWorkload(deployment, { ...deployment.spec, replicas: spec.replicas }, request, told);
    return scaleOf(deployment);
  }

  function patchWorkload(found: Workload, request: Request): Workload {
    const workload = writable(found, request);
    const { spec, metadata } = patched(workload, request);
    const effect = `${workload.kind.toLowerCase()} ${whatChanges(workload, spec)}`;
    if (!isDeepStrictEqual(metadata.annotations, workload.metadata.annotations)) {
      workload.metadata.annotations = metadata.annotations ?? {};
      if (!isDryRun(request)) workload.metadata.resourceVersion = newVersion(world);
    }
    const told = { effect, detail: JSON.parse(bodyOf(request)), ...managerOf(request) };
    changeWorkload(workload, spec, request, told);
    return workload;
  }

  /** Equal values are no change: no new generation, no effect. */
  function changeWorkload(
    workload: Workload,
    spec: Workload['spec'],
    request: Request,
    told: Omit<Parameters<Act>[0], 'target'>,
  ): void {
    if (isDeepStrictEqual(spec, workload.spec)) return;
    workload.spec = spec;
    workload.metadata.generation += 1;
    if (isDryRun(request)) return;
    workload.metadata.resourceVersion = newVersion(world);
    act({ ...told, target: `${workload.metadata.namespace}/${workload.metadata.name}` });
  }

  function patchNode(asked: Asked & { resource: Resource }, request: Request): Node {
    const node = writable(find(world.nodes, asked), request);
    const { spec } = patched(node, request);
    if (isDeepStrictEqual(spec, node.spec)) return node;
    node.spec = spec;
    if (isDryRun(request)) return node;
    node.metadata.resourceVersion = newVersion(world);
    const effect = spec.unschedulable ? 'node cordoned' : 'node uncordoned';
    act({ effect, target: node.metadata.name, ...managerOf(request) });
    return node;
  }

  function deletePod(asked: Asked & { resource: Resource }, request: Request): object {
    const pod = find(world.pods, asked);
    const { preconditions, gracePeriodSeconds, dryRun } = deleteBody.parse(
      JSON.parse(bodyOf(request) || '{}'),
    );
    const { uid, name, namespace } = pod.metadata;
    if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
      const mismatch = `UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`;
      throw new StatusError(
        409,
        'Conflict',
        `Operation cannot be fulfilled on pods "${name}": Precondition failed: ${mismatch}`,
      );
    }
    if (dryRun.length > 0) return pod;
    removePod(world, pod);
    act({ effect: 'pod deleted', target: `${namespace}/${name}`, key: uid, detail: { gracePeriodSeconds } });
    return pod;
  }
}

const accessReview = z.object({
  spec: z.object({
    resourceAttributes: z.object({
      group: z.string().default(''),
      resource: z.string(),
      subresource: z.string().optional(),
      verb: z.string(),
      namespace: z.string().optional(),
    }),
  }),
});
const scaleBody = z.object({ spec: z.object({ replicas: z.number().int().min(0) }) });
const deleteBody = z.object({
  preconditions: z.object({ uid: z.string().optional() }).optional(),
  gracePeriodSeconds: z.number().optional(),
  dryRun: z.array(z.literal('All')).default([]),
});

const bodyOf = (request: Request) => (Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
const query = (request: Request) => new URL(request.originalUrl, 'http://simulator').searchParams;

/** What a list answers of all. A position is a number in the list: it holds as long as the list does, which is long enough here. */
function pageOf<Item>(all: readonly Item[], asked: URLSearchParams) {
  const start = Number(Buffer.from(asked.get('continue') ?? '', 'base64url').toString() || 0);
  const end = start + Number(asked.get('limit') || all.length);
  const rest = all.length - end;
  return {
    items: all.slice(start, end),
    ...(rest > 0 ? { continue: Buffer.from(`${end}`).toString('base64url'), remainingItemCount: rest } : {}),
  };
}

/** Goes the way of a write, and keeps nothing of it. A deletion says so in its body: beside one no options of the query are read. */
const isDryRun = (request: Request) => request.method === 'PATCH' && query(request).has('dryRun');

/** What a write may change: of a dry run a copy, which nobody sees again. */
function writable<Item extends object>(item: Item, request: Request): Item {
  return isDryRun(request) ? structuredClone(item) : item;
}

function requireKnownDryRun(request: Request): void {
  const said = query(request).getAll('dryRun');
  const other = said.find((each) => each !== 'All');
  if (other === undefined) return;
  const reason = `dryRun: Unsupported value: "${other}": supported values: "All"`;
  throw new StatusError(
    422,
    'Invalid',
    `${request.method === 'PATCH' ? 'PatchOptions' : 'DeleteOptions'}.meta.k8s.io "" is invalid: ${reason}`,
  );
}

/** A patch that says a version or a uid is meant for that one. */
function patched<Target extends { metadata: Metadata }>(target: Target, request: Request): Target {
  const result = applyPatch(target, request.headers['content-type'] ?? '', bodyOf(request));
  const { name, uid, resourceVersion } = target.metadata;
  if (result.metadata.resourceVersion !== resourceVersion || result.metadata.uid !== uid) {
    const reason =
      'the object has been modified; please apply your changes to the latest version and try again';
    throw new StatusError(409, 'Conflict', `Operation cannot be fulfilled on "${name}": ${reason}`);
  }
  return result;
}

const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
function readPath(request: Request): Asked | undefined {
  const found = request.path.match(
    /^\/(?:api\/v1|apis\/([^/]+)\/v\d)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/,
  );
  if (!found) return undefined;
  const [, group = '', namespace, resource = '', name, subresource] = found;
  const verb = verbs[request.method] ?? (name === undefined ? 'list' : 'get');
  return { group, namespace, resource, name, subresource, verb };
}

function isResource(asked: Asked): asked is Asked & { resource: Resource } {
  const entry = Object.entries(lists).find(([resource]) => resource === asked.resource);
  return entry?.[1].group === asked.group;
}

function find<Item extends { metadata: Metadata }>(
  items: readonly Item[],
  { group, resource, namespace, name }: Asked,
): Item {
  const found = items.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  const full = group ? `${resource}.${group}` : resource;
  if (!found) throw new StatusError(404, 'NotFound', `${full} "${name}" not found`);
  return found;
}

function scaleOf({ metadata: { generation: _, ...metadata }, spec, status }: Workload) {
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata,
    spec: { replicas: spec.replicas ?? 1 },
    status: { replicas: status.replicas ?? 0 },
  };
}

function whatChanges(before: Workload, spec: Workload['spec']): string {
  const { template } = spec;
  const old = before.spec.template;
  if (isDeepStrictEqual(old, template)) return 'changed';
  const isRestart = template.metadata.annotations?.[restartedAt] !== old.metadata.annotations?.[restartedAt];
  return isRestart && isDeepStrictEqual(old.spec, template.spec) ? 'restarted' : 'template changed';
}

/** An admission webhook refuses writes, dry runs too. */
function requireAdmitted({ refusedByWebhook }: KubernetesWorld, { resource, verb }: Asked): void {
  const reason = ['patch', 'delete'].includes(verb) && refusedByWebhook[resource];
  if (reason)
    throw new StatusError(
      403,
      'Forbidden',
      `admission webhook "policy.example.com" denied the request: ${reason}`,
    );
}

type Right = Pick<Asked, 'group' | 'resource' | 'subresource' | 'verb'>;

function isGranted({ granted }: KubernetesWorld, { group, resource, subresource, verb }: Right): boolean {
  const path = [group, resource, subresource].filter(Boolean).join('/');
  return granted === null || granted.includes(`${path} ${verb}`);
}

function requireGranted(world: KubernetesWorld, asked: Asked): void {
  if (isGranted(world, asked)) return;
  const { group, resource, subresource, namespace, name, verb } = asked;
  const full = [resource, subresource].filter(Boolean).join('/');
  const subject = `${group ? `${resource}.${group}` : resource}${name ? ` "${name}"` : ''} is forbidden`;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const refusal = `User "${user}" cannot ${verb} resource "${full}" in API group "${group}" ${where}`;
  throw new StatusError(403, 'Forbidden', `${subject}: ${refusal}`);
}

/** In whose name the fields are set. */
const managerOf = (request: Request) => {
  const manager = query(request).get('fieldManager');
  return manager === null ? {} : { by: manager };
};

/** https://kubernetes.io/docs/reference/using-api/api-concepts/: at most 128 printable characters. */
function requireManager(request: Request): void {
  const { by = '' } = managerOf(request);
  if (by.length > 128 || !/^[\x20-\x7e]*$/.test(by))
    throw new StatusError(422, 'Invalid', 'PatchOptions is invalid: fieldManager: Invalid value');
}
