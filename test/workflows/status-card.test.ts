import { describe, expect, it } from 'vitest';
import { changesSince, stateLine, statusCard, toldOf, topicOf } from '../../workflows/kit/status-card.ts';

const ada = { id: 'PADALOP', name: 'Ada Lopez', email: 'ada@example.com' };
const ben = { id: 'PBENOKA', name: 'Ben Okafor', email: 'ben@example.com' };

const incident = {
  id: 'PGR0VU2',
  number: 4211,
  title: 'p99 latency above 2 s',
  status: 'triggered' as 'triggered' | 'acknowledged' | 'resolved',
  urgency: 'high' as const,
  service: { id: 'PCHECKO', name: 'Checkout' },
  assignees: [ada, ben],
  acknowledgers: [] as (typeof ada)[],
  teams: [],
  escalationPolicy: { id: 'PEPCHEC', name: 'Checkout on-call' },
  createdAt: '2026-11-20T09:00:00Z',
  url: 'https://acme.pagerduty.com/incidents/PGR0VU2',
};

describe('the state of an incident that was merged', () => {
  it('is told with the one that it was merged into, and who did so', () => {
    const merged = {
      ...incident,
      status: 'resolved' as const,
      resolvedBy: { ...ada, kind: 'person' as const },
      mergedInto: { id: 'Q9TARGET000001', name: '[#4200] Checkout down' },
    };
    expect(stateLine(merged)).toBe('Merged into [#4200] Checkout down (Q9TARGET000001) by Ada Lopez');
    expect(stateLine({ ...merged, mergedInto: { id: 'Q9TARGET000001', name: '' } })).toBe(
      'Merged into Q9TARGET000001 by Ada Lopez',
    );
  });
});

describe('the status card', () => {
  it('shows an open incident: what, where, how urgent, and who is to look', () => {
    expect(statusCard({ ...incident, priority: { id: 'PP1', name: 'P1' } })).toEqual({
      title: 'p99 latency above 2 s',
      number: 4211,
      url: 'https://acme.pagerduty.com/incidents/PGR0VU2',
      status: 'triggered',
      urgency: 'high',
      priority: 'P1',
      since: '2026-11-20T09:00:00Z',
      service: 'Checkout',
      assignees: ['Ada Lopez', 'Ben Okafor'],
      lines: ['Waiting for Ada Lopez, Ben Okafor to acknowledge'],
    });
  });

  it('shows who acknowledged it, and no more once it is resolved', () => {
    const acknowledged = { ...incident, status: 'acknowledged' as const, acknowledgers: [ben] };
    expect(statusCard(acknowledged)).toMatchObject({
      acknowledgedBy: 'Ben Okafor',
      lines: ['Acknowledged by Ben Okafor'],
    });
    const resolved = {
      ...acknowledged,
      status: 'resolved' as const,
      resolvedBy: { ...ada, kind: 'person' as const },
    };
    expect(statusCard(resolved)).toMatchObject({ status: 'resolved', lines: ['Resolved by Ada Lopez'] });
    expect(statusCard(resolved)).not.toHaveProperty('acknowledgedBy');
  });

  it('has a title and leaves out an address where PagerDuty tells none', () => {
    const card = statusCard({ ...incident, title: '', url: '' });
    expect(card.title).toBe('Incident 4211');
    expect(card).not.toHaveProperty('url');
  });
});

describe('what is new about an incident', () => {
  const told = toldOf(incident);
  const p1 = { id: 'PP1', name: 'P1' };
  it.each([
    ['nothing', incident, []],
    ['its title only', { ...incident, title: 'Another' }, []],
    [
      'that somebody acknowledged',
      { ...incident, status: 'acknowledged' as const, acknowledgers: [ben] },
      ['Acknowledged by Ben Okafor'],
    ],
    ['its priority', { ...incident, priority: p1 }, ['Priority P1, before none']],
    ['its urgency', { ...incident, urgency: 'low' as const }, ['Urgency low, before high']],
    ['its assignees', { ...incident, assignees: [ben] }, ['Assigned to Ben Okafor']],
    // PagerDuty takes the assignees of what is resolved away.
    ['its end', { ...incident, status: 'resolved' as const, assignees: [] }, ['Resolved']],
  ])('is told in a line each: %s', (_, now, lines) => {
    expect(changesSince(told, now)).toEqual(lines);
  });

  it('begins with that it was opened again', () => {
    const resolved = toldOf({ ...incident, status: 'resolved' });
    expect(changesSince(resolved, incident)).toEqual([
      'Reopened. Waiting for Ada Lopez, Ben Okafor to acknowledge',
    ]);
  });
});

describe('the topic of its room', () => {
  it('tells state, priority and incident, however many people are on it', () => {
    expect(topicOf({ ...incident, priority: { id: 'PP1', name: 'P1' } })).toBe(
      'Waiting for Ada Lopez, Ben Okafor to acknowledge, P1: ' +
        '#4211 https://acme.pagerduty.com/incidents/PGR0VU2 p99 latency above 2 s',
    );
    const crowd = Array.from({ length: 60 }, () => ada);
    expect(topicOf({ ...incident, assignees: crowd }).indexOf('#4211')).toBeLessThan(100);
  });
});

describe('the state in one line', () => {
  it('does not tell a monitor that resolved for a person', () => {
    const by = (kind: 'person' | 'machine', name: string) =>
      stateLine({ ...incident, status: 'resolved', resolvedBy: { id: 'P1', name, kind } });
    expect(by('machine', 'Checkout')).toBe('Resolved automatically (Checkout)');
    expect(by('person', 'Ada Lopez')).toBe('Resolved by Ada Lopez');
  });

  it('names the escalation policy where nobody is assigned, and nobody where there is none', () => {
    const { escalationPolicy: _, ...without } = { ...incident, assignees: [] };
    expect(stateLine({ ...incident, assignees: [] })).toBe('Waiting for Checkout on-call to acknowledge');
    expect(stateLine(without)).toBe('Waiting for somebody to acknowledge');
  });

  it('names nobody where PagerDuty does not say who', () => {
    expect(stateLine({ ...incident, status: 'acknowledged' })).toBe('Acknowledged');
    expect(stateLine({ ...incident, status: 'resolved' })).toBe('Resolved');
  });
});
