import { describe, expect, it } from 'vitest';
import { readPagerDutyEvent } from '../../server/pagerduty/event.ts';
import { webhookJson, wireData } from '../fixtures/webhooks.ts';

function read(type: string, data: object) {
  const result = readPagerDutyEvent(webhookJson(type, data), 'default', '2026-11-20T09:00:01.000Z');
  if (!('event' in result)) throw new Error(result.unreadable);
  return result.event;
}

describe('an incident whose data is odd', () => {
  it.each(['low', 'LOW', ' Low '])('is of low urgency where it is %j', (urgency) => {
    expect(read('incident.triggered', { urgency }).data).toMatchObject({ urgency: 'low' });
  });

  it.each(['acknowledged', 'Acknowledged', 'ACKNOWLEDGED\n'])('has the status %j in any case', (status) => {
    expect(read('incident.priority_updated', { status }).data).toMatchObject({ status: 'acknowledged' });
  });

  it.each([
    ['incident.triggered', 'triggered'],
    ['incident.acknowledged', 'acknowledged'],
    ['incident.unacknowledged', 'triggered'],
    ['incident.resolved', 'resolved'],
    ['incident.reopened', 'triggered'],
    ['incident.reassigned', 'triggered'],
    ['incident.priority_updated', 'triggered'],
  ])('%s has its status from its type where the data names none', (type, status) => {
    for (const odd of ['on fire', '', null, undefined, 7, { id: 'resolved' }])
      expect(read(type, { status: odd }).data).toMatchObject({ id: 'Q1ABCDEF2GHIJK', status });
  });

  it.each([null, 'odd', {}, { incident: null }, { incident: { id: 7 } }])(
    'is about the incident of the first assignment of a role that can be read: after %j',
    (odd) => {
      const { incident_role_assignments: list } = wireData['incident.role.assigned'] as Record<
        string,
        object[]
      >;
      const event = read('incident.role.assigned', { incident_role_assignments: [odd, ...(list ?? [])] });
      expect(event).toMatchObject({
        subject: 'Q1ABCDEF2GHIJK',
        data: { incident: { id: 'Q1ABCDEF2GHIJK' } },
      });
    },
  );
});
