import { isLower, type Mode, type Standing } from './mode.ts';

/** With this begins the title of an incident that a drill has raised: people read it everywhere that the incident is shown. */
const mark = 'Baton drill';

/** How far the runs of a drill may go, where it says so: never further than their triggers let them. */
export type DrillMode = Exclude<Mode, 'auto'>;

/** The title of a drill's incident. It carries the mode itself, so that whoever decides about the incident needs to know nothing else. */
export const drillTitle = (title: string, mode?: DrillMode): string =>
  `${mark}${mode === undefined ? '' : ` (${mode})`}: ${title}`;

const drillPattern = new RegExp(`^${mark}(?: \\((observe|propose|approve)\\))?: `);

/** For SQL, which finds them as `isDrill` does. */
export const drillRegex = drillPattern.source;

/** Whether an incident, or what else has a title, is a drill: no incident of production. */
export const isDrill = (incident: unknown): boolean => drillPattern.test(titleOf(incident));

/** A title as it would be without a drill. */
export const withoutMark = (title: string): string => title.replace(drillPattern, '');

/** How far a trigger may go with an incident: with a drill no further than that says. */
export function standingFor(incident: unknown, standing: Standing): Standing {
  const mode = drillPattern.exec(titleOf(incident))?.[1] as DrillMode | undefined;
  return mode !== undefined && isLower(mode, standing) ? mode : standing;
}

function titleOf(incident: unknown): string {
  const { title } = (incident ?? {}) as { title?: unknown };
  return typeof title === 'string' ? title : '';
}
