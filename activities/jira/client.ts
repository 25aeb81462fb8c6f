import type { createCloudClient } from 'jira.js';
import { notConnected } from '../failures.ts';
import { timeScaleOf } from '../time-scale.ts';
import { jiraTransport } from './transport.ts';

export interface Jira {
  /** Atlassian's typed calls. Each attempt has its own, which ends with the attempt's signal. */
  api(signal: AbortSignal): ReturnType<typeof createCloudClient>;
  /** The project that issues go to when none is named. */
  projectKey: string;
  baseUrl: string;
  /** Seconds that pass there in one of ours: 1, but for a simulated Jira. */
  timeScale: number;
}

/** Jira Cloud by the JIRA_… settings in `env`. The library is 38 MB, so it is loaded on first use. */
export function jiraConnections(env: NodeJS.ProcessEnv): (connection: string) => Promise<Jira> {
  let connected: Promise<Jira> | undefined;
  return async (connection) => {
    if (connection !== 'default') throw notConnected('Jira', '', connection);
    connected ??= connect(env);
    return connected.catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
  };
}

async function connect(env: NodeJS.ProcessEnv): Promise<Jira> {
  const setting = (name: string) => {
    const value = env[name];
    if (!value) throw notConnected('Jira', name);
    return value;
  };
  const baseUrl = setting('JIRA_BASE_URL').replace(/\/+$/, '');
  if (!/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? '')) throw notConnected('Jira', 'JIRA_BASE_URL');
  const credentials = `${setting('JIRA_EMAIL')}:${setting('JIRA_API_TOKEN')}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const projectKey = setting('JIRA_PROJECT_KEY');
  const jira = await import('jira.js');
  return {
    api: (signal) => jira.createCloudClient(jiraTransport({ baseUrl, authorization, signal })),
    projectKey,
    baseUrl,
    timeScale: timeScaleOf(baseUrl, env),
  };
}
