import { z } from 'zod';
import { incidentOfSubject } from '../../domain/subject.ts';

/**
 * A run that is about one incident, as it stands in lists: `Q2XYZ`, or of another account than that of `default` `<connection>/<id>`. The
 * workflow gets PagerDuty's own id, and the account comes with the cause of its run.
 */
export const aboutIncident = {
  input: z.strictObject({
    incidentId: z
      .string()
      .refine(
        (id) => incidentOfSubject(id) !== undefined,
        "is not a PagerDuty incident's id, such as Q2XYZ, or eu/Q2XYZ of the connection eu",
      )
      .describe("The PagerDuty incident's id; of another account than that of default, <connection>/<id>"),
  }),
  subject: ({ incidentId }: { incidentId: string }) => incidentId,
  workflowInput: ({ incidentId }: { incidentId: string }) => ({
    incidentId: incidentOfSubject(incidentId)?.incidentId ?? incidentId,
  }),
};
