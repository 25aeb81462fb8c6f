import { eventId, type WebhookSender } from '../pagerduty-webhooks.ts';
import { reference, shapes } from './shapes.ts';
import {
  type Agent,
  type Alert,
  byId,
  type ChangeEvent,
  type Incident,
  type Note,
  newId,
  type PagerDutyWorld,
  type ResponderRequest,
  type Service,
} from './world.ts';

export interface NewIncident {
  /** A new one where left out. */
  id?: string;
  title: string;
  service: Service;
  urgency: Incident['urgency'];
  key: string;
  priorityId: string | null;
  by: Agent;
}

export type NewAlert = Pick<Alert, 'key' | 'severity' | 'summary' | 'details' | 'links'>;

export type Account = ReturnType<typeof openAccount>;

/**
 * What can happen to incidents in the account, by whichever way it comes: REST, events or people. Each act changes the
 * world, is logged with the incident and told to the webhook subscriptions.
 */
export function openAccount(world: PagerDutyWorld, webhooks: Pick<WebhookSender, 'send'>) {
  const shape = shapes(world);
  const now = () => new Date().toISOString();

  function publish(
    type: string,
    incident: Incident,
    agent: Agent,
    data: object = shape.webhookIncident(incident),
  ) {
    const at = new Date();
    const event = {
      id: eventId(at),
      event_type: type,
      resource_type: 'incident',
      occurred_at: at.toISOString(),
      agent: shape.agentReference(agent),
      client: null,
      data,
    };
    const { serviceId } = incident;
    const teamIds = byId(world.services, serviceId)?.teamIds ?? [];
    webhooks.send(event, incident.id, { type, serviceId, teamIds });
  }

  function log(
    incident: Incident,
    type: string,
    agent: Agent,
    more: { note?: string | undefined; assigneeIds?: string[] } = {},
  ) {
    const { note, ...rest } = more;
    world.log.push({
      id: newId('R', 26),
      incidentId: incident.id,
      type: `${type}_log_entry`,
      at: now(),
      agent,
      ...rest,
      ...(note === undefined ? {} : { note }),
    });
  }

  function change(incident: Incident, fields: Partial<Incident>, agent: Agent) {
    const at = now();
    const isOther = fields.status !== undefined && fields.status !== incident.status;
    Object.assign(
      incident,
      fields,
      { updatedAt: at, changedBy: agent },
      isOther ? { statusChangedAt: at } : {},
    );
  }

  const levelOne = (policyId: string) => byId(world.policies, policyId)?.levels[0] ?? [];

  function create({ id = newId(), title, service, urgency, key, priorityId, by }: NewIncident): Incident {
    const at = now();
    const incident: Incident = {
      id,
      number: world.nextNumber,
      title,
      status: 'triggered',
      urgency,
      priorityId,
      key,
      serviceId: service.id,
      policyId: service.policyId,
      assigneeIds: levelOne(service.policyId),
      acknowledgements: [],
      createdAt: at,
      updatedAt: at,
      statusChangedAt: at,
      reopenedAt: null,
      resolvedAt: null,
      changedBy: by,
      responders: [],
      responderRequests: [],
    };
    world.nextNumber += 1;
    world.incidents.push(incident);
    log(incident, 'trigger', by);
    const { assigneeIds } = incident;
    if (assigneeIds.length > 0) log(incident, 'assign', { type: 'service', id: service.id }, { assigneeIds });
    return incident;
  }

  return {
    world,
    shape,

    /** An incident without alerts, as people and POST /incidents make them. */
    createIncident(fields: NewIncident): Incident {
      const incident = create(fields);
      publish('incident.triggered', incident, fields.by);
      return incident;
    },

    /** An incident and its first alert. */
    createIncidentWithAlert(fields: NewIncident, alert: NewAlert): Incident {
      const incident = create(fields);
      world.alerts.push({
        ...alert,
        id: newId(),
        incidentId: incident.id,
        serviceId: fields.service.id,
        status: 'triggered',
        createdAt: incident.createdAt,
      });
      publish('incident.triggered', incident, fields.by);
      return incident;
    },

    logOnly: log,

    /** Acknowledging a resolved incident opens it again and gives it to the caller. False: was so already. */
    acknowledge(incident: Incident, by: Agent): boolean {
      if (incident.acknowledgements.some((each) => each.by.id === by.id)) return false;
      if (incident.status === 'resolved') {
        const assigneeIds = by.type === 'user' ? [by.id] : levelOne(incident.policyId);
        change(incident, { status: 'triggered', reopenedAt: now(), resolvedAt: null, assigneeIds }, by);
        publish('incident.reopened', incident, by);
      }
      const acknowledgements = [...incident.acknowledgements, { by, at: now() }];
      change(incident, { status: 'acknowledged', acknowledgements }, by);
      log(incident, 'acknowledge', by);
      publish('incident.acknowledged', incident, by);
      return true;
    },

    reopen(incident: Incident, by: Agent): boolean {
      if (incident.status === 'triggered') return false;
      const wasResolved = incident.status === 'resolved';
      const assigneeIds = wasResolved ? levelOne(incident.policyId) : incident.assigneeIds;
      change(incident, { status: 'triggered', acknowledgements: [], resolvedAt: null, assigneeIds }, by);
      if (wasResolved) incident.reopenedAt = now();
      // The log has no entry for a reopening: it tells that somebody is given the incident again.
      if (wasResolved) log(incident, 'assign', by, { assigneeIds });
      else log(incident, 'unacknowledge', by);
      publish(wasResolved ? 'incident.reopened' : 'incident.unacknowledged', incident, by);
      return true;
    },

    resolve(incident: Incident, by: Agent, resolution?: string): boolean {
      if (incident.status === 'resolved') return false;
      for (const alert of world.alerts) if (alert.incidentId === incident.id) alert.status = 'resolved';
      change(incident, { status: 'resolved', resolvedAt: now(), acknowledgements: [], assigneeIds: [] }, by);
      log(incident, 'resolve', by, { note: resolution });
      publish('incident.resolved', incident, by);
      return true;
    },

    /** To the level's people, also when the incident is at that level: they are notified again. */
    escalate(incident: Incident, level: number, by: Agent): boolean {
      const assigneeIds = byId(world.policies, incident.policyId)?.levels[level - 1];
      if (!assigneeIds) return false;
      change(incident, { status: 'triggered', acknowledgements: [], assigneeIds }, by);
      log(incident, 'escalate', by, { assigneeIds });
      publish('incident.escalated', incident, by);
      return true;
    },

    reassign(incident: Incident, assigneeIds: string[], by: Agent) {
      change(incident, { assigneeIds }, by);
      log(incident, 'assign', by, { assigneeIds });
      publish('incident.reassigned', incident, by);
    },

    delegate(incident: Incident, policyId: string, by: Agent) {
      change(incident, { policyId, assigneeIds: levelOne(policyId) }, by);
      log(incident, 'delegate', by, { assigneeIds: incident.assigneeIds });
      publish('incident.delegated', incident, by);
    },

    setPriority(incident: Incident, priorityId: string | null, by: Agent) {
      change(incident, { priorityId }, by);
      log(incident, 'priority_change', by);
      publish('incident.priority_updated', incident, by);
    },

    /** The log has no entry for it. */
    setBridge(incident: Incident, bridge: { url: string; number: string }, by: Agent) {
      change(incident, { bridge }, by);
      publish('incident.conference_bridge.updated', incident, by, {
        incident: reference('incident', incident.id, incident.title),
        conference_numbers: bridge.number ? [{ label: '', number: bridge.number }] : [],
        conference_url: bridge.url,
        type: 'incident_conference_bridge',
      });
    },

    /** It rests, and pages again then. PagerDuty sends no webhook for it. */
    snooze(incident: Incident, seconds: number, by: Agent) {
      const snoozedUntil = new Date(Date.now() + seconds * 1_000).toISOString();
      change(incident, { snoozedUntil }, by);
      log(incident, 'snooze', by);
    },

    /** PagerDuty sends no webhook for these. */
    edit(incident: Incident, fields: { title?: string; urgency?: Incident['urgency'] }, by: Agent) {
      change(incident, fields, by);
      if (fields.urgency) log(incident, 'urgency_change', by);
    },

    annotate(incident: Incident, content: string, userId: string): Note {
      const note = { id: newId('P', 7), incidentId: incident.id, userId, content, at: now() };
      world.notes.push(note);
      const by: Agent = { type: 'user', id: userId };
      log(incident, 'annotate', by, { note: content });
      const data = {
        incident: reference('incident', incident.id, incident.title),
        id: note.id,
        content: content.slice(0, 10_000),
        trimmed: content.length > 10_000,
        type: 'incident_note',
      };
      publish('incident.annotated', incident, by, data);
      return note;
    },

    /** PagerDuty lists them nowhere but in the log. */
    publishStatusUpdate(incident: Incident, message: string, userId: string) {
      const made = { id: newId('P', 7), message, at: now(), userId };
      const by: Agent = { type: 'user', id: userId };
      log(incident, 'status_update', by, { note: message });
      publish('incident.status_update_published', incident, by, {
        incident: reference('incident', incident.id, incident.title),
        id: made.id,
        message,
        trimmed: false,
        type: 'incident_status_update',
      });
      return made;
    },

    requestResponders(incident: Incident, request: Omit<ResponderRequest, 'id' | 'at'>): ResponderRequest {
      const made = { ...request, id: newId('P', 7), at: now() };
      incident.responderRequests.push(made);
      const by: Agent = { type: 'user', id: request.requesterId };
      for (const { id, type } of request.targets) {
        const isUser = type.startsWith('user');
        const { requesterId, message } = request;
        if (isUser) incident.responders.push({ userId: id, requesterId, message, at: made.at });
        publish('incident.responder.added', incident, by, {
          incident: reference('incident', incident.id, incident.title),
          user: isUser ? shape.userReference(id) : null,
          escalation_policy: isUser ? null : shape.policyReference(id),
          message,
          state: 'pending',
          type: 'incident_responder',
        });
      }
      return made;
    },

    addChangeEvent(fields: Omit<ChangeEvent, 'id'>): ChangeEvent {
      const event = { ...fields, id: newId() };
      world.changeEvents.push(event);
      return event;
    },
  };
}
