import type { RunCause } from '../domain/incident.ts';
import { connectionsFor, type Route, type Routed } from '../domain/route.ts';
import { defaultConnection } from '../domain/subject.ts';

/** A run that begins, as its accounts depend on it. */
export interface AccountsOf extends Routed {
  /** It acts on an incident of `connection`, or for one. */
  concernsIncident: boolean;
  /** The workflow of the run whose end it is about. */
  ended?: string;
  /** The Slack connection by which somebody asked for it: it goes back to where it came from, whatever the routes say. */
  slackConnection?: string;
}

/**
 * By which accounts a run acts, for its cause. What concerns an incident goes to the account that it is of, whatever the routes say; a page
 * for a failed run goes there unless a route says otherwise, first one of the workflow that failed. Nothing is said of what is `default`.
 */
export function accountsFor(
  run: AccountsOf,
  routes: readonly Route[],
): Pick<RunCause, 'connection' | 'connections'> {
  const { connection, concernsIncident, ended } = run;
  const own = connection === defaultConnection ? undefined : connection;
  const { pagerduty: routed, ...others } = connectionsFor(run, routes);
  const ofEnded =
    ended === undefined ? undefined : connectionsFor({ ...run, workflow: ended }, routes).pagerduty;
  const pagerduty = concernsIncident ? own : (ofEnded ?? routed ?? own);
  const { slack = defaultConnection, ...rest } = others;
  const toSlack = run.slackConnection ?? slack;
  const connections = {
    ...rest,
    ...(toSlack === defaultConnection ? {} : { slack: toSlack }),
    ...(pagerduty === undefined ? {} : { pagerduty }),
  };
  return {
    ...(own === undefined ? {} : { connection: own }),
    ...(Object.keys(connections).length > 0 ? { connections } : {}),
  };
}
