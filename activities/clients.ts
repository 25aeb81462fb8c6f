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

/** The clients for the settings in `env` (design §5). Nothing is connected before it is first used. */
export function connectClients(env: NodeJS.ProcessEnv): Clients {
  return {
    pagerduty: pagerDutyConnections(env),
    slack: slackConnections(env),
    jira: jiraConnections(env),
    kubernetes: kubernetesConnections(env),
    ec2: ec2Connections(env),
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
