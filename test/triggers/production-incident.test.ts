import { describe, expect, it } from 'vitest';
import { productionIncident } from '../../triggers/production-incident.ts';
import { buttonPressed, incidentResolved, incidentTriggered } from './events.ts';

describe('the production-incident trigger', () => {
  it('runs the policy for an urgent incident, once per incident', () => {
    expect(productionIncident.respond(incidentTriggered({ id: 'PGR0VU2', urgency: 'high' }))).toEqual({
      start: 'pagerdutyProductionIncidentPolicy',
      id: 'production-incident/PGR0VU2',
      input: { incidentId: 'PGR0VU2' },
    });
  });

  it('leaves an incident of low urgency alone, and says so', () => {
    expect(productionIncident.respond(incidentTriggered({ urgency: 'low' }))).toEqual({
      no: 'urgency is high',
    });
  });

  it('starts on no other event of the incident, and on nothing else', () => {
    const no = { no: 'is a pagerduty.incident.triggered event' };
    expect(productionIncident.respond(incidentResolved())).toEqual(no);
    expect(productionIncident.respond(buttonPressed())).toEqual(no);
  });

  it('goes on when a person resolves the incident, to close room and issue', () => {
    expect(productionIncident.whenResolved).toBe('continue');
  });
});
