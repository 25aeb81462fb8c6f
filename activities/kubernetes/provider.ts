import { z } from 'zod';
import { defineProvider } from '../provider.ts';
import { isContent } from './kubeconfig.ts';
import { form } from './set-up-questions.ts';

const namesIn = (list: string) => new Set(list.split(',').flatMap((name) => name.trim() || []));
/** A name that is none would be a limit that nothing is within, and a list without any would be no limit. */
const limit = z
  .string()
  .regex(/^\s*[a-z0-9][a-z0-9-]*(\s*,\s*[a-z0-9][a-z0-9-]*)*\s*$/, 'is no list of namespaces, as shop,search')
  .default('')
  .transform(namesIn);

const settings = z.object({
  KUBECONFIG: z
    .string()
    .refine(
      (text) => !isContent(text),
      'has a file’s content, and takes a path: give it in KUBECONFIG_CONTENT',
    )
    .optional()
    .describe('kubeconfig files on each worker, as kubectl reads them'),
  KUBECONFIG_CONTENT: z
    .string()
    .refine(isContent, 'is no kubeconfig, but perhaps its path: give that in KUBECONFIG')
    .optional()
    .describe('a kubeconfig itself, which runs no command and names no file'),
  KUBERNETES_SERVICE_HOST: z
    .string()
    .optional()
    .describe('as a pod has it: its own service account, for the connection default alone'),
  KUBERNETES_ONLY_NAMESPACES: limit.describe(
    'the namespaces, comma-separated, to which the connection is limited: nothing else is read or changed there, and no node (unset: no limit)',
  ),
  KUBERNETES_NAMESPACES: z
    .string()
    .default('')
    .transform(namesIn)
    .describe(
      'the namespaces, comma-separated, in which something may be changed; *: all, and nodes (none: only what is labelled for it)',
    ),
});
export type KubernetesSettings = z.output<typeof settings>;

export const kubernetes = defineProvider({
  name: 'kubernetes',
  title: 'Kubernetes',
  settings,
  secrets: ['KUBECONFIG_CONTENT'],
  // The others say what may be done, and connect nothing.
  marks: /^(KUBECONFIG|KUBECONFIG_CONTENT|KUBERNETES_SERVICE_HOST)$/,
  simulated: 'at first',
  connect: async (given, env, connection) =>
    (await import('./client.ts')).connectKubernetes(given, env, connection),
  forUse: (client, use) => client.forUse(use),
  complaints: async (given) => (await import('./client.ts')).complaintsAbout(given),
  check: async (client, signal, asked) => (await import('./check.ts')).checkKubernetes(client, signal, asked),
  setUp: { ...form, load: async () => (await import('./set-up.ts')).setUpKubernetes },
});
