import { z } from 'zod';
import { defineProvider } from '../provider.ts';

const settings = z.object({
  KUBECONFIG: z.string().optional().describe('kubeconfig files, as kubectl reads them'),
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
  secrets: [],
  // The third says what may be changed, and connects nothing.
  marks: /^(KUBECONFIG|KUBERNETES_SERVICE_HOST)$/,
  simulated: true,
  connect: async (given, env, connection) =>
    (await import('./client.ts')).connectKubernetes(given, env, connection),
  check: async (client, signal) => (await import('./check.ts')).checkKubernetes(client, signal),
});
