import { describe, expect, it } from 'vitest';
import { listPagerDutyAlerts } from '../../../activities/pagerduty/list-alerts.ts';
import { listPagerDutyNotes } from '../../../activities/pagerduty/list-notes.ts';
import { listPagerDutyOnCalls } from '../../../activities/pagerduty/list-on-calls.ts';
import { readPagerDutyIncident } from '../../../activities/pagerduty/read-incident.ts';
import { readPagerDutyService } from '../../../activities/pagerduty/read-service.ts';
import { startAnsweringAccount } from './account.ts';

/** An account that always answers so. */
async function answering(body: unknown) {
  const { run } = await startAnsweringAccount(() => body);
  return run;
}

const person = { id: 'PADA', summary: 'Ada', email: 'ada@example.com' };
const incident = {
  id: 'Q1ABC',
  incident_number: 7,
  title: 'Checkout is slow',
  status: 'triggered',
  urgency: 'high',
  priority: { id: 'P1', summary: 'P1' },
  incident_key: 'checkout',
  service: { id: 'PSHOP', summary: 'Shop' },
  assignments: [{ assignee: person }],
  acknowledgements: [{ at: '2026-11-25T10:00:00Z', acknowledger: person }],
  teams: [{ id: 'PTEAM', summary: 'Shop' }],
  escalation_policy: { id: 'PPOLICY', summary: 'Shop' },
  created_at: '2026-11-25T10:00:00Z',
  resolved_at: null,
  last_status_change_by: person,
  html_url: 'https://acme.pagerduty.com/incidents/Q1ABC',
};
const alert = {
  id: 'A1',
  alert_key: 'k',
  severity: 'critical',
  status: 'triggered',
  summary: 'Slow',
  created_at: '2026-11-25T10:00:00Z',
  body: { details: { pod: 'checkout' }, contexts: [] },
};
const onCall = {
  user: person,
  escalation_level: 1,
  escalation_policy: { id: 'PPOLICY', summary: 'Shop' },
  schedule: { id: 'PS', summary: 'Week' },
  start: '2026-11-25T10:00:00Z',
  end: '2026-11-26T10:00:00Z',
};
const note = { id: 'N1', content: 'Looked at.', created_at: '2026-11-25T10:00:00Z', user: person };
const service = {
  id: 'PSHOP',
  name: 'Shop',
  description: 'The shop',
  status: 'active',
  escalation_policy: { id: 'PPOLICY', summary: 'Shop' },
  teams: [],
  html_url: 'https://acme.pagerduty.com/services/PSHOP',
};

const oddities = [null, 7, 'unknown', true, [], [null], {}, [{ assignee: null }]];

/** The whole with one field in every odd shape. */
const spoiled = (whole: Record<string, unknown>, needed: readonly string[]) =>
  Object.keys(whole)
    .filter((field) => !needed.includes(field))
    .flatMap((field) =>
      oddities.map((odd): [string, unknown] => [
        `${field}: ${JSON.stringify(odd)}`,
        { ...whole, [field]: odd },
      ]),
    );

describe('one field of another shape in an answer', () => {
  it('spoils no incident', async () => {
    for (const [, odd] of spoiled(incident, ['id', 'status'])) {
      const run = await answering({ incident: odd });
      expect(await run(readPagerDutyIncident, { incidentId: 'Q1ABC' })).toMatchObject({
        id: 'Q1ABC',
        status: 'triggered',
      });
    }
  });

  it('spoils no alert and no other alert', async () => {
    for (const [, odd] of spoiled(alert, ['id'])) {
      const run = await answering({ alerts: [odd, { ...alert, id: 'A2' }] });
      const { alerts } = await run(listPagerDutyAlerts, { incidentId: 'Q1ABC' });
      expect(alerts.map(({ id }) => id)).toEqual(['A1', 'A2']);
    }
  });

  it('leaves an alert without the status that is neither of the two', async () => {
    const run = await answering({ alerts: [{ ...alert, status: 'suppressed', severity: 'unknown' }] });
    const { alerts } = await run(listPagerDutyAlerts, { incidentId: 'Q1ABC' });
    expect(alerts[0]).not.toHaveProperty('status');
    expect(alerts[0]).not.toHaveProperty('severity');
    expect(alerts[0]).toMatchObject({ summary: 'Slow', details: { pod: 'checkout' } });
  });

  it('spoils nobody else who is on call', async () => {
    for (const [, odd] of spoiled(onCall, [])) {
      const run = await answering({ oncalls: [odd, onCall] });
      const { onCalls } = await run(listPagerDutyOnCalls, { escalationPolicyIds: ['PPOLICY'] });
      expect(onCalls.at(-1)?.user).toEqual({ id: 'PADA', name: 'Ada', email: 'ada@example.com' });
    }
  });

  it('spoils no note and no service', async () => {
    for (const [, odd] of spoiled(note, ['id'])) {
      const run = await answering({ notes: [odd, { ...note, id: 'N2' }] });
      const { notes } = await run(listPagerDutyNotes, { incidentId: 'Q1ABC' });
      expect(notes.map(({ id }) => id)).toEqual(['N1', 'N2']);
    }
    for (const [, odd] of spoiled(service, ['id', 'name'])) {
      const run = await answering({ service: odd });
      expect(await run(readPagerDutyService, { serviceId: 'PSHOP' })).toMatchObject({
        id: 'PSHOP',
        name: 'Shop',
      });
    }
  });

  it('is told where the answer is something else altogether', async () => {
    const run = await answering({ alerts: 'none' });
    await expect(run(listPagerDutyAlerts, { incidentId: 'Q1ABC' })).rejects.toThrow();
  });
});
