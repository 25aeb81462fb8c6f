import { isLower, type Mode, type Standing } from './mode.ts';

/** With this begins the title of an incident that a drill has raised: people read it everywhere that the incident is shown. */
const mark = 'Baton drill';

/** With this and a slash begins the key of its alert. Whoever writes a title alone, as in the subject of a mail, makes no drill of an incident. */
export const drillKey = 'baton-drill';

/** How far the runs of a drill may go, where it says so: never further than their triggers let them. */
export type DrillMode = Exclude<Mode, 'auto'>;

/** The title of a drill's incident. It carries the mode itself, so that whoever decides about the incident needs to know nothing else. */
export const drillTitle = (title: string, mode?: DrillMode): string =>
  `${mark}${mode === undefined ? '' : ` (${mode})`}: ${title}`;

const drillPattern = new RegExp(`^${mark}(?: \\((observe|propose|approve)\\))?: `);

/** For SQL, which finds them as `isDrill` does: with what the title and the key begin. */
export const drillRegex = { title: drillPattern.source.slice(1), key: `${drillKey}/` };

/** Whether an incident was raised by a drill: it is no incident of production. */
export const isDrill = (incident: unknown): boolean =>
  drillPattern.test(textIn(incident, 'title')) && textIn(incident, 'incidentKey').startsWith(`${drillKey}/`);

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
