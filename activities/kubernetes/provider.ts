import { z } from 'zod';
import { defineProvider } from '../provider.ts';
import { isContent } from './kubeconfig.ts';

const settings = z.object({
  KUBECONFIG: z
    .string()
    .refine(
      (text) => !isContent(text),
      'holds a file’s content, and takes a path: give it in KUBECONFIG_CONTENT',
    )
    .optional()
    .describe('kubeconfig files on each worker, as kubectl reads them'),
  KUBECONFIG_CONTENT: z
    .string()
    .refine(isContent, 'holds no kubeconfig, but perhaps its path: give that in KUBECONFIG')
    .optional()
    .describe('a kubeconfig itself, which runs no command and names no file'),
  KUBERNETES_SERVICE_HOST: z
    .string()
    .optional()
    .describe('as a pod has it: its own service account, for the connection default alone'),
  KUBERNETES_NAMESPACES: z
    .string()
    .default('')
    .transform((list) => new Set(list.split(',').flatMap((name) => name.trim() || [])))
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
  complaints: async (given) => (await import('./client.ts')).complaintsAbout(given),
  check: async (client, signal, asked) => (await import('./check.ts')).checkKubernetes(client, signal, asked),
});
