import { z } from 'zod';

/** The incident that a run is to be about. */
export const incidentId = z
  .string()
  .regex(/^[A-Z0-9]{1,40}$/, "is not a PagerDuty incident's id, such as Q2XYZ")
  .describe("The PagerDuty incident's id");
