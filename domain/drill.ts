import { isLower, type Mode, type Standing } from './mode.ts';

/** With this begins the title of an incident that a drill has raised: people read it everywhere that the incident is shown. */
const mark = 'Baton drill';

/** With this and a slash begins the key of its alert. */
export const drillKey = 'baton-drill';

/** How far the runs of a drill may go, where it says so: never further than their triggers let them. */
export type DrillMode = Exclude<Mode, 'auto'>;

/** The title of a drill's incident. It carries the mode itself, so that whoever decides about the incident needs to know nothing else. */
export const drillTitle = (title: string, mode?: DrillMode): string =>
  `${mark}${mode === undefined ? '' : ` (${mode})`}: ${title}`;

const drillPattern = new RegExp(`^${mark}(?: \\((observe|propose|approve)\\))?: `);

/** The workflow that raises them, and by what. */
export const drillWorkflow = 'drill';
export const drillActivity = 'raisePagerDutyAlert';

/**
 * Whether an incident looks like one that a drill has raised. Whoever holds a routing key can raise such a one, so nothing follows from it
 * but that the store is asked: see `isDrill`.
 */
export const looksLikeDrill = (incident: unknown): boolean =>
  drillPattern.test(textIn(incident, 'title')) && textIn(incident, 'incidentKey').startsWith(`${drillKey}/`);

/** Whether an incident was raised by a drill of this Baton, as the store knew when its event came: it is no incident of production. */
export const isDrill = (incident: unknown): boolean =>
  ((incident ?? {}) as { drill?: unknown }).drill === true;

/** For SQL, which finds so in the JSON text of a cause what `isDrill` finds. */
export const drillInText = '"drill":true';

/** A title as it would be without a drill. */
export const withoutMark = (title: string): string => title.replace(drillPattern, '');

/** How far a trigger may go with an incident: with a drill no further than that says. */
export function standingFor(incident: unknown, standing: Standing): Standing {
  const mode = isDrill(incident)
    ? (drillPattern.exec(textIn(incident, 'title'))?.[1] as DrillMode | undefined)
    : undefined;
  return mode !== undefined && isLower(mode, standing) ? mode : standing;
}

function textIn(incident: unknown, field: 'title' | 'incidentKey'): string {
  const text = ((incident ?? {}) as Record<string, unknown>)[field];
  return typeof text === 'string' ? text : '';
}
