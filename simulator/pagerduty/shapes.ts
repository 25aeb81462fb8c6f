import {
  type Agent,
  type Alert,
  byId,
  type ChangeEvent,
  type Incident,
  type Integration,
  type LogEntry,
  type MaintenanceWindow,
  type PagerDutyWorld,
  type Service,
} from './world.ts';

const api = 'https://api.pagerduty.com';
const web = 'https://acme.pagerduty.com';

const folders = {
  user: 'users',
  service: 'services',
  escalation_policy: 'escalation_policies',
  priority: 'priorities',
  incident: 'incidents',
  alert: 'alerts',
  team: 'teams',
  maintenance_window: 'maintenance_windows',
} as const;
type ResourceType = keyof typeof folders;

const resource = (type: ResourceType, id: string, summary: string) => ({
  id,
  summary,
  self: `${api}/${folders[type]}/${id}`,
  html_url: `${web}/${folders[type]}/${id}`,
});

/** PagerDuty tells most times so. */
const wholeSeconds = (time: string) => `${time.slice(0, 19)}Z`;

/** A reference as PagerDuty writes them in REST and webhooks alike. */
export const reference = (type: ResourceType, id: string, summary: string) => ({
  ...resource(type, id, summary),
  type: `${type}_reference`,
});

/** Things that REST and webhooks show, drawn from the world. */
export function shapes(world: PagerDutyWorld) {
  const nameOf = (list: readonly { id: string; name: string }[], id: string) => byId(list, id)?.name ?? id;
  const userReference = (id: string) => reference('user', id, nameOf(world.users, id));
  const serviceReference = (id: string) => reference('service', id, nameOf(world.services, id));
  const policyReference = (id: string) => reference('escalation_policy', id, nameOf(world.policies, id));
  const teamsOf = (it: { teamIds?: readonly string[] } | undefined) =>
    (it?.teamIds ?? []).map((id) => reference('team', id, nameOf(world.teams ?? [], id)));
  const agentReference = ({ type, id }: Agent) =>
    type === 'user' ? userReference(id) : serviceReference(id);

  const user = (id: string) => ({
    ...resource('user', id, nameOf(world.users, id)),
    type: 'user',
    name: nameOf(world.users, id),
    email: byId(world.users, id)?.email,
    time_zone: 'Europe/Berlin',
    role: byId(world.users, id)?.role ?? 'user',
    job_title: null,
    teams: teamsOf(byId(world.users, id)),
  });
  const service = (id: string, include: readonly string[] = []) => ({
    ...resource('service', id, nameOf(world.services, id)),
    type: 'service',
    name: nameOf(world.services, id),
    description: byId(world.services, id)?.description ?? null,
    status: world.incidents.some(({ serviceId, status }) => serviceId === id && status === 'triggered')
      ? 'critical'
      : 'active',
    alert_creation: 'create_alerts_and_incidents',
    escalation_policy: (include.includes('escalation_policies') ? policy : policyReference)(
      byId(world.services, id)?.policyId ?? '',
    ),
    teams: teamsOf(byId(world.services, id)),
    ...(include.includes('integrations') ? { integrations: integrationsOf(byId(world.services, id)) } : {}),
  });
  const integration = ({ id, name, routingKey }: Integration) => ({
    id,
    type: 'events_api_v2_inbound_integration',
    summary: name,
    name,
    integration_key: routingKey,
  });
  /** The first one of a service came with it. One that was made here has an empty key there, and none of it. */
  const integrationsOf = (found: Service | undefined) =>
    found
      ? [
          ...(found.routingKey === ''
            ? []
            : [{ id: found.integrationId, name: 'Events API v2', routingKey: found.routingKey }]),
          ...(found.integrations ?? []),
        ].map(integration)
      : [];
  const team = (id: string) => ({
    ...resource('team', id, nameOf(world.teams ?? [], id)),
    type: 'team',
    name: nameOf(world.teams ?? [], id),
    description: null,
  });
  const policy = (id: string) => ({
    ...resource('escalation_policy', id, nameOf(world.policies, id)),
    type: 'escalation_policy',
    name: nameOf(world.policies, id),
    escalation_rules: (byId(world.policies, id)?.levels ?? []).map((users, index) => ({
      id: `${id}L${index + 1}`,
      escalation_delay_in_minutes: 30,
      targets: users.map(userReference),
    })),
    teams: teamsOf(byId(world.policies, id)),
  });
  const priority = (id: string | null) => {
    const found = world.priorities.find((each) => each.id === id);
    return found && { ...resource('priority', found.id, found.name), type: 'priority', name: found.name };
  };

  const bridge = ({ bridge: set }: Incident) =>
    set ? { conference_url: set.url, conference_number: set.number } : null;

  /** `include` holds what REST was asked to show whole. */
  function incident(it: Incident, include: readonly string[] = []) {
    const person = (id: string, wanted: string) => (include.includes(wanted) ? user(id) : userReference(id));
    const agent = (by: Agent, wanted: string) =>
      by.type === 'user' ? person(by.id, wanted) : serviceReference(by.id);
    const alerts = world.alerts.filter(({ incidentId }) => incidentId === it.id);
    const responding = world.abilities.includes('coordinated_responding');
    return {
      ...resource('incident', it.id, `[#${it.number}] ${it.title}`),
      type: 'incident',
      incident_number: it.number,
      title: it.title,
      status: it.status,
      urgency: it.urgency,
      incident_key: it.key,
      created_at: it.createdAt,
      updated_at: it.updatedAt,
      resolved_at: it.resolvedAt,
      last_status_change_at: wholeSeconds(it.statusChangedAt ?? it.updatedAt),
      first_trigger_log_entry: firstTrigger(it),
      last_status_change_by: agent(it.changedBy, 'agents'),
      service: include.includes('services') ? service(it.serviceId) : serviceReference(it.serviceId),
      escalation_policy: include.includes('escalation_policies')
        ? policy(it.policyId)
        : policyReference(it.policyId),
      teams: teamsOf(byId(world.policies, it.policyId)),
      assignments: it.assigneeIds.map((id) => ({ at: it.updatedAt, assignee: person(id, 'assignees') })),
      acknowledgements: it.acknowledgements.map(({ by, at }) => ({
        at,
        acknowledger: agent(by, 'acknowledgers'),
      })),
      priority: priority(it.priorityId) ?? null,
      pending_actions: it.snoozedUntil === undefined ? [] : [{ type: 'unacknowledge', at: it.snoozedUntil }],
      incident_type: { name: 'incident_default' },
      is_mergeable: true,
      resolve_reason: resolveReason(it),
      ...(include.includes('conference_bridge') ? { conference_bridge: bridge(it) } : {}),
      alert_counts: {
        all: alerts.length,
        triggered: alerts.filter(({ status }) => status === 'triggered').length,
        resolved: alerts.filter(({ status }) => status === 'resolved').length,
      },
      ...(responding
        ? {
            incidents_responders: it.responders.map(({ userId, requesterId, message, at }) => ({
              state: 'pending',
              user: userReference(userId),
              incident: reference('incident', it.id, it.title),
              requester: userReference(requesterId),
              message,
              requested_at: at,
              updated_at: at,
            })),
            responder_requests: it.responderRequests.map(({ id, requesterId, message, at, targets }) => ({
              id,
              incident: reference('incident', it.id, it.title),
              requester: userReference(requesterId),
              message,
              requested_at: at,
              responder_request_targets: targets.map((target) => ({ responder_request_target: target })),
            })),
          }
        : {}),
    };
  }

  /** The entries of the log are in the order in which they were written. */
  function firstTrigger({ id }: Incident) {
    const entry = world.log.find(({ incidentId, type }) => incidentId === id && type === 'trigger_log_entry');
    return entry ? { ...logEntryLinks(entry), type: 'trigger_log_entry_reference' } : null;
  }

  const logEntryLinks = ({ id, incidentId, type, agent }: LogEntry) => ({
    id,
    summary: `${type.replace(/_log_entry$/, '').replaceAll('_', ' ')} by ${agentReference(agent).summary}`,
    self: `${api}/log_entries/${id}?incident_id=${incidentId}`,
    html_url: `${web}/incidents/${incidentId}/log_entries/${id}`,
  });

  /** `include` holds what REST was asked to show whole. */
  function logEntry(entry: LogEntry, include: readonly string[] = []) {
    const { type, at, agent, note, assigneeIds, incidentId } = entry;
    const about = byId(world.incidents, incidentId);
    const service = about && serviceReference(about.serviceId);
    const isNote = type === 'annotate_log_entry';
    const byAgent = agent.type === 'user' ? 'website' : 'auto';
    return {
      ...logEntryLinks(entry),
      type,
      created_at: wholeSeconds(at),
      agent: agentReference(agent),
      channel: { type: isNote ? 'note' : byAgent, ...(isNote ? { summary: note } : {}) },
      incident:
        about && include.includes('incidents')
          ? incident(about)
          : reference('incident', incidentId, about ? `[#${about.number}] ${about.title}` : incidentId),
      ...(service ? { service } : {}),
      teams: about ? teamsOf(byId(world.policies, about.policyId)) : [],
      contexts: [],
      ...(note === undefined || isNote ? {} : { note }),
      ...(assigneeIds ? { assignees: assigneeIds.map(userReference) } : {}),
    };
  }

  /** Set by a merge, which resolves an incident. */
  function resolveReason({ mergedIntoId }: Incident) {
    const target = mergedIntoId === undefined ? undefined : byId(world.incidents, mergedIntoId);
    if (!target) return null;
    const summary = `[#${target.number}] ${target.title}`;
    return { type: 'merge_resolve_reason', incident: reference('incident', target.id, summary) };
  }

  /** The incident as webhooks tell it: fewer fields, and some of them under other names. */
  const webhookIncident = (it: Incident) => {
    const found = priority(it.priorityId);
    return {
      id: it.id,
      type: 'incident',
      self: `${api}/incidents/${it.id}`,
      html_url: `${web}/incidents/${it.id}`,
      number: it.number,
      status: it.status,
      incident_key: it.key,
      created_at: it.createdAt,
      reopened_at: it.reopenedAt,
      title: it.title,
      incident_type: { name: 'incident_default' },
      service: serviceReference(it.serviceId),
      assignees: it.assigneeIds.map(userReference),
      escalation_policy: policyReference(it.policyId),
      teams: teamsOf(byId(world.policies, it.policyId)),
      priority: found ? reference('priority', found.id, found.name) : null,
      urgency: it.urgency,
      conference_bridge: bridge(it),
      resolve_reason: resolveReason(it),
    };
  };

  const alert = (it: Alert) => ({
    ...resource('alert', it.id, it.summary),
    type: 'alert',
    status: it.status,
    alert_key: it.key,
    severity: it.severity,
    suppressed: false,
    service: serviceReference(it.serviceId),
    incident: reference('incident', it.incidentId, it.summary),
    created_at: it.createdAt,
    body: {
      type: 'alert_body',
      details: it.details,
      cef_details: { message: it.summary, dedup_key: it.key, severity: it.severity, details: it.details },
      contexts: it.links.map((link) => ({ type: 'link', ...link })),
    },
  });

  const changeEvent = (it: ChangeEvent) => ({
    id: it.id,
    type: 'change_event',
    summary: it.summary,
    source: it.source,
    timestamp: it.timestamp,
    services: [serviceReference(it.serviceId)],
    custom_details: it.details,
    links: it.links,
    images: [],
  });

  const maintenanceWindow = (it: MaintenanceWindow) => ({
    ...resource('maintenance_window', it.id, it.description),
    type: 'maintenance_window',
    sequence_number: 1,
    start_time: it.start,
    end_time: it.end,
    description: it.description,
    services: it.serviceIds.map(serviceReference),
    teams: [],
  });

  return {
    integration,
    integrationsOf,
    team,
    maintenanceWindow,
    user,
    userReference,
    service,
    serviceReference,
    policy,
    policyReference,
    priority,
    agentReference,
    incident,
    webhookIncident,
    logEntry,
    alert,
    changeEvent,
  };
}
