/** How the JSON of a source is read, as `HTTP_WEBHOOK_FORMAT` names it. The first is taken where none is named. */
export const httpFormats = ['json', 'alertmanager', 'grafana', 'github', 'argocd'] as const;
export type HttpFormat = (typeof httpFormats)[number];

/** What a source of a team's own has sent by `POST /webhooks/http/<name>`: a CloudEvent, or JSON of any form. */
export interface HttpEvent {
  /** Of a CloudEvent, as its sender names it: `com.example.build.failed`. */
  type?: string;
  source?: string;
  subject?: string;
  dataschema?: string;
  /** The CloudEvent's further attributes. */
  extensions?: Record<string, string | number | boolean>;
  /** The CloudEvent's data, or the whole JSON. */
  body: unknown;
}

/** One alert of Alertmanager or Grafana. A delivery of several is an event for each. */
export interface MonitorAlert {
  /** The label `alertname`. */
  name: string;
  status: 'firing' | 'resolved';
  /** The same for all events of one alert: it stands for its labels. */
  fingerprint: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** ISO 8601 in UTC. */
  startedAt: string;
  endedAt?: string;
  /** Where people see what is measured. */
  url?: string;
}

/** How a deployment stands, as GitHub tells it. */
export interface GitHubDeployment {
  repository: string;
  deploymentId: number;
  environment: string;
  /** `pending`, `queued`, `in_progress`, `success`, `failure`, `error`, `inactive`. */
  state: string;
  ref: string;
  sha: string;
  description?: string;
  /** Where people see it. */
  url?: string;
  by?: string;
}

/** A run of GitHub Actions. */
export interface GitHubWorkflowRun {
  repository: string;
  runId: number;
  attempt: number;
  workflow: string;
  /** `requested`, `in_progress`, `completed`. */
  status: string;
  /** Once it is completed: `success`, `failure`, `cancelled`, `timed_out`, … */
  conclusion?: string;
  branch?: string;
  sha: string;
  /** What began it: `push`, `schedule`, … */
  event: string;
  url: string;
  by?: string;
}

/** An application of Argo CD, as the template in docs/http-events.md sends it. */
export interface ArgoCdApplication {
  application: string;
  project?: string;
  /** Of its newest sync: `Running`, `Succeeded`, `Failed`, `Error`. */
  phase?: string;
  /** `Synced`, `OutOfSync`, `Unknown`. */
  sync?: string;
  /** `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing`, `Unknown`. */
  health?: string;
  revision?: string;
  message?: string;
  url?: string;
}

/** The types of events that have a form of their own, and what they carry. */
export interface HttpEventData {
  'alertmanager.alert.firing': MonitorAlert;
  'alertmanager.alert.resolved': MonitorAlert;
  'grafana.alert.firing': MonitorAlert;
  'grafana.alert.resolved': MonitorAlert;
  'github.deployment_status': GitHubDeployment;
  'github.workflow_run': GitHubWorkflowRun;
  'argocd.application': ArgoCdApplication;
}

const sourcePrefix = '/http/';

/** The name of the source that an event came by, as its envelope has it; empty where it came another way. */
export const sourceOf = (source: string): string =>
  source.startsWith(sourcePrefix) ? source.slice(sourcePrefix.length) : '';

/**
 * What JSON says that it is about: its `subject`, else its `service` and `stage`. Events about one thing are dispatched in order, and join its
 * live runs. Undefined: it says nothing of the kind.
 */
export function aboutIn(body: unknown): string | undefined {
  const { subject, service, stage } = (body ?? {}) as Record<string, unknown>;
  const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
  if (isText(subject)) return subject;
  return isText(service) && isText(stage) ? `${service}/${stage}` : undefined;
}
