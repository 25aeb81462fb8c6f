import type { z } from 'zod';
import { type Ec2, ec2Connections } from './ec2/client.ts';
import { notConnected } from './failures.ts';
import type { GitHub } from './github/client.ts';
import { github } from './github/provider.ts';
import type { HttpConnection } from './http/client.ts';
import { http } from './http/provider.ts';
import { type Jira, jiraConnections } from './jira/client.ts';
import { type Kubernetes, kubernetesConnections } from './kubernetes/client.ts';
import { type PagerDuty, pagerDutyConnections } from './pagerduty/client.ts';
import type { Prometheus } from './prometheus/client.ts';
import { prometheus } from './prometheus/provider.ts';
import type { Provider } from './provider.ts';
import { type Slack, slackConnections } from './slack/client.ts';

/**
 * The providers' clients, by connection name. Secrets live in here and nowhere else: an activity names a connection and
 * gets a client. An unknown or unset connection is the failure `NotConnected`, which names the missing setting.
 */
export interface Clients {
  pagerduty(connection: string): Promise<PagerDuty>;
  slack(connection: string): Promise<Slack>;
  jira(connection: string): Promise<Jira>;
  kubernetes(connection: string): Promise<Kubernetes>;
  ec2(connection: string): Promise<Ec2>;
  github(connection: string): Promise<GitHub>;
  http(connection: string): Promise<HttpConnection>;
  prometheus(connection: string): Promise<Prometheus>;
}

/** The clients for the settings in `env` (design §5). Nothing is connected before it is first used. */
export function connectClients(env: NodeJS.ProcessEnv): Clients {
  return {
    pagerduty: pagerDutyConnections(env),
    slack: slackConnections(env),
    jira: jiraConnections(env),
    kubernetes: kubernetesConnections(env),
    ec2: ec2Connections(env),
    github: connectionsOf(github, env),
    http: connectionsOf(http, env),
    prometheus: connectionsOf(prometheus, env),
  };
}

/** The connections of a provider: `default`, made of the settings in `env` at first use. */
function connectionsOf<Settings extends z.ZodObject, Client>(
  { title, settings, connect }: Provider<string, Settings, Client>,
  env: NodeJS.ProcessEnv,
): (connection: string) => Promise<Client> {
  let connected: Promise<Client> | undefined;
  return async (connection) => {
    if (connection !== 'default') throw notConnected(title, '', connection);
    const given = Object.entries(env).filter(([, value]) => value !== '');
    const parsed = settings.safeParse(Object.fromEntries(given));
    if (!parsed.success) {
      const [{ path, message, code } = { path: [], message: '', code: '' }] = parsed.error.issues;
      throw notConnected(title, `${String(path[0])}${code === 'invalid_type' ? '' : `, which ${message}`}`);
    }
    connected ??= connect(parsed.data, env);
    return connected;
  };
}

/**
 * Loads the SDKs of the connected providers. One takes up to a second, in which nothing else is done: in the middle of an attempt
 * its heartbeat would be late, and Temporal would give the call to another worker beside it. What is not connected is left.
 */
export async function loadClients(clients: Clients): Promise<void> {
  for (const connect of Object.values(clients)) await connect('default').catch(() => undefined);
}
