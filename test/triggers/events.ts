import type { DataOf, Event, EventType, RunEvent, RunFailure, SlackAction } from '../../domain/event.ts';
import type { Incident } from '../../domain/incident.ts';

const time = '2026-11-20T09:00:00.000Z';

function eventOf<Type extends EventType>(type: Type, subject: string, data: DataOf<Type>): Event<Type> {
  return { id: `01${subject}`, source: '/pagerduty/default', type, subject, time, data };
}

const incident: Incident = {
  id: 'PGR0VU2',
  number: 4211,
  title: 'p99 latency above 2 s',
  status: 'triggered',
  urgency: 'high',
  service: { id: 'PCHECKO', name: 'Checkout' },
  assignees: [{ id: 'PADALOP', name: 'Ada Lopez' }],
  teams: [],
};

export function incidentTriggered(overrides: Partial<Incident> = {}) {
  const data = { ...incident, ...overrides };
  return eventOf('pagerduty.incident.triggered', data.id, data);
}

export function incidentResolved(overrides: Partial<Incident> = {}) {
  const data: Incident = { ...incident, ...overrides, status: 'resolved' };
  return eventOf('pagerduty.incident.resolved', data.id, data);
}

export function incidentPrioritized(overrides: Partial<Incident> = {}) {
  const data: Incident = { ...incident, ...overrides };
  return eventOf('pagerduty.incident.priority_updated', data.id, data);
}

export function buttonPressed(overrides: Partial<SlackAction> = {}) {
  const data: SlackAction = {
    actionId: 'acknowledge',
    incidentId: 'PGR0VU2',
    user: { id: 'U0ADA', name: 'ada', teamId: 'T0ACME' },
    channelId: 'C0ROOM',
    messageTs: '1763629200.000100',
    ...overrides,
  };
  return eventOf('slack.action', data.incidentId, data);
}

type FailedRun = RunEvent & { failure: RunFailure };

function runEnded(type: 'run.failed' | 'run.timed_out', overrides: Partial<FailedRun>) {
  const data: FailedRun = {
    runId: 'ec2-unhealthy/PGR0VU2',
    workflow: 'ec2UnhealthyRestart',
    trigger: 'ec2-unhealthy',
    target: 'i-0abc12345def67890',
    incidentId: 'PGR0VU2',
    outcome: 'failed',
    healthy: false,
    failure: { class: 'ProviderRefused', message: 'EC2 refused (403): no' },
    startedAt: time,
    endedAt: time,
    ...overrides,
  };
  return eventOf(type, `${data.workflow}/${data.target}`, data);
}

export const runFailedEvent = (overrides: Partial<FailedRun> = {}) => runEnded('run.failed', overrides);
export const runTimedOutEvent = (overrides: Partial<FailedRun> = {}) => runEnded('run.timed_out', overrides);
