import type { createCloudClient } from 'jira.js';
import { z } from 'zod';
import { providerAddress, withoutSlashAtEnd } from '../address.ts';
import { notConnected } from '../failures.ts';
import { wayTo } from '../http.ts';
import { timeScaleOf } from '../time-scale.ts';
import { projectSettings } from './projects.ts';
import { jiraTransport } from './transport.ts';

export interface Jira {
  /** Atlassian's typed calls. Each attempt has its own, which ends with the attempt's signal. */
  api(signal: AbortSignal): ReturnType<typeof createCloudClient>;
  /** The project that issues go to when none is named. */
  projectKey: string;
  /** The type of new issues; undefined where it is not set. */
  issueType: string | undefined;
  /** Fields that each new issue gets besides ours, as Jira's API takes them. */
  fields: Record<string, unknown>;
  /** Those that may be read and written; undefined: all. */
  projects: ReadonlySet<string> | undefined;
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
  const baseUrl = withoutSlashAtEnd(setting('JIRA_BASE_URL'));
  providerAddress('Jira', 'JIRA_BASE_URL', baseUrl);
  const credentials = `${setting('JIRA_EMAIL')}:${setting('JIRA_API_TOKEN')}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const projectKey = setting('JIRA_PROJECT_KEY');
  const way = wayTo(baseUrl, env);
  const fields = readFields(env.JIRA_FIELDS);
  if (!fields)
    throw notConnected(
      'Jira',
      'JIRA_FIELDS to a JSON object, such as {"customfield_10042":{"value":"High"}}',
    );
  const limits = z.object(projectSettings).safeParse({ JIRA_PROJECTS: env.JIRA_PROJECTS || undefined });
  if (!limits.success) throw notConnected('Jira', 'JIRA_PROJECTS to a list of project keys like SHOP,OPS');
  const jira = await import('jira.js');
  return {
    api: (signal) => jira.createCloudClient(jiraTransport({ baseUrl, authorization, way, signal })),
    projectKey,
    issueType: env.JIRA_ISSUE_TYPE?.trim() || undefined,
    fields,
    projects: limits.data.JIRA_PROJECTS,
    baseUrl,
    timeScale: timeScaleOf(baseUrl, env),
  };
}

/** Undefined where it is no JSON object. */
function readFields(text: string | undefined): Record<string, unknown> | undefined {
  try {
    return z.record(z.string(), z.unknown()).safeParse(JSON.parse(text || '{}')).data;
  } catch {
    return undefined;
  }
}
