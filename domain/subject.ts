/** The connection that the environment's settings define, of each provider. */
export const defaultConnection = 'default';

/**
 * What events, runs and record entries about an incident are filed under. Two PagerDuty accounts may use one id, so the connection is a
 * part of it. Of the default connection it is the incident id alone, as people write it.
 */
export function subjectOf(connection: string, incidentId: string): string {
  return connection === defaultConnection ? incidentId : `${connection}/${incidentId}`;
}

/** A connection's name: it stands in addresses, run ids and record entries. */
export const connectionNamePattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
