/** The connection that the environment's settings define, of each provider. */
export const defaultConnection = 'default';

/**
 * What events, runs and record entries about an incident are filed under. Two PagerDuty accounts may use one id, so the connection is a
 * part of it. Of the default connection it is the incident id alone, as people write it.
 */
export function subjectOf(connection: string, incidentId: string): string {
  return connection === defaultConnection ? incidentId : `${connection}/${incidentId}`;
}

/** The incident that a subject is; undefined for another kind. The subject of a run's end can look like one: its event's type tells. */
export function incidentOfSubject(subject: string): { connection: string; incidentId: string } | undefined {
  const slash = subject.indexOf('/');
  const connection = slash < 0 ? defaultConnection : subject.slice(0, slash);
  const incidentId = subject.slice(slash + 1);
  const isIncident = connectionNamePattern.test(connection) && /^[A-Z0-9]{1,32}$/.test(incidentId);
  return isIncident ? { connection, incidentId } : undefined;
}

/**
 * An incident's id where a slash may not stand: in marks at Slack and Jira. PagerDuty's ids have no lower case, and connections' names no
 * upper case, so that two incidents never have one mark.
 */
export function markOf(connection: string, incidentId: string): string {
  return connection === defaultConnection ? incidentId : `${connection}-${incidentId}`;
}

/** The incident that a mark names; undefined for what is none. */
export function incidentOfMark(mark: string): { connection: string; incidentId: string } | undefined {
  const [, connection = defaultConnection, incidentId] =
    /^(?:([a-z0-9][a-z0-9-]{0,39})-)?([A-Z0-9]{1,32})$/.exec(mark) ?? [];
  return incidentId !== undefined && connectionNamePattern.test(connection)
    ? { connection, incidentId }
    : undefined;
}

/**
 * The mark of the incident that somebody writes: `#42` or `42`, its number in PagerDuty; an id; and of another account `eu#42`, `eu/Q…` as
 * Baton prints it, or `eu-Q…`. Undefined for what is none.
 */
export function markWritten(text: string): string | undefined {
  const [, of = defaultConnection, number] = /^(?:([a-z0-9][a-z0-9-]{0,39})?#)?(\d{1,9})$/.exec(text) ?? [];
  const [, account = defaultConnection, id] =
    /^(?:([a-z0-9][a-z0-9-]{0,39})[-/])?(Q[A-Z0-9]{13}|P[A-Z0-9]{6})$/.exec(text) ?? [];
  if (number !== undefined) return connectionNamePattern.test(of) ? markOf(of, number) : undefined;
  return id !== undefined && connectionNamePattern.test(account) ? markOf(account, id) : undefined;
}

/** A mark as people read it: `#42`, `eu#42`, `eu/Q1DWGPWQ3Y9XJR`. */
export function markShown(mark: string): string {
  const named = incidentOfMark(mark);
  if (!named) return mark;
  const { connection, incidentId } = named;
  if (!isNumber(incidentId)) return subjectOf(connection, incidentId);
  return connection === defaultConnection ? `#${incidentId}` : `${connection}#${incidentId}`;
}

/** A number of PagerDuty, in place of an id. */
export const isNumber = (incidentId: string) => /^\d+$/.test(incidentId);

/** A connection's name: it stands in addresses, run ids and record entries. */
export const connectionNamePattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
