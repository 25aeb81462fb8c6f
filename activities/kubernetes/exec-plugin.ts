import { execFile } from 'node:child_process';
import { z } from 'zod';
import { defaultConnection } from '../../domain/subject.ts';
import { unreachable } from '../failures.ts';

/** A user's `exec` in a kubeconfig, as far as it is needed. */
const execSchema = z.object({
  apiVersion: z.string().nullish(),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});

const credentialSchema = z.object({
  status: z.object({
    token: z.string().nullish(),
    clientCertificateData: z.string().nullish(),
    clientKeyData: z.string().nullish(),
    expirationTimestamp: z.string().nullish(),
  }),
});
export type ExecCredential = z.output<typeof credentialSchema>['status'];

export interface ExecPlugin {
  /** The credentials that the last call gave, while they hold; else the command is run. It ends with the signal. */
  credentials(signal: AbortSignal): Promise<ExecCredential>;
  /** The cluster refused what it was given: the next call runs the command anew. */
  forget(): void;
}

/**
 * What a command may see of our environment: where it runs and how to reach the network. Our secrets are none of its business. What else
 * it needs, its kubeconfig gives it.
 */
const needed =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_\w+|SSL_CERT_\w+|(https?|no|all)_proxy)$/i;
/** The settings of the clouds, out of which it makes a token. They are the default connection's. */
const neededByDefault = /^(KUBECONFIG|AWS_\w+|GOOGLE_\w+|CLOUDSDK_\w+|AZURE_\w+|OCI_\w+)$/i;
const mostBytes = 1024 * 1024;

/**
 * A command that gives credentials (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
 * The SDK's own runs it without a bound and keeps a token without an expiry for ever, also one that the cluster refuses.
 * Undefined where `exec` describes none.
 */
export function execPlugin(exec: unknown, connection: string): ExecPlugin | undefined {
  const { data: described } = execSchema.safeParse(exec);
  if (!described) return undefined;
  const isSeen = (name: string) =>
    needed.test(name) || (connection === defaultConnection && neededByDefault.test(name));
  let kept: ExecCredential | undefined;
  return {
    async credentials(signal) {
      if (kept && !isOver(kept)) return kept;
      kept = await run(described, isSeen, signal);
      return kept;
    },
    forget() {
      kept = undefined;
    },
  };
}

const isOver = ({ expirationTimestamp }: ExecCredential) =>
  typeof expirationTimestamp === 'string' && Date.parse(expirationTimestamp) <= Date.now();

function run(
  { apiVersion, command, args, env }: z.output<typeof execSchema>,
  isSeen: (variable: string) => boolean,
  signal: AbortSignal,
): Promise<ExecCredential> {
  const version = apiVersion ?? 'client.authentication.k8s.io/v1';
  const info = { apiVersion: version, kind: 'ExecCredential', spec: { interactive: false } };
  const inherited = Object.entries(process.env).filter(([name]) => isSeen(name));
  const own = (env ?? []).map(({ name, value }) => [name, value]);
  const environment = Object.fromEntries([
    ...inherited,
    ...own,
    ['KUBERNETES_EXEC_INFO', JSON.stringify(info)],
  ]);
  return new Promise((resolve, reject) => {
    const options = { env: environment, signal, maxBuffer: mostBytes, killSignal: 'SIGKILL' as const };
    const child = execFile(command, args ?? [], options, (error, stdout) => {
      const credential = error ? undefined : readCredential(stdout);
      if (credential) return resolve(credential);
      if (signal.aborted) return reject(signal.reason);
      // What the command complains about can hold secrets, so it is left out.
      reject(unreachable('Kubernetes', 'the command of its kubeconfig gave no credentials'));
    });
    child.stdin?.end();
  });
}

function readCredential(text: string): ExecCredential | undefined {
  try {
    return credentialSchema.safeParse(JSON.parse(text)).data?.status;
  } catch {
    return undefined;
  }
}
