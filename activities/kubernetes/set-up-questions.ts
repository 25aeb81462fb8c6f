import type { SetUpForm } from '../../domain/set-up-questions.ts';

/** What setup of a cluster asks. */
export const form: SetUpForm = {
  first:
    'Baton gets a service account of its own, and no more rights than it needs: baton setup kubernetes --print --namespaces <namespaces> prints what an administrator applies. In a pod Baton has the pod’s service account as the connection default, and needs no setup.',
  questions: [
    {
      name: 'kubeconfig',
      variable: 'KUBECONFIG_CONTENT',
      about: 'a kubeconfig that holds all it needs (kubectl config view --raw --flatten)',
      ask: 'The file with the kubeconfig (kubectl config view --raw --flatten > file)',
      isSecret: true,
      isFile: true,
      isCredential: true,
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'context',
      about: 'the context of the kubeconfig; only what belongs to it is kept. Left out: the current one',
      ask: 'Which cluster, by the contexts of the kubeconfig?',
      chosen: { of: 'kubeconfig' },
      mayBe: 'left out',
      when: ({ answers }) => answers.kubeconfig !== undefined,
    },
    {
      name: 'namespaces',
      variable: 'KUBERNETES_NAMESPACES',
      kind: 'list',
      about: 'the namespaces in which something may be changed. Left out: only what is labelled for it',
      ask: 'In which namespaces may Baton change something? (none: only what is labelled for it)',
      chosen: { of: 'context' },
      mayBe: 'empty',
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'onlyNamespaces',
      variable: 'KUBERNETES_ONLY_NAMESPACES',
      kind: 'list',
      about: 'the namespaces beyond which nothing is read or changed. Left out: no limit',
      ask: 'To which namespaces is the connection limited? (none: no limit)',
      chosen: {},
      mayBe: 'empty',
      when: ({ isThere }) => !isThere,
    },
    { name: 'readOnly', kind: 'flag', about: 'for --print: a role that only looks' },
    {
      name: 'serviceAccount',
      about: 'for --print: namespace and name of the service account. Left out: baton/baton',
    },
  ],
  next: (connection) =>
    `Runs act by it where a route says so: baton routes set --provider kubernetes --workflow <workflow> --connection ${connection}`,
};
