import type { createCloudClient } from 'jira.js';
import { withoutSlashAtEnd } from '../address.ts';
import { notConnected } from '../failures.ts';
import { wayTo } from '../http.ts';
import { timeScaleOf } from '../time-scale.ts';
import type { JiraSettings } from './provider.ts';
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

/** Jira Cloud by these settings. The library is 38 MB, so it is loaded on first use. */
export async function connectJira(
  settings: JiraSettings,
  env: NodeJS.ProcessEnv,
  connection: string,
): Promise<Jira> {
  const required = (name: 'JIRA_BASE_URL' | 'JIRA_EMAIL' | 'JIRA_API_TOKEN' | 'JIRA_PROJECT_KEY') => {
    const value = settings[name];
    if (!value) throw notConnected('Jira', name, connection);
    return value;
  };
  const baseUrl = withoutSlashAtEnd(required('JIRA_BASE_URL'));
  const credentials = `${required('JIRA_EMAIL')}:${required('JIRA_API_TOKEN')}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const projectKey = required('JIRA_PROJECT_KEY');
  const way = wayTo(baseUrl, env);
  const jira = await import('jira.js');
  return {
    api: (signal) => jira.createCloudClient(jiraTransport({ baseUrl, authorization, way, signal })),
    projectKey,
    issueType: settings.JIRA_ISSUE_TYPE?.trim() || undefined,
    fields: settings.JIRA_FIELDS ?? {},
    projects: settings.JIRA_PROJECTS,
    baseUrl,
    timeScale: timeScaleOf(baseUrl, env),
  };
}
