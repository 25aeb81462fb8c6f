import { describe, expect, it } from 'vitest';
import { startable } from '../../triggers/by-hand/index.ts';

describe('a workflow that can be started by hand', () => {
  const ofIncidents = startable.filter(({ input }) => 'incidentId' in input.shape);
  it.each(ofIncidents.map((each) => [each.workflow, each] as const))(
    '%s takes an incident’s id as lists tell it, and gives the workflow PagerDuty’s own',
    (_, { input, subject, workflowInput }) => {
      for (const [incidentId, own] of [
        ['Q2XYZ', 'Q2XYZ'],
        ['eu/Q2XYZ', 'Q2XYZ'],
      ]) {
        const more = 'text' in input.shape ? { text: 'It is over.' } : {};
        const given = input.parse({ incidentId, ...more });
        expect([subject(given), workflowInput(given)]).toEqual([incidentId, { incidentId: own, ...more }]);
      }
      for (const incidentId of ['', 'q2', 'EU/Q2', 'eu/', '/Q2', 'a/b/Q2', 'Q2; drop'])
        expect([incidentId, input.safeParse({ incidentId }).success]).toEqual([incidentId, false]);
    },
  );
});
