import { describe, expect, it } from 'vitest';
import { severityRaisedTrigger } from '../../triggers/severity-raised.ts';
import { incidentPrioritized, incidentTriggered } from './events.ts';

const priority = (name: string) => ({ priority: { id: 'PPRIO01', name } });

describe('the severity-raised trigger', () => {
  it.each(['P1', 'p1', 'SEV1', 'SEV-1', 'Sev 1'])(
    'starts one run for an incident that becomes %s',
    (name) => {
      expect(severityRaisedTrigger.respond(incidentPrioritized(priority(name)))).toEqual({
        start: 'severityRaised',
        id: 'severity-raised/PGR0VU2',
        input: { incidentId: 'PGR0VU2', priority: name },
      });
    },
  );

  it.each(['P2', 'P10', 'P11', 'SEV2', ''])('leaves %j alone', (name) => {
    expect(severityRaisedTrigger.respond(incidentPrioritized(priority(name)))).toEqual({
      no: 'priority is P1 or SEV1',
    });
  });

  it('leaves an incident alone that loses its priority, and one that begins with it', () => {
    expect(severityRaisedTrigger.respond(incidentPrioritized())).toEqual({ no: 'priority is P1 or SEV1' });
    expect(severityRaisedTrigger.respond(incidentTriggered(priority('P1')))).toMatchObject({
      no: 'is a pagerduty.incident.priority_updated event',
    });
  });
});
