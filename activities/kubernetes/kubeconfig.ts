import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';

type Sdk = typeof import('@kubernetes/client-node');

/** What stands in a file, in the place of the file's name. */
export const isContent = (text: string): boolean => /^\s*\{|\n/.test(text);

const text = z.string().min(1);
const some = text.nullish();
const unread = z.unknown().optional();

/**
 * A kubeconfig that needs nothing but itself. Each field that may stand in it is listed: what is not, as a command that gives a token or the
 * name of a file, would run or read something on each worker.
 */
const contentSchema = z.strictObject({
  apiVersion: unread,
  kind: unread,
  preferences: unread,
  extensions: unread,
  'current-context': text,
  clusters: z
    .array(
      z.strictObject({
        name: text,
        cluster: z.strictObject({
          server: text,
          'certificate-authority-data': some,
          'insecure-skip-tls-verify': z.boolean().nullish(),
          'tls-server-name': some,
          'proxy-url': some,
          'disable-compression': unread,
          extensions: unread,
        }),
      }),
    )
    .min(1),
  users: z.array(
    z.strictObject({
      name: text,
      user: z.strictObject({
        token: some,
        'client-certificate-data': some,
        'client-key-data': some,
        username: some,
        password: some,
        as: some,
        extensions: unread,
      }),
    }),
  ),
  contexts: z
    .array(
      z.strictObject({
        name: text,
        context: z.strictObject({ cluster: text, user: some, namespace: some, extensions: unread }),
      }),
    )
    .min(1),
});

/** Fields of a kubeconfig that leave it, and what each does. */
const leaving: Readonly<Record<string, string>> = {
  exec: 'runs a command',
  'auth-provider': 'may run a command or read a file',
  'token-file': 'names a file',
  tokenFile: 'names a file',
  'client-certificate': 'names a file',
  'client-key': 'names a file',
  'certificate-authority': 'names a file',
};

/** How a kubeconfig is brought into this form. */
const flattened = 'kubectl config view --raw --flatten --minify';

/**
 * A kubeconfig, read from its text alone: no file is opened and no command run. Else `complaints`, which name places and fields that are
 * known, and nothing that stands in it.
 */
export function readContent(sdk: Sdk, content: string): { config: KubeConfig } | { complaints: string[] } {
  let loaded: unknown;
  try {
    loaded = sdk.loadYaml(content);
  } catch {
    // The reason is left out: it quotes the line, which can hold a token.
    return { complaints: ['is neither YAML nor JSON'] };
  }
  const { data, error } = contentSchema.safeParse(loaded);
  if (!data) return { complaints: [...new Set(error.issues.flatMap(complaintsOf))] };
  const config = new sdk.KubeConfig();
  config.loadFromString(JSON.stringify(data));
  return { config };
}

function complaintsOf(issue: z.core.$ZodIssue): string[] {
  const place = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys')
    return [`is no kubeconfig: ${place ? `${place} is` : 'it is'} missing or of another type`];
  const known = issue.keys.filter((key) => key in leaving);
  const unknown =
    known.length < issue.keys.length
      ? [`holds a field under ${place || 'its top'} that Baton does not know`]
      : [];
  const needed = `and must hold all that it needs itself: a token, or certificate and key as data (${flattened})`;
  return [
    ...known.map((key) => `holds ${place}.${key}, which ${leaving[key]} on the worker, ${needed}`),
    ...unknown,
  ];
}
