import { describe, expect, it } from 'vitest';
import { readPagerDutyEvent } from '../../server/pagerduty/event.ts';
import { ada, webhookJson, wireData, wireIncident, wireReference } from '../fixtures/webhooks.ts';

const source = '/pagerduty/default';
const receivedAt = '2026-11-20T09:00:01.000Z';

function read(type: string, data: object = {}, event: object = {}) {
  const result = readPagerDutyEvent(webhookJson(type, data, event), 'default', receivedAt);
  if (!('event' in result)) throw new Error(result.unreadable);
  return result.event;
}

const incidentTypes = Object.keys(wireData).filter((type) => wireData[type] && 'urgency' in wireData[type]);
const aboutIncidents = Object.keys(wireData).filter((type) => type.startsWith('incident.'));
const others = Object.keys(wireData).filter((type) => !type.startsWith('incident.'));
const about = { id: 'Q1ABCDEF2GHIJK', name: 'StatusCheckFailed on i-0abc12345def67890' };

describe('an event of PagerDuty', () => {
  it('comes in thirty types and a ping', () => {
    expect(Object.keys(wireData)).toHaveLength(31);
    expect(incidentTypes).toHaveLength(11);
  });

  it.each(incidentTypes)('%s carries the incident', (type) => {
    const { status } = wireData[type] as typeof wireIncident;
    expect(read(type, {}, { id: '01HX' })).toMatchObject({
      id: '01HX',
      source,
      type: `pagerduty.${type}`,
      subject: 'Q1ABCDEF2GHIJK',
      time: '2026-11-20T09:00:00.412Z',
      agent: { kind: 'person', id: 'PUSER01', name: 'Ada Ångström' },
      data: { id: 'Q1ABCDEF2GHIJK', title: wireIncident.title, status },
    });
  });

  it.each(aboutIncidents)('%s has the incident as its subject', (type) => {
    expect(read(type).subject).toBe('Q1ABCDEF2GHIJK');
  });

  it.each(others)('%s has no subject', (type) => {
    expect(read(type)).not.toHaveProperty('subject');
  });

  it('tells an incident in our words, and leaves out what it has not', () => {
    expect(read('incident.triggered').data).toEqual({
      id: 'Q1ABCDEF2GHIJK',
      number: 4211,
      title: 'StatusCheckFailed on i-0abc12345def67890',
      status: 'triggered',
      urgency: 'high',
      type: 'incident_default',
      incidentKey: 'checkout-api/StatusCheckFailed',
      service: { id: 'PSVC001', name: 'checkout-api' },
      assignees: [{ id: 'PUSER01', name: 'Ada Ångström' }],
      teams: [{ id: 'PTEAM01', name: 'Payments' }],
      escalationPolicy: { id: 'PEP0001', name: 'Checkout on-call' },
      createdAt: '2026-11-20T09:00:00.000Z',
      url: 'https://acme.pagerduty.com/incidents/Q1ABCDEF2GHIJK',
    });
  });

  it('tells of a merge into which incident', () => {
    const target = wireReference('incident', 'Q9TARGET000001', 'Checkout down');
    const merged = { resolve_reason: { type: 'merge_resolve_reason', incident: target } };
    expect(read('incident.resolved', merged).data).toMatchObject({
      mergedInto: { id: 'Q9TARGET000001', name: 'Checkout down' },
    });
  });

  it.each([
    ['incident.annotated', { incident: about, id: 'PNOTE01', content: 'naïve café', trimmed: false }],
    [
      'incident.status_update_published',
      { incident: about, id: 'PSTAT01', message: 'Restarted, watching', trimmed: false },
    ],
    [
      'incident.responder.added',
      {
        incident: about,
        user: { id: 'PUSER01', name: 'Ada Ångström' },
        message: 'Please join',
        state: 'pending',
      },
    ],
    [
      'incident.conference_bridge.updated',
      {
        incident: about,
        numbers: [{ label: '', number: '+1-555-555-5555' }],
        url: 'https://meet.example.com/inc-4211',
      },
    ],
    [
      'incident.custom_field_values.updated',
      {
        incident: about,
        fields: [{ id: 'PFLD001', name: 'environment', value: 'production' }],
        before: [{ id: 'PFLD001', name: 'environment', value: 'staging' }],
      },
    ],
    [
      'incident.role.assigned',
      {
        incident: about,
        assignments: [
          {
            role: { id: 'PROLE01', name: 'Incident commander' },
            assignee: { id: 'PUSER01', name: 'Ada Ångström' },
            status: 'active',
          },
        ],
      },
    ],
    [
      'incident.task.created',
      {
        incident: about,
        id: 'PTASK01',
        name: 'Call the carrier',
        status: 'todo',
        assignees: [{ id: 'PUSER01', name: 'Ada Ångström' }],
      },
    ],
    [
      'incident.action_invocation.created',
      {
        incident: about,
        id: 'PINV001',
        action: { id: 'PACT001', name: 'Collect logs' },
        state: 'created',
      },
    ],
    [
      'incident.workflow.started',
      {
        incident: about,
        id: 'PWFI001',
        name: 'Major incident',
        workflow: { id: 'PWF0001', name: 'Major incident' },
      },
    ],
    ['service.created', { id: 'PSVC001', name: 'checkout-api', teams: [] }],
    [
      'service.custom_field_values.updated',
      {
        service: { id: 'PSVC001', name: 'checkout-api' },
        fields: [{ id: 'PFLD001', name: 'environment', value: 'production' }],
        before: [{ id: 'PFLD001', name: 'environment', value: 'staging' }],
      },
    ],
    ['pagey.ping', { message: 'Hello from your friend Pagey!' }],
  ])('%s carries what it is about', (type, data) => {
    expect(read(type).data).toEqual(data);
  });

  it.each([
    ['a person', ada, { kind: 'person', id: 'PUSER01', name: 'Ada Ångström' }],
    [
      'a person of two keys',
      { id: 'PUSER01', type: 'user_reference' },
      { kind: 'person', id: 'PUSER01', name: 'PUSER01' },
    ],
    [
      'a service',
      wireReference('service', 'PSVC001', 'api'),
      { kind: 'machine', id: 'PSVC001', name: 'api' },
    ],
    [
      'an integration',
      wireReference('integration', 'PINT', null),
      { kind: 'machine', id: 'PINT', name: 'PINT' },
    ],
    ['nobody', null, undefined],
    ['something odd', 'PUSER01', undefined],
    ['not told', undefined, undefined],
  ])('was caused by %s', (_, agent, expected) => {
    expect(read('incident.acknowledged', {}, { agent }).agent).toEqual(expected);
  });
});

describe('an event as real deliveries have it', () => {
  it.each([
    [
      'no incident key, time or type, as before 2024',
      {
        incident_key: undefined,
        created_at: undefined,
        incident_type: undefined,
        reopened_at: undefined,
        resolve_reason: undefined,
      },
    ],
    [
      'everything null that may be',
      {
        incident_key: null,
        priority: null,
        assignees: null,
        teams: null,
        escalation_policy: null,
        service: null,
        urgency: null,
        number: null,
        title: null,
        html_url: null,
        conference_bridge: null,
      },
    ],
    [
      'a bridge with a numeric number',
      { conference_bridge: { conference_number: 4_155_551_212, conference_url: null } },
    ],
    ['a service without an id', { service: { summary: 'checkout-api', type: 'service_reference' } }],
    ['a resolve reason of another kind', { resolve_reason: { type: 'novel_reason' } }],
    ['a resolve reason of another shape', { resolve_reason: 'merged' }],
    ['no type of the data', { type: undefined }],
    ['a time that is none', { created_at: 'yesterday' }],
  ])('is read with %s', (_, data) => {
    const event = read('incident.triggered', data);
    expect(event.subject).toBe('Q1ABCDEF2GHIJK');
    expect(event.data).toMatchObject({ id: 'Q1ABCDEF2GHIJK', status: 'triggered', urgency: 'high' });
  });

  it('is read with numbers of a bridge that are null or no text', () => {
    const numbers = [{ label: null, number: 4_155_551_212 }, { number: null }];
    const type = 'incident.conference_bridge.updated';
    expect(read(type, { conference_numbers: null }).data).toMatchObject({ numbers: [] });
    expect(read(type, { conference_numbers: numbers }).data).toMatchObject({
      numbers: [
        { label: '', number: '4155551212' },
        { label: '', number: '' },
      ],
    });
  });

  it('is read with a state of a responder that no list names', () => {
    expect(read('incident.responder.replied', { state: 'accepted', user: null }).data).toEqual({
      incident: about,
      message: 'Please join',
      state: 'accepted',
    });
  });

  it('is read with a summary that is null or empty', () => {
    const incident = { ...wireReference('incident', 'Q1', null) };
    expect(read('incident.annotated', { incident }).data).toMatchObject({
      incident: { id: 'Q1', name: 'Q1' },
    });
    expect(read('incident.annotated', { content: null }).data).toMatchObject({ content: '' });
  });

  it('keeps an id of 38 digits, as text or as a number', () => {
    const id = '12345678901234567890123456789012345678';
    expect(read('incident.workflow.started', {}, { id }).id).toBe(id);
    expect(read('incident.workflow.started', {}, { id: 42 }).id).toBe('42');
  });

  it.each([null, undefined, 'yesterday', 7])('happened when it arrived if its time is %s', (occurred_at) => {
    expect(read('incident.triggered', {}, { occurred_at }).time).toBe(receivedAt);
  });

  it('has its time in one form, whatever the zone', () => {
    const occurred_at = '2026-11-20T10:00:00+01:00';
    expect(read('incident.triggered', {}, { occurred_at }).time).toBe('2026-11-20T09:00:00.000Z');
  });
});

describe('an event that Baton does not know', () => {
  it('carries its data as it came, with the incident as subject where there is one', () => {
    const data = { incident: { id: 'Q7' }, type: 'incident_novelty', more: [1, null] };
    expect(read('incident.invented', data)).toMatchObject({
      type: 'pagerduty.incident.invented',
      subject: 'Q7',
      data,
    });
    expect(read('incident.invented', { type: 'incident', id: 'Q8' }).subject).toBe('Q8');
    expect(read('incident.invented', { type: 'thing', id: 'P9' })).not.toHaveProperty('subject');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('may be called %s', (type) => {
    expect(read(type).type).toBe(`pagerduty.${type}`);
  });
});

describe('an event that cannot be read', () => {
  it.each([
    ['no id', 'incident.triggered', { id: undefined }],
    ['an empty id', 'incident.triggered', { id: '' }],
    ['no incident', 'incident.annotated', { incident: undefined }],
    ['no roles', 'incident.role.assigned', { incident_role_assignments: [] }],
  ])('says why, and what is known of it: %s', (_, type, data) => {
    const json = webhookJson(type, data, { id: '01HX' });
    const result = readPagerDutyEvent(json, 'default', receivedAt);
    expect(result).toMatchObject({
      id: '01HX',
      type: `pagerduty.${type}`,
      unreadable: expect.stringContaining(Object.keys(data)[0] ?? ''),
    });
  });

  it.each([{}, { event: null }, { event: 'x' }, { event: {} }, { event: { id: '1' } }, { messages: [] }])(
    'is of an unknown type without its frame: %j',
    (json) => {
      expect(readPagerDutyEvent(json, 'default', receivedAt)).toEqual({
        type: 'pagerduty.unknown',
        unreadable: expect.any(String),
      });
    },
  );

  it('does not repeat what it holds in its reason', () => {
    const result = readPagerDutyEvent(
      webhookJson('incident.triggered', { id: ['tok_123'] }),
      'default',
      receivedAt,
    );
    expect(result).toHaveProperty('unreadable');
    expect(JSON.stringify(result)).not.toContain('tok_123');
  });
});

/** Shapes that a field may have one day. */
const oddities = [
  null,
  undefined,
  7,
  '7',
  'P1',
  true,
  [],
  [null],
  {},
  { id: 'PT1', summary: 'Major' },
  { name: null },
];
const needed = new Set(['id', 'status', 'type']);

describe('one field of another shape', () => {
  const usual = webhookJson('incident.triggered').event.data as Record<string, unknown>;
  const fields = [
    ...new Set([...Object.keys(usual), 'incident_type', 'teams', 'priority', 'number', 'reopened_at']),
  ];

  it.each(fields.filter((field) => !needed.has(field)))('spoils nothing: %s', (field) => {
    for (const odd of oddities) {
      const event = read('incident.triggered', { [field]: odd });
      expect(event.data).toMatchObject({ id: usual.id, status: 'triggered' });
      if (field !== 'title') expect(event.data).toMatchObject({ title: usual.title });
      if (field !== 'urgency') expect(event.data).toMatchObject({ urgency: usual.urgency });
    }
  });

  it('leaves the other members of a list', () => {
    const teams = [null, 'x', { id: 'PTEAM1', summary: 'Shop' }, 7];
    const event = read('incident.triggered', { teams });
    expect(event.data).toMatchObject({ teams: [{ id: 'PTEAM1', name: 'Shop' }] });
  });
});

describe('keys of the prototype in an event', () => {
  it('do nothing and are not taken over', () => {
    const text = JSON.stringify(webhookJson('incident.triggered'));
    const hostile = text.replaceAll(
      '"type":',
      '"__proto__":{"polluted":1},"constructor":{"prototype":{}},"type":',
    );
    const result = readPagerDutyEvent(JSON.parse(hostile), 'default', receivedAt);
    expect(result).toHaveProperty('event');
    expect(JSON.stringify(result)).not.toContain('polluted');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
