import { defaultConnection } from '../domain/subject.ts';
import { type Ec2, ec2Connections } from './ec2/client.ts';
import { type Jira, jiraConnections } from './jira/client.ts';
import { type Kubernetes, kubernetesConnections } from './kubernetes/client.ts';
import { type PagerDuty, pagerDutyConnections } from './pagerduty/client.ts';
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
}

/** Where the settings of named connections come from. */
export interface ConnectionSource {
  /**
   * The values by the names of the provider's settings; undefined where there is no such connection. `version` changes when the values
   * do: the client is then made anew.
   */
  settingsOf(
    provider: string,
    connection: string,
  ): Promise<{ values: Record<string, string | undefined>; version: string } | undefined>;
}

/** The connection `default` of each provider, as the environment's variables define it (design §5). There is no other one. */
export function environmentConnections(env: NodeJS.ProcessEnv): ConnectionSource {
  return {
    settingsOf: async (_, connection) =>
      connection === defaultConnection ? { values: env, version: 'environment' } : undefined,
  };
}

/**
 * The clients of the connections in `source`. Nothing is connected before it is first used. `env` is the process's own: proxies and the
 * like, never another connection's settings.
 */
export function connectClients(
  env: NodeJS.ProcessEnv,
  source: ConnectionSource = environmentConnections(env),
): Clients {
  return {
    pagerduty: clientsOf('pagerduty', pagerDutyConnections, env, source),
    slack: clientsOf('slack', slackConnections, env, source),
    jira: clientsOf('jira', jiraConnections, env, source),
    kubernetes: clientsOf('kubernetes', kubernetesConnections, env, source),
    ec2: clientsOf('ec2', ec2Connections, env, source),
  };
}

const shared = /^(https?_proxy|no_proxy|all_proxy|BATON_PUBLIC_URL|BATON_PEOPLE)$/i;

/** The client of `default` is the environment's; of another connection, one is made for each version of its settings. */
function clientsOf<Client>(
  provider: string,
  connect: (env: NodeJS.ProcessEnv) => (connection: string) => Promise<Client>,
  env: NodeJS.ProcessEnv,
  source: ConnectionSource,
): (connection: string) => Promise<Client> {
  const own = connect(env);
  const made = new Map<string, { version: string; client: (connection: string) => Promise<Client> }>();
  const around = Object.fromEntries(Object.entries(env).filter(([name]) => shared.test(name)));
  return async (connection) => {
    const found =
      connection === defaultConnection ? undefined : await source.settingsOf(provider, connection);
    if (!found) return own(connection);
    const known = made.get(connection);
    const client = known?.version === found.version ? known.client : connect({ ...around, ...found.values });
    made.set(connection, { version: found.version, client });
    return client(defaultConnection);
  };
}

/**
 * Loads the SDKs of the connected providers. One takes up to a second, in which nothing else is done: in the middle of an attempt
 * its heartbeat would be late, and Temporal would give the call to another worker beside it. What is not connected is left.
 */
export async function loadClients(clients: Clients): Promise<void> {
  const { pagerduty, slack, jira, kubernetes, ec2 } = clients;
  for (const connect of [pagerduty, slack, jira, kubernetes, ec2])
    await connect('default').catch(() => undefined);
}
