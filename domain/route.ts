import { defaultConnection, subjectOf } from './subject.ts';

/** Of change events apart, whose routing key must be a service's own. */
export const changeEvents = 'change-events';

/** By which connection runs reach a provider, where it is not `default`. It has a workflow, a service or both. */
export interface Route {
  provider: string;
  /** Only for these calls, and not for the provider's others. */
  purpose?: typeof changeEvents;
  workflow?: string;
  /** A PagerDuty service's id; of another account than that of `default`, `<connection>/<id>`. */
  service?: string;
  connection: string;
}

/** A run that begins, as routes see it. */
export interface Routed {
  workflow: string;
  /** Of the incident, where there is one. */
  serviceId?: string | undefined;
  /** The connection that the event came by. */
  connection: string;
}

/** The provider as a run's cause names it. */
export const routedAs = ({ provider, purpose }: Pick<Route, 'provider' | 'purpose'>): string =>
  purpose === undefined ? provider : `${provider}/${purpose}`;

/** A service's own route is about fewer incidents than a workflow's, but a workflow's is about what is done: it comes first. */
const weightOf = ({ workflow, service }: Route) =>
  (workflow === undefined ? 0 : 2) + (service === undefined ? 0 : 1);

/**
 * The connections of a run, by provider: of the routes that fit, the most specific one counts (workflow and service, workflow, service).
 * What is not in the result is `default`.
 */
export function connectionsFor(run: Routed, routes: readonly Route[]): Record<string, string> {
  const service = run.serviceId === undefined ? undefined : subjectOf(run.connection, run.serviceId);
  const fitting = routes.filter(
    (route) =>
      (route.workflow ?? run.workflow) === run.workflow &&
      (route.service === undefined || route.service === service),
  );
  const best = new Map<string, Route>();
  for (const route of fitting) {
    const known = best.get(routedAs(route));
    if (!known || weightOf(route) > weightOf(known)) best.set(routedAs(route), route);
  }
  return Object.fromEntries(
    [...best]
      .filter(([, { connection }]) => connection !== defaultConnection)
      .map(([as, { connection }]) => [as, connection]),
  );
}
