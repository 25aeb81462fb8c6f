import { createHmac, randomUUID } from 'node:crypto';
import type { Approval, ApprovalState } from '../../domain/approval.ts';
import type { Event, EventType, KnownEventType } from '../../domain/event.ts';
import type { Question, QuestionState } from '../../domain/question.ts';
import { defaultConnection } from '../../domain/subject.ts';
import { readJiraEvent } from '../../server/jira/event.ts';
import { readPagerDutyEvent } from '../../server/pagerduty/event.ts';
import type { ReadEvent } from '../../server/receiving/read-event.ts';
import { readCommand } from '../../server/slack/commands.ts';
import { clickDelivery } from '../../server/slack/payload.ts';
import { readSlashCommand, requestDelivery } from '../../server/slack/person-requests.ts';
import { eventOf, waitingDelivery } from '../../store/asked/approval-lines.ts';
import {
  eventOf as eventOfQuestion,
  waitingDelivery as waitingQuestion,
} from '../../store/asked/question-lines.ts';
import { exampleWebhook, signWebhook } from '../example.ts';
import { conditionExample } from './conditions.ts';
import { httpExample } from './http.ts';
import { ada, wireData, wireIncident } from './pagerduty.ts';
import { overdueRun, runThat, runThatEnded, stepThat } from './runs.ts';

/** An event as its source sends it: by HTTP, with a signature over the bytes. */
export interface Raw {
  path: string;
  body: string;
  /** The setting that holds the secret; of a list, the first one is taken. */
  setting:
    | 'PAGERDUTY_WEBHOOK_SECRETS'
    | 'JIRA_WEBHOOK_SECRETS'
    | 'HTTP_WEBHOOK_SECRETS'
    | 'SLACK_SIGNING_SECRET';
  headers(secret: string): Record<string, string>;
}

interface Example {
  event: Event;
  /** Undefined: Baton makes such events itself. */
  raw?: Raw;
}

const connection = 'default';
const incident = wireIncident.id;
const run = `ec2-unhealthy/${incident}`;
const workflow = 'ec2UnhealthyRestart';
const form = 'application/x-www-form-urlencoded';

function readable(read: ReadEvent): Event {
  if ('event' in read) return read.event;
  throw new Error(`An example cannot be read: ${read.unreadable}`);
}

/** Each with an id of its own, so that it is no repeat where it is sent. */
const newId = () => `01${randomUUID().replaceAll('-', '').slice(0, 24).toUpperCase()}`;

function ofPagerDuty(name: string, at: Date): Example {
  const occurredAt = at.toISOString();
  const webhook =
    name === 'incident.triggered'
      ? exampleWebhook(at)
      : {
          event: {
            id: newId(),
            event_type: name,
            resource_type: name.split('.')[0],
            occurred_at: occurredAt,
            agent: ada,
            client: null,
            data: wireData[name],
          },
        };
  const raw: Raw = {
    path: '/webhooks/pagerduty',
    body: JSON.stringify(webhook),
    setting: 'PAGERDUTY_WEBHOOK_SECRETS',
    headers(secret) {
      return {
        'content-type': 'application/json',
        'x-pagerduty-signature': signWebhook(this.body, secret),
      };
    },
  };
  return { event: readable(readPagerDutyEvent(webhook, connection, occurredAt)), raw };
}

const hmac = (text: string, secret: string) => createHmac('sha256', secret).update(text).digest('hex');

function ofJira(at: Date): Example {
  const webhook = {
    timestamp: at.getTime(),
    webhookEvent: 'jira:issue_updated',
    user: { accountId: '5b10a2844c20165700ede21g', displayName: 'Ada Lopez', accountType: 'atlassian' },
    issue: {
      id: '10002',
      key: 'OPS-42',
      fields: {
        labels: [`baton-${incident}`],
        project: { key: 'OPS' },
        status: { name: 'Done', statusCategory: { key: 'done' } },
      },
    },
    changelog: { id: '10001', items: [{ field: 'status', fieldId: 'status', fromString: 'In Progress' }] },
  };
  const body = JSON.stringify(webhook);
  return {
    event: readable(readJiraEvent(webhook, connection, at.toISOString(), newId())),
    raw: {
      path: '/webhooks/jira',
      body,
      setting: 'JIRA_WEBHOOK_SECRETS',
      headers: (secret) => ({
        'content-type': 'application/json',
        'x-hub-signature': `sha256=${hmac(body, secret)}`,
        'x-atlassian-webhook-identifier': newId(),
      }),
    },
  };
}

/** Slack's times are seconds since 1970, with six decimals. */
const ts = (at: Date) => (at.getTime() / 1000).toFixed(6);

const ofSlack = (path: string, fields: Record<string, string>): Raw => {
  const body = new URLSearchParams(fields).toString();
  return {
    path,
    body,
    setting: 'SLACK_SIGNING_SECRET',
    headers(secret) {
      const seconds = Math.floor(Date.now() / 1000);
      return {
        'content-type': form,
        'x-slack-request-timestamp': String(seconds),
        'x-slack-signature': `v0=${hmac(`v0:${seconds}:${body}`, secret)}`,
      };
    },
  };
};

function pressedButton(at: Date): Example {
  const payload = {
    type: 'block_actions',
    user: { id: 'U0ADA', username: 'ada', name: 'ada', team_id: 'T0ACME' },
    team: { id: 'T0ACME', domain: 'acme' },
    channel: { id: 'C0ROOM', name: 'inc-4211' },
    container: { type: 'message', message_ts: '1763629200.000100', channel_id: 'C0ROOM' },
    trigger_id: newId(),
    actions: [{ type: 'button', action_id: 'acknowledge', value: incident, action_ts: ts(at) }],
  };
  const raw = ofSlack('/slack/interactivity', { payload: JSON.stringify(payload) });
  const { event } = clickDelivery(payload, Buffer.from(raw.body), at.toISOString(), defaultConnection);
  return { event: event as Event, raw };
}

function typedCommand(at: Date): Example {
  const fields = {
    command: '/baton',
    text: `note ${incident} The index is being rebuilt`,
    team_id: 'T0ACME',
    channel_id: 'C0ROOM',
    user_id: 'U0ADA',
    user_name: 'ada',
    trigger_id: newId(),
  };
  const raw = ofSlack('/slack/commands', fields);
  const read = readSlashCommand(fields, at.toISOString());
  const typed = readCommand(fields.text);
  if (!read || !('request' in typed)) throw new Error('The example of a command cannot be read');
  const { event } = requestDelivery(
    typed.request,
    'command',
    read.told,
    Buffer.from(raw.body),
    defaultConnection,
  );
  return { event: event as Event, raw };
}

function approvalThatIs(state: ApprovalState, at: Date): Approval {
  return {
    id: '0f3k9s1d2m7q8w5e6r4t1y2u3',
    runId: run,
    workflow,
    trigger: 'ec2-unhealthy',
    subject: incident,
    summary: 'Reboot i-0abc12345def67890',
    calls: [],
    digest: '',
    approvers: { role: 'approver' },
    required: 1,
    requestedBy: [],
    requesterMayApprove: false,
    reasonRequired: false,
    overridesGuards: false,
    askedAt: at.toISOString(),
    expiresAt: new Date(at.getTime() + 1_800_000).toISOString(),
    state,
    answers: [],
    messages: [],
  };
}

function ofApproval(state: ApprovalState, at: Date): Example {
  const { row } = eventOf(approvalThatIs(state, at), at.toISOString());
  return { event: JSON.parse(row.event ?? '') as Event };
}

function ofReminder(at: Date): Example {
  const { event } = waitingDelivery(approvalThatIs('pending', at), 1, at.toISOString());
  return { event: event as Event };
}

function questionThatIs(state: QuestionState, at: Date): Question {
  return {
    id: '2k7f0w9q4x1n8c5b3m6v0z7t4',
    runId: run,
    workflow,
    trigger: 'ec2-unhealthy',
    subject: incident,
    summary: 'Which region takes over?',
    form: { options: [{ value: 'eu-west-1', label: 'Ireland' }] },
    digest: '',
    approvers: {},
    requestedBy: [],
    askedAt: at.toISOString(),
    expiresAt: new Date(at.getTime() + 1_800_000).toISOString(),
    state,
    answers: [],
    messages: [],
  };
}

function ofQuestion(state: QuestionState, at: Date): Example {
  const { row } = eventOfQuestion(questionThatIs(state, at), at.toISOString());
  return { event: JSON.parse(row.event ?? '') as Event };
}

function ofWaitingQuestion(at: Date): Example {
  const { event } = waitingQuestion(questionThatIs('pending', at), 1, at.toISOString());
  return { event: event as Event };
}

function ofSchedule(at: Date): Example {
  const time = at.toISOString();
  const type = 'schedule.shift-handoff';
  return {
    event: {
      id: `shift-handoff/${time}`,
      source: '/baton',
      type,
      subject: type,
      time,
      data: { scheduledAt: time },
    },
  };
}

function ofHttp(type: Parameters<typeof httpExample>[0]): Making {
  return (at) => {
    const { event, ...sent } = httpExample(type, at);
    return { event, raw: { ...sent, setting: 'HTTP_WEBHOOK_SECRETS' } };
  };
}

type Making = (at: Date) => Example;
type Own = Exclude<KnownEventType, `pagerduty.${string}`>;

/** The compiler asks for each type that the envelope knows. */
const own: Record<Own | 'schedule.shift-handoff' | 'http.deployment' | 'http.monitor', Making> = {
  'jira.issue.updated': ofJira,
  'slack.action': pressedButton,
  'slack.request': typedCommand,
  'approval.asked': (at) => ofApproval('pending', at),
  'approval.waiting': ofReminder,
  'approval.approved': (at) => ofApproval('approved', at),
  'approval.refused': (at) => ofApproval('refused', at),
  'approval.expired': (at) => ofApproval('expired', at),
  'approval.superseded': (at) => ofApproval('superseded', at),
  'approval.withdrawn': (at) => ofApproval('withdrawn', at),
  'question.asked': (at) => ofQuestion('pending', at),
  'question.waiting': ofWaitingQuestion,
  'question.answered': (at) => ofQuestion('answered', at),
  'question.expired': (at) => ofQuestion('expired', at),
  'question.withdrawn': (at) => ofQuestion('withdrawn', at),
  'run.started': (at) => runThat('started', at),
  'run.waiting': (at) => runThat('waits', at),
  'run.went_on': (at) => runThat('went on', at),
  'run.completed': (at) => runThatEnded('completed', at),
  'run.failed': (at) => runThatEnded('failed', at),
  'run.timed_out': (at) => runThatEnded('timed out', at),
  'run.cancelled': (at) => runThatEnded('cancelled', at),
  'run.overdue': overdueRun,
  'activity.scheduled': (at) => stepThat('activity.scheduled', at),
  'activity.started': (at) => stepThat('activity.started', at),
  'activity.completed': (at) => stepThat('activity.completed', at),
  'activity.failed': (at) => stepThat('activity.failed', at),
  'activity.timed_out': (at) => stepThat('activity.timed_out', at),
  'activity.cancelled': (at) => stepThat('activity.cancelled', at),
  'worker.unhealthy': (at) => conditionExample('worker.unhealthy', at),
  'worker.healthy': (at) => conditionExample('worker.healthy', at),
  'schedule.missed': (at) => conditionExample('schedule.missed', at),
  'schedule.kept': (at) => conditionExample('schedule.kept', at),
  'heartbeat.missed': (at) => conditionExample('heartbeat.missed', at),
  'heartbeat.back': (at) => conditionExample('heartbeat.back', at),
  'schedule.shift-handoff': ofSchedule,
  'alertmanager.alert.firing': ofHttp('alertmanager.alert.firing'),
  'alertmanager.alert.resolved': ofHttp('alertmanager.alert.resolved'),
  'grafana.alert.firing': ofHttp('grafana.alert.firing'),
  'grafana.alert.resolved': ofHttp('grafana.alert.resolved'),
  'github.deployment_status': ofHttp('github.deployment_status'),
  'github.workflow_run': ofHttp('github.workflow_run'),
  'argocd.application': ofHttp('argocd.application'),
  'http.deployment': ofHttp('http.deployment'),
  'http.monitor': ofHttp('http.monitor'),
};

const makers = new Map<string, Making>([
  ...Object.keys(wireData).map((name): [string, Making] => [
    `pagerduty.${name}`,
    (at) => ofPagerDuty(name, at),
  ]),
  ...Object.entries(own),
]);

/** Every type of event of which there is an example. */
export const exampleTypes: readonly EventType[] = [...makers.keys()] as EventType[];

/**
 * An event of this type as triggers get it, made by what reads and makes such events, and as its source sends it. Each has an id of its own.
 * Undefined: there is no such type.
 */
export function exampleOf(type: string, at: Date): Example | undefined {
  return makers.get(type)?.(at);
}
