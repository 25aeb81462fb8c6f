/** Something PagerDuty refers to, as its webhooks write it. */
export const wireReference = (kind: string, id: string, summary: string | null) => ({
  html_url: `https://acme.pagerduty.com/${kind}s/${id}`,
  id,
  self: `https://api.pagerduty.com/${kind}s/${id}`,
  summary,
  type: `${kind}_reference`,
});

export const ada = wireReference('user', 'PUSER01', 'Ada Ångström');
const service = wireReference('service', 'PSVC001', 'checkout-api');
const about = {
  incident: wireReference('incident', 'Q1ABCDEF2GHIJK', 'StatusCheckFailed on i-0abc12345def67890'),
};

export const wireIncident = {
  id: 'Q1ABCDEF2GHIJK',
  type: 'incident',
  self: 'https://api.pagerduty.com/incidents/Q1ABCDEF2GHIJK',
  html_url: 'https://acme.pagerduty.com/incidents/Q1ABCDEF2GHIJK',
  number: 4211,
  status: 'triggered',
  incident_key: 'checkout-api/StatusCheckFailed',
  created_at: '2026-11-20T09:00:00Z',
  reopened_at: null,
  title: 'StatusCheckFailed on i-0abc12345def67890',
  incident_type: { name: 'incident_default' },
  service,
  assignees: [ada],
  escalation_policy: wireReference('escalation_policy', 'PEP0001', 'Checkout on-call'),
  teams: [wireReference('team', 'PTEAM01', 'Payments')],
  priority: null,
  urgency: 'high',
  conference_bridge: null,
  resolve_reason: null,
};

const p1 = wireReference('priority', 'PPRIO01', 'P1');
const note = { ...about, id: 'PNOTE01', content: 'naïve café', trimmed: false, type: 'incident_note' };
const update = {
  ...about,
  id: 'PSTAT01',
  message: 'Restarted, watching',
  trimmed: false,
  type: 'incident_status_update',
};
const responder = {
  ...about,
  user: ada,
  escalation_policy: null,
  message: 'Please join',
  state: 'pending',
  type: 'incident_responder',
};
const bridge = {
  ...about,
  conference_numbers: [{ label: '', number: '+1-555-555-5555' }],
  conference_url: 'https://meet.example.com/inc-4211',
  type: 'incident_conference_bridge',
};
const field = (value: unknown) => ({
  data_type: 'string',
  field_type: 'single_value',
  id: 'PFLD001',
  name: 'environment',
  namespace: 'incidents',
  type: 'field_value',
  value,
});
const fields = { custom_fields: [field('production')], changed_custom_fields: [field('staging')] };
const role = {
  incident_role_assignments: [
    {
      id: '5b1f9c1e-0d5e-4a57-9d53-4f1c5a2b7d10',
      type: 'role_assignment_reference',
      assignee: ada,
      old_assignee: null,
      ...about,
      role: { id: 'PROLE01', summary: 'Incident commander', type: 'role_reference' },
      status: 'active',
    },
  ],
  type: 'incident_role_assignment',
};
const task = {
  id: 'PTASK01',
  name: 'Call the carrier',
  summary: 'Call the carrier',
  description: '',
  status: 'todo',
  assignees: [ada],
  ...about,
  type: 'incident_task',
};
const invocation = {
  id: 'PINV001',
  self: 'https://api.pagerduty.com/automation_actions/invocations/PINV001',
  html_url: null,
  ...about,
  action: wireReference('action', 'PACT001', 'Collect logs'),
  state: 'created',
  type: 'incident_action_invocation',
};
const workflow = {
  id: 'PWFI001',
  type: 'incident_workflow_instance',
  summary: 'Major incident',
  incident_workflow: wireReference('incident_workflow', 'PWF0001', 'Major incident'),
  workflow_trigger: {
    ...wireReference('workflow_trigger', '4ad696eb-bb48-422a-8bd0-000000000001', 'P1'),
    html_url: null,
  },
  ...about,
  service,
};
const ownService = {
  html_url: 'https://acme.pagerduty.com/services/PSVC001',
  id: 'PSVC001',
  self: 'https://api.pagerduty.com/services/PSVC001',
  summary: 'checkout-api',
  alert_creation: 'create_alerts_and_incidents',
  teams: [],
  type: 'service',
};

/** The data of every type that PagerDuty sends, as it sends it. */
export const wireData: Record<string, object> = {
  'incident.triggered': wireIncident,
  'incident.acknowledged': { ...wireIncident, status: 'acknowledged' },
  'incident.unacknowledged': wireIncident,
  'incident.resolved': { ...wireIncident, status: 'resolved', assignees: [] },
  'incident.reopened': { ...wireIncident, reopened_at: '2026-11-20T10:00:00Z' },
  'incident.escalated': {
    ...wireIncident,
    conference_bridge: {
      conference_number: '+1 415-555-1212',
      conference_url: 'https://meet.example.com/inc-4211',
    },
  },
  'incident.delegated': wireIncident,
  'incident.reassigned': wireIncident,
  'incident.priority_updated': { ...wireIncident, priority: p1 },
  'incident.service_updated': wireIncident,
  'incident.incident_type.changed': { ...wireIncident, incident_type: { name: 'major' } },
  'incident.annotated': note,
  'incident.status_update_published': update,
  'incident.responder.added': responder,
  'incident.responder.replied': { ...responder, state: 'joined' },
  'incident.conference_bridge.updated': bridge,
  'incident.custom_field_values.updated': { ...about, ...fields, type: 'incident_field_values' },
  'incident.role.assigned': role,
  'incident.task.created': task,
  'incident.task.updated': task,
  'incident.task.completed': { ...task, status: 'completed' },
  'incident.action_invocation.created': invocation,
  'incident.action_invocation.updated': { ...invocation, state: 'running' },
  'incident.action_invocation.terminated': { ...invocation, state: 'completed' },
  'incident.workflow.started': workflow,
  'incident.workflow.completed': workflow,
  'service.created': ownService,
  'service.updated': ownService,
  'service.deleted': ownService,
  'service.custom_field_values.updated': { service, ...fields, type: 'service_field_values' },
  'pagey.ping': { message: 'Hello from your friend Pagey!', type: 'ping' },
};
