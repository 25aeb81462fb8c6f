/** The purpose of an incident's room, with the incident's mark. Read again by `incidentInPurpose`. */
export const purposeOf = (incidentId: string) =>
  `War room of PagerDuty incident ${incidentId}, opened by Baton`;

/** The mark in a purpose that Baton has written; undefined in any other one. */
export const incidentInPurpose = (purpose: string): string | undefined =>
  /^War room of PagerDuty incident ([\w-]{1,64}), opened by Baton$/.exec(purpose.trim())?.[1];
