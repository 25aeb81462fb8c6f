import type { ApprovalEvent } from './approval.ts';
import type { HttpEvent, HttpEventData } from './http-event.ts';
import type { Agent, Incident, Reference } from './incident.ts';
import type { Kind } from './kind.ts';
import type { RunMode } from './mode.ts';
import type { SlackRequest } from './person-request.ts';
import type { QuestionEvent } from './question.ts';
import type { WhenOverdue, WorkerBuild } from './run.ts';
import type { StartedBy } from './run-beginning.ts';
import { stepTypes } from './step.ts';

/**
 * Something that happened, in one envelope for all sources. The attributes are those of CloudEvents 1.0
 * (https://github.com/cloudevents/spec); `agent` says who did it, where the source tells.
 */
export interface Event<Type extends EventType = EventType> {
  /** Unique within its source. Of what was asked by a named Slack connection, `<connection>/<id>`. */
  id: string;
  /** `/pagerduty/<connection>`, `/jira/<connection>`, `/http/<connection>`, `/slack/<team>`, `/baton`. */
  source: string;
  type: Type;
  /** Of the account that it came from, or that the incident is of. Left out: `default`. */
  connection?: string;
  /** The Slack connection by which somebody asked, where it is not `default`: they are answered by it. */
  slackConnection?: string;
  /** The incident (`subjectOf`), or what else the event is about. */
  subject?: string;
  /** When it happened, ISO 8601 in UTC. */
  time: string;
  agent?: Agent;
  data: DataOf<Type>;
}

/** A person's own request, whose sender was verified. Any other event only tells what a person did elsewhere. */
export const isRequest = (event: Event): event is Event & { agent: Agent } =>
  (event.type === 'slack.action' || event.type === 'slack.request') && event.agent?.kind === 'person';

/**
 * Events of one lane are dispatched in order: those of one subject. What a person asks for is in that person's own, since not all of it names
 * the incident that it is about. Any other event is by itself.
 */
export function laneOf(event: Event): string {
  if (isRequest(event)) return `person:${event.agent.id}`;
  return event.subject ?? event.id;
}

/** The incident events of PagerDuty whose data is the incident itself. */
export type IncidentEventType = `pagerduty.incident.${
  | 'triggered'
  | 'acknowledged'
  | 'unacknowledged'
  | 'resolved'
  | 'reopened'
  | 'escalated'
  | 'delegated'
  | 'reassigned'
  | 'priority_updated'
  | 'service_updated'
  | 'incident_type.changed'}`;

/** What an event of each type carries. Types that a source may add later carry `unknown`. */
export interface EventData extends Record<IncidentEventType, Incident>, HttpEventData {
  'pagerduty.incident.annotated': { incident: Reference; id: string; content: string; trimmed: boolean };
  'pagerduty.incident.status_update_published': {
    incident: Reference;
    id: string;
    message: string;
    trimmed: boolean;
  };
  'pagerduty.incident.responder.added': ResponderChange;
  'pagerduty.incident.responder.replied': ResponderChange;
  'pagerduty.incident.conference_bridge.updated': {
    incident: Reference;
    numbers: { label: string; number: string }[];
    url?: string;
  };
  'pagerduty.incident.custom_field_values.updated': {
    incident: Reference;
    fields: FieldValue[];
    /** The values before, of the fields that changed. */
    before: FieldValue[];
  };
  'pagerduty.incident.role.assigned': {
    incident: Reference;
    assignments: { role: Reference; assignee?: Reference; before?: Reference; status: string }[];
  };
  'pagerduty.incident.task.created': IncidentTask;
  'pagerduty.incident.task.updated': IncidentTask;
  'pagerduty.incident.task.completed': IncidentTask;
  'pagerduty.incident.action_invocation.created': ActionInvocation;
  'pagerduty.incident.action_invocation.updated': ActionInvocation;
  'pagerduty.incident.action_invocation.terminated': ActionInvocation;
  'pagerduty.incident.workflow.started': IncidentWorkflow;
  'pagerduty.incident.workflow.completed': IncidentWorkflow;
  'pagerduty.service.created': ServiceChange;
  'pagerduty.service.updated': ServiceChange;
  'pagerduty.service.deleted': ServiceChange;
  'pagerduty.service.custom_field_values.updated': {
    service: Reference;
    fields: FieldValue[];
    before: FieldValue[];
  };
  'pagerduty.pagey.ping': { message: string };
  'slack.action': SlackAction;
  'slack.request': SlackRequest;
  'approval.asked': ApprovalEvent;
  /** Half of its time is over, or three quarters, and it is still pending. */
  'approval.waiting': ApprovalEvent;
  'approval.approved': ApprovalEvent;
  'approval.refused': ApprovalEvent;
  'approval.expired': ApprovalEvent;
  'approval.superseded': ApprovalEvent;
  'approval.withdrawn': ApprovalEvent;
  'question.asked': QuestionEvent;
  /** As with approvals. */
  'question.waiting': QuestionEvent;
  'question.answered': QuestionEvent;
  'question.expired': QuestionEvent;
  'question.withdrawn': QuestionEvent;
  'jira.issue.updated': JiraIssueUpdate;
  'run.started': RunEvent;
  /** It waits for people: for an approval, an answer, or whoever decides what becomes of a step that has failed. */
  'run.waiting': RunEvent & { waitsFor: WaitsFor };
  /** What it has waited for was decided, or is not waited for any more. */
  'run.went_on': RunEvent & { waitedFor: WaitsFor };
  'run.completed': RunEvent;
  'run.failed': RunEvent & { failure: RunFailure };
  'run.timed_out': RunEvent & { failure: RunFailure };
  'run.cancelled': RunEvent;
  'run.overdue': RunEvent & { dueAt: string; whenOverdue: WhenOverdue };
  /** A run wants it done, whether or not a worker has begun it. */
  'activity.scheduled': StepEvent;
  /** A worker has begun it. */
  'activity.started': StepEvent & { attempt: number };
  'activity.completed': StepEvent;
  /** For good: it is tried no more. */
  'activity.failed': StepEvent & { failure: RunFailure };
  /** For good as well: Temporal waits for it no longer. */
  'activity.timed_out': StepEvent & { failure: RunFailure };
  /** Its run was stopped meanwhile, or goes on without it. */
  'activity.cancelled': StepEvent;
  'worker.unhealthy': ConditionEvent;
  'worker.healthy': ConditionEvent;
  'schedule.missed': ConditionEvent;
  'schedule.kept': ConditionEvent;
  'heartbeat.missed': ConditionEvent;
  'heartbeat.back': ConditionEvent;
}

export type KnownEventType = keyof EventData;
export type EventType =
  | KnownEventType
  | `schedule.${string}`
  | `pagerduty.${string}`
  | `jira.${string}`
  | `http.${string}`
  | `github.${string}`
  | `callback.${string}`;

/** The types of which there are events, beside those of PagerDuty, Jira, schedules, GitHub and a team's own sources. */
const fired: readonly string[] = [
  'alertmanager.alert.firing',
  'alertmanager.alert.resolved',
  'grafana.alert.firing',
  'grafana.alert.resolved',
  'argocd.application',
  'slack.action',
  'slack.request',
  'approval.asked',
  'approval.waiting',
  'approval.approved',
  'approval.refused',
  'approval.expired',
  'approval.superseded',
  'approval.withdrawn',
  'question.asked',
  'question.waiting',
  'question.answered',
  'question.expired',
  'question.withdrawn',
  'run.started',
  'run.waiting',
  'run.went_on',
  'run.completed',
  'run.failed',
  'run.timed_out',
  'run.cancelled',
  'run.overdue',
  ...stepTypes,
  'worker.unhealthy',
  'worker.healthy',
  'heartbeat.missed',
  'heartbeat.back',
];

/** What the watchdog tells of schedules. No schedule makes these, so none has their names. */
export const aboutSchedules: readonly string[] = ['schedule.missed', 'schedule.kept'];

/** Whether events of this type ever come. PagerDuty, Jira and GitHub may add types, and a team names its sources; of all else there are the known ones. */
export const isFired = (type: string): boolean =>
  /^(pagerduty|jira|schedule|http|github)\../.test(type) || fired.includes(type);
export type DataOf<Type extends EventType> = Type extends KnownEventType
  ? EventData[Type]
  : Type extends `schedule.${string}`
    ? { scheduledAt: string }
    : Type extends `http.${string}`
      ? HttpEvent
      : unknown;

export interface ResponderChange {
  incident: Reference;
  user?: Reference;
  escalationPolicy?: Reference;
  message: string;
  state: string;
}

export interface FieldValue {
  id: string;
  name: string;
  value: unknown;
}

export interface IncidentTask {
  incident: Reference;
  id: string;
  name: string;
  status: string;
  assignees: Reference[];
}

export interface ActionInvocation {
  incident: Reference;
  id: string;
  action?: Reference;
  state: string;
}

export interface IncidentWorkflow {
  incident: Reference;
  id: string;
  name: string;
  workflow?: Reference;
}

export interface ServiceChange extends Reference {
  teams: Reference[];
}

/** A button that a person pressed in Slack. It says who, where and on which incident; the right to it is checked later. */
export interface SlackAction {
  actionId: string;
  incidentId: string;
  /** `teamId` is the workspace of the click, empty where Slack names none; `homeTeamId` the person's, where it is another one. */
  user: { id: string; name: string; teamId: string; homeTeamId?: string };
  channelId: string;
  messageTs: string;
}

/** An issue that was changed in Jira. */
export interface JiraIssueUpdate {
  key: string;
  project: string;
  labels: string[];
  /** As it is after the change; `category` is `new`, `indeterminate` or `done`. */
  status: { name: string; category: string };
  /** The name of the status before, where the change is one of status. */
  movedFrom?: string;
  /** The incident whose issue it is, by the label that Baton gave it; within the account of the event's connection. */
  incidentId?: string;
  /** The connection of the Jira site. */
  site: string;
}

/** Something that the watchdog has found, or that is over. */
export interface ConditionEvent {
  /** `workers`, `workflow tasks` or `activity tasks` that wait for workers, `inbox`, the name of a schedule or of a source. */
  about: string;
  /** What is wrong, or was. */
  summary: string;
  /** When it was noticed. */
  since: string;
}

/** What a run waits for. */
export interface WaitsFor {
  kind: 'approval' | 'answer' | 'parked';
  /** Of the approval, or of the question. */
  id: string;
  summary: string;
  /** `pending`; once it goes on, how that came: `approved`, `refused`, `answered`, `expired`, … */
  state: string;
}

/** One run, as the engine's own events tell it. */
export interface RunEvent {
  runId: string;
  workflow: string;
  /** Of its workflow: see `workflows/tags.ts`. */
  tags?: readonly string[];
  trigger: string;
  /** The triggers whose runs have led to this one, oldest first: none of them is asked about it again. */
  chain?: readonly string[];
  /** That of its incident. */
  service?: Reference;
  /** What the run was about: an instance, a deployment, a service. */
  target: string;
  /** Within the account of the event's connection. */
  incidentId?: string;
  /** Where people see the incident. */
  incidentUrl?: string;
  /** Who has asked for it or started it. Left out: a trigger has started it by itself. */
  startedBy?: StartedBy;
  /** The code that carried it out. */
  worker?: WorkerBuild;
  /** `completed`, `resolved elsewhere`, … */
  outcome: string;
  /** The run says that what it is for is done and well. `completed` alone says only that it ended. */
  healthy: boolean;
  /** Of its run. Where it only watched, neither its failure nor its success says anything of the target. Left out: `auto`. */
  mode?: RunMode;
  /** Its incident is a drill: whoever made that looks how the run ends. */
  drill?: true;
  /** Whether what it has done has helped, where it has looked. */
  verified?: boolean;
  startedAt: string;
  endedAt?: string;
}

/**
 * One call of an activity by a run, as it enters a state: what it says of the run is said as with `run.…`. What the activity was given and what it
 * answered is not told.
 */
export interface StepEvent extends RunEvent {
  activity: string;
  kind: Kind;
  /** Of its effect: the same over all attempts, and in the record. */
  key: string;
  /** What it acts on, told from what belongs to other accounts: `ec2:i-0abc12345def67890`. */
  targets: readonly string[];
  scheduledAt: string;
  /** Temporal's count. */
  attempt?: number;
  /** The last one. */
  failure?: RunFailure;
}

export interface RunFailure {
  /** `ProviderRefused`, `NotHealthy`, `TimedOut`, …: see the failures of the activities. */
  class: string;
  message: string;
  activity?: string;
}
