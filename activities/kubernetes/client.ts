import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import type {
  AppsV1Api,
  AuthenticationV1Api,
  AuthorizationV1Api,
  AutoscalingV2Api,
  ConfigurationOptions,
  CoreV1Api,
  KubeConfig,
  RequestContext,
  VersionApi,
} from '@kubernetes/client-node';
import { defaultConnection } from '../../domain/subject.ts';
import { isSafeAddress, safeAddress, withoutSlashAtEnd } from '../address.ts';
import { notConnected, settingUnusable, unreachable } from '../failures.ts';
import type { Use } from '../provider.ts';
import { proxyFor } from '../proxy.ts';
import { timeScaleOf } from '../time-scale.ts';
import { type ExecPlugin, execPlugin } from './exec-plugin.ts';
import { readContent } from './kubeconfig.ts';
import { type Limit, requireWithin } from './limit.ts';
import type { KubernetesSettings } from './provider.ts';
import { tellOf } from './told.ts';
import { type CallOptions, type ClusterAnswer, type PatchType, sendToCluster } from './transport.ts';

/** One cluster. */
export interface Kubernetes {
  core: CoreV1Api;
  apps: AppsV1Api;
  autoscaling: AutoscalingV2Api;
  /** Who the credentials are. */
  authentication: AuthenticationV1Api;
  authorization: AuthorizationV1Api;
  version: VersionApi;
  /**
   * What every call takes as its last argument: it ends with the attempt, and a patch says of which type it is. The cluster is told of the
   * run that calls.
   */
  request(signal: AbortSignal, patchType?: PatchType): ConfigurationOptions;
  /** The same for one use of it. */
  forUse(use: Use): Kubernetes;
  /** The namespaces in which it may change something; `*` stands for all, nodes too. */
  changes: ReadonlySet<string>;
  /** The namespaces beyond which no call goes; empty: there is no limit. */
  limit: Limit;
  /** Seconds that pass in the cluster per second of ours: 1, more only in a simulated one. Divides waits. */
  timeScale: number;
}

type Sdk = typeof import('@kubernetes/client-node');

/**
 * The client for these settings: `KUBECONFIG_CONTENT`, or the files of `KUBECONFIG`, else, for the connection `default`, the service account
 * of the pod that Baton runs in. None of them → `NotConnected`. The SDK is large, so it is loaded at first use.
 */
export async function connectKubernetes(
  settings: KubernetesSettings,
  env: NodeJS.ProcessEnv,
  connection: string,
): Promise<Kubernetes> {
  const { KUBECONFIG, KUBECONFIG_CONTENT, KUBERNETES_SERVICE_HOST } = settings;
  const missing = (variable: string) => notConnected('Kubernetes', variable, connection);
  const isInPod = KUBERNETES_SERVICE_HOST !== undefined && connection === defaultConnection;
  if (KUBECONFIG === undefined && KUBECONFIG_CONTENT === undefined && !isInPod)
    throw missing(connection === defaultConnection ? 'KUBECONFIG' : 'KUBECONFIG_CONTENT');
  const sdk = await import('@kubernetes/client-node');
  const complaints = complaintsIn(sdk, settings);
  if (complaints.length > 0) throw settingUnusable('Kubernetes', complaints.join('; '), connection);
  const config = configIn(sdk, settings);
  const source = KUBECONFIG_CONTENT === undefined ? 'KUBECONFIG' : 'KUBECONFIG_CONTENT';
  if (!config) throw missing('KUBECONFIG to a readable kubeconfig file');
  const cluster = config.getCurrentCluster();
  if (!cluster) throw missing(`${source} to a file whose current context names a cluster`);
  // The SDK, too, speaks plain http only where the kubeconfig says that nothing is to be verified.
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify)
    throw missing(`${source} to a cluster with an https address`);
  if (!isSafeAddress(cluster.server))
    throw missing(
      `${isInPod && !KUBECONFIG && !KUBECONFIG_CONTENT ? 'the pod’s cluster' : `the server in ${source}`} to ${safeAddress}`,
    );

  // The kubeconfig's own `proxy-url` comes first, as with kubectl.
  const proxyUrl = cluster.proxyUrl ?? proxyFor(cluster.server, env);
  if (proxyUrl) Object.assign(cluster, { proxyUrl });

  const configuration = sdk.createConfiguration({
    baseServer: new sdk.ServerConfiguration(withoutSlashAtEnd(cluster.server), {}),
  });
  const user = config.getCurrentUser();
  const plugin = execPlugin(user?.exec, connection);
  // Ours takes its place: the SDK's own knows no end of an attempt.
  if (user && plugin) Object.assign(user, { exec: undefined });

  const toResponse = ({ status, headers, text }: ClusterAnswer) =>
    new sdk.ResponseContext(status, headers, {
      text: async () => text,
      binary: async () => Buffer.from(text),
      stream: () => null,
    });
  const authentication = (signal: AbortSignal) => ({
    getName: () => 'kubeconfig',
    applySecurityAuthentication: (request: RequestContext) => authenticate(config, plugin, request, signal),
  });
  /** Credentials that are refused may be out of date: a command that gives them is then asked once more. */
  const send = async (request: RequestContext, options: CallOptions, use: Use | undefined) => {
    requireWithin(settings.KUBERNETES_ONLY_NAMESPACES, request.getUrl());
    tellOf(use, request, options);
    const answer = await sendToCluster(request, options);
    if (answer.status !== 401 || !plugin) return answer;
    plugin.forget();
    await authenticate(config, plugin, request, options.signal);
    return sendToCluster(request, options);
  };
  const requestFor =
    (use?: Use): Kubernetes['request'] =>
    (signal, patchType) => ({
      authMethods: { default: authentication(signal) },
      httpApi: {
        send: (request) => new sdk.Observable(send(request, { signal, patchType }, use).then(toResponse)),
      },
    });
  const connected: Kubernetes = {
    core: new sdk.CoreV1Api(configuration),
    apps: new sdk.AppsV1Api(configuration),
    autoscaling: new sdk.AutoscalingV2Api(configuration),
    authentication: new sdk.AuthenticationV1Api(configuration),
    authorization: new sdk.AuthorizationV1Api(configuration),
    version: new sdk.VersionApi(configuration),
    request: requestFor(),
    forUse: (use) => ({ ...connected, request: requestFor(use) }),
    changes: settings.KUBERNETES_NAMESPACES,
    limit: settings.KUBERNETES_ONLY_NAMESPACES,
    timeScale: timeScaleOf(cluster.server, env),
  };
  return connected;
}

/** What is wrong with the settings of a connection that a first call would find out. */
export const complaintsAbout = async (settings: KubernetesSettings): Promise<string[]> =>
  complaintsIn(await import('@kubernetes/client-node'), settings);

function complaintsIn(sdk: Sdk, { KUBECONFIG, KUBECONFIG_CONTENT }: KubernetesSettings): string[] {
  if (KUBECONFIG_CONTENT === undefined) return [];
  if (KUBECONFIG !== undefined)
    return ['KUBECONFIG_CONTENT is given beside KUBECONFIG, and one of the two is right'];
  const read = readContent(sdk, KUBECONFIG_CONTENT);
  return 'config' in read ? [] : read.complaints.map((complaint) => `KUBECONFIG_CONTENT ${complaint}`);
}

/** Undefined where a file cannot be read. */
function configIn(sdk: Sdk, { KUBECONFIG, KUBECONFIG_CONTENT }: KubernetesSettings): KubeConfig | undefined {
  if (KUBECONFIG_CONTENT !== undefined) {
    const read = readContent(sdk, KUBECONFIG_CONTENT);
    return 'config' in read ? read.config : undefined;
  }
  return KUBECONFIG === undefined ? inCluster(sdk) : readFiles(sdk, KUBECONFIG);
}

/**
 * Several files are read as kubectl reads them: a missing one is left out, and of two equal names the first counts. Undefined where one
 * cannot be read; the reason is left out, since a YAML error quotes the line, which can hold a token.
 */
function readFiles({ KubeConfig }: Sdk, list: string): KubeConfig | undefined {
  const files = list.split(delimiter).filter((file) => existsSync(file));
  if (files.length === 0) return undefined;
  const parts: KubeConfig[] = [];
  for (const file of files) {
    const part = new KubeConfig();
    try {
      part.loadFromFile(file);
    } catch {
      return undefined;
    }
    parts.push(part);
  }
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: firstOfEachName(parts.flatMap(({ clusters }) => clusters)),
    users: firstOfEachName(parts.flatMap(({ users }) => users)),
    contexts: firstOfEachName(parts.flatMap(({ contexts }) => contexts)),
    currentContext: parts.find(({ currentContext }) => currentContext)?.currentContext,
  });
  return config;
}

function firstOfEachName<Named extends { name: string }>(all: readonly Named[]): Named[] {
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
}

function inCluster({ KubeConfig }: Sdk): KubeConfig {
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

/** Tokens can come from files and commands. What those complain about can hold secrets, so it is left out. */
async function authenticate(
  config: KubeConfig,
  plugin: ExecPlugin | undefined,
  request: RequestContext,
  signal: AbortSignal,
): Promise<void> {
  const user = config.getCurrentUser();
  if (user && plugin) {
    const { token, clientCertificateData, clientKeyData } = await plugin.credentials(signal);
    Object.assign(user, {
      ...(token ? { token } : {}),
      ...(clientCertificateData ? { certData: Buffer.from(clientCertificateData).toString('base64') } : {}),
      ...(clientKeyData ? { keyData: Buffer.from(clientKeyData).toString('base64') } : {}),
    });
  }
  await config.applySecurityAuthentication(request).catch(() => {
    throw unreachable('Kubernetes', 'the credentials that its kubeconfig describes could not be had');
  });
}
