import { describe, expect, it } from 'vitest';
import { urgentIncidents } from '../../triggers/policies/urgent-incidents.ts';
import { defineUrgency } from '../../triggers/urgency-policy.ts';
import { incidentTriggered } from './events.ts';

const named = (name: string) => incidentTriggered({ priority: { id: 'PPRIO', name } }).data;
const incident = incidentTriggered().data;

describe('the urgency policy that ships', () => {
  it.each([
    ...[
      'P1',
      'p1',
      'SEV1',
      'SEV-1',
      'Sev 1',
      'sev.1',
      'Priority 1',
      'P1 - Critical',
      'Critical (P1)',
      'P-01',
    ],
    ...['Ｐ１', 'SEV‑1', '1', '1 - Critical', 'P1 (was P2)', 'Priorität 1'],
  ])('takes %s as urgent', (name) => {
    expect(urgentIncidents.isUrgent(named(name))).toBe(true);
  });

  it.each(['P2', 'P10', 'SEV-12', 'P1.5', 'P21', 'P2 (was P1)', 'High', '', '   ', 'P11 1'])(
    'does not take %j as urgent',
    (name) => {
      expect(urgentIncidents.isUrgent(named(name))).toBe(false);
    },
  );

  it('takes none without a priority, and is quick with a name of any length', () => {
    expect(urgentIncidents.isUrgent({ ...incident, assignees: [], teams: [] })).toBe(false);
    expect(urgentIncidents.isUrgent(named('-'.repeat(1_000_000)))).toBe(false);
  });
});

describe('an urgency policy of a team', () => {
  it('may ask for anything that the incident tells', () => {
    const checkout = defineUrgency({
      when: 'it is of Checkout, and its urgency is high',
      is: ({ service, urgency }) => service.name === 'Checkout' && urgency === 'high',
    });
    expect(checkout.isUrgent(named('P5'))).toBe(true);
  });

  it('that fails makes nothing urgent', () => {
    const failing = defineUrgency({
      when: 'its escalation policy is Gold',
      is: () => {
        throw new TypeError('a fault of the policy');
      },
    });
    expect(failing.isUrgent(named('P1'))).toBe(false);
  });

  it('says in words what is urgent', () => {
    expect(() => defineUrgency({ when: ' ', is: () => true })).toThrow('Say in `when`');
  });
});
