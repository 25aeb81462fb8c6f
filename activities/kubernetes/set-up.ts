import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { SetUp } from '../../domain/set-up.ts';
import { membersIn } from '../../domain/set-up-questions.ts';
import { invalidInput } from '../failures.ts';
import type { Kubernetes } from './client.ts';
import { throwFailure } from './failures.ts';
import { readPages } from './pages.ts';
import { roleYaml } from './role.ts';

/** How a cluster is connected. Nothing is made there: an administrator applies the role, and what it lacks is told. */
export const setUpKubernetes: SetUp<Kubernetes> = {
  async settings({ kubeconfig, context }) {
    if (kubeconfig === undefined && context === undefined) return {};
    if (kubeconfig === undefined)
      throw invalidInput('Kubernetes', 'the context is one of a kubeconfig: give that too (kubeconfig)');
    return { KUBECONFIG_CONTENT: await onlyContext(kubeconfig, context) };
  },

  async early({ kubeconfig }) {
    const config = kubeconfig === undefined ? undefined : await read(kubeconfig);
    if (!config) return {};
    return {
      context: config.contexts.map(({ name, context: { cluster } }) => ({
        value: name,
        label: name,
        hint: cluster,
      })),
    };
  },

  complaints: () => [],

  async account(client, _, signal) {
    const { gitVersion } = await client.version.getCode({}, client.request(signal)).catch(throwFailure);
    const name = await whoIs(client, signal);
    return {
      owner: name === undefined ? undefined : { name },
      place: `a cluster of Kubernetes ${gitVersion}`,
    };
  },

  async choices(client, { query = '' }, signal) {
    const { names = [], more = false } = (await namespacesIn(client, signal)) ?? {};
    const list = names.filter((name) => name.includes(query)).map((name) => ({ value: name, label: name }));
    return { lists: { namespaces: list, onlyNamespaces: list }, more };
  },

  async prepare(client, { values }, _, signal) {
    const changes = membersIn(values.KUBERNETES_NAMESPACES);
    const limit = membersIn(values.KUBERNETES_ONLY_NAMESPACES);
    const all = limit.length > 0 ? undefined : await namespacesIn(client, signal);
    const warnings = changes
      .filter((name) => name !== '*' && all?.more === false && !all.names.includes(name))
      .map((name) => `The cluster has no namespace ${name}`);
    const beyond = changes.filter((name) => name !== '*' && limit.length > 0 && !limit.includes(name));
    if (beyond.length > 0)
      warnings.push(
        `${beyond.join(', ')} is beyond what the connection is limited to, so nothing is changed there`,
      );
    if (changes.length === 0)
      warnings.push(
        'Only what is labelled baton/restart=allowed may be changed: no namespace is named (namespaces)',
      );
    return { warnings };
  },

  left: ({ KUBERNETES_NAMESPACES: changes, KUBERNETES_ONLY_NAMESPACES: limit }) => [
    `What an administrator has applied stays (the service account, ClusterRole and binding, and in ${[...new Set([...membersIn(changes), ...membersIn(limit)])].join(', ') || 'the namespaces'} Role and RoleBinding): delete it by kubectl delete -f, which ends the credentials too, when nobody is to restore the connection`,
  ],

  async papers({ answers, rights }) {
    const namespaces = [...new Set([...membersIn(answers.namespaces), ...membersIn(answers.onlyNamespaces)])];
    const [namespace = 'baton', name = 'baton'] = (answers.serviceAccount ?? 'baton/baton').split('/');
    for (const each of [...namespaces, namespace, name])
      if (each !== '*' && !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(each))
        throw invalidInput(
          'Kubernetes',
          `${each.slice(0, 40)} is no name of a namespace or a service account`,
        );
    const asked = {
      rights,
      namespaces,
      isLimited: answers.onlyNamespaces !== undefined,
      readOnly: answers.readOnly !== undefined,
      account: { namespace, name },
    };
    return [{ name: 'kubernetes-role.yaml', text: roleYaml(asked) }];
  },
};

/** As much of it as tells which parts belong together; all else is looked at where it is used. */
const kubeconfigSchema = z.looseObject({
  'current-context': z.string().nullish(),
  clusters: z.array(z.looseObject({ name: z.string() })),
  users: z.array(z.looseObject({ name: z.string() })).nullish(),
  contexts: z
    .array(
      z.looseObject({
        name: z.string(),
        context: z.looseObject({ cluster: z.string(), user: z.string().nullish() }),
      }),
    )
    .min(1),
});

/** Undefined: it is none, which is told where it is used. */
async function read(text: string): Promise<z.output<typeof kubeconfigSchema> | undefined> {
  const { loadYaml } = await import('@kubernetes/client-node');
  try {
    return kubeconfigSchema.safeParse(loadYaml(text)).data;
  } catch {
    return undefined;
  }
}

/** The kubeconfig with one context alone, its cluster and its user: the credentials of others are not kept. */
async function onlyContext(text: string, asked: string | undefined): Promise<string> {
  const config = await read(text);
  if (!config) return text;
  const { clusters, users, contexts, 'current-context': current } = config;
  const wanted = asked ?? (current || (contexts.length === 1 ? contexts[0]?.name : undefined));
  const found = contexts.find(({ name }) => name === wanted);
  if (!found) {
    const names = contexts.map(({ name }) => name).join(', ');
    const which = wanted === undefined ? 'no current context' : `no context ${wanted}`;
    throw invalidInput('Kubernetes', `the kubeconfig has ${which}; there are ${names}. Name one (context)`);
  }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': found.name,
    clusters: clusters.filter(({ name }) => name === found.context.cluster),
    users: (users ?? []).filter(({ name }) => name === found.context.user),
    contexts: [found],
  });
}

const isWithheld = (error: unknown) =>
  error instanceof ApplicationFailure && (error.type === 'ProviderRefused' || error.type === 'InvalidInput');

/** Undefined: older clusters do not say, and some say it to nobody. */
async function whoIs(client: Kubernetes, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { status } = await client.authentication
      .createSelfSubjectReview({ body: {} }, client.request(signal))
      .catch(throwFailure);
    return status?.userInfo?.username;
  } catch (error) {
    if (isWithheld(error)) return undefined;
    throw error;
  }
}

/** Undefined: the credentials may not list them, or the connection is limited. `more`: there are more than are read. */
async function namespacesIn(
  client: Kubernetes,
  signal: AbortSignal,
): Promise<{ names: string[]; more: boolean } | undefined> {
  try {
    const { items, truncated } = await readPages((page) =>
      client.core.listNamespace(page, client.request(signal)),
    );
    return { names: items.flatMap(({ metadata }) => metadata?.name ?? []), more: truncated };
  } catch (error) {
    if (isWithheld(error)) return undefined;
    throw error;
  }
}
