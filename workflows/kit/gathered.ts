import type { Gathered, LaterEvent } from '../../domain/incident.ts';

/** The incidents that have joined a run in a storm. It goes along to each new history, so the list is bounded. */
export interface GatheredSoFar {
  /** How many have joined. */
  count: number;
  /** Those that are open, or of which nobody was told yet, in the order in which they came. */
  listed: GatheredIncident[];
  /** Those of `count` for which the list had no room. */
  unlisted: number;
}

export interface GatheredIncident extends Omit<Gathered, 'isNew'> {
  told: boolean;
}

/** What lies in the input of each new history. */
const mostListed = 500;
/** Ten of them are shown together, as links. */
const mostTitle = 80;
const mostUrl = 100;

export const isGathered = (event: LaterEvent): event is LaterEvent & { data: Gathered } =>
  event.type === 'incident.gathered';

/** An event after which an incident that has joined is open. */
export const tellsOfOpenGathered = (event: LaterEvent): boolean =>
  isGathered(event) && event.data.status !== 'resolved';

/** Takes in how the incidents stand that have joined. Undefined as long as none has. */
export function takeInGathered(
  soFar: GatheredSoFar | undefined,
  events: readonly LaterEvent[],
): GatheredSoFar | undefined {
  return events.filter(isGathered).reduce((known, { data }) => withIncident(known, data), soFar);
}

function withIncident(
  { count, listed, unlisted }: GatheredSoFar = { count: 0, listed: [], unlisted: 0 },
  { isNew, title, url, ...incident }: Gathered,
): GatheredSoFar {
  const soFar = { count: count + (isNew ? 1 : 0), listed, unlisted };
  const isIt = ({ incidentId }: GatheredIncident) => incidentId === incident.incidentId;
  const { status } = incident;
  if (listed.some(isIt))
    return relisted(
      soFar,
      listed.map((each) => (isIt(each) ? { ...each, status } : each)),
    );
  if (listed.length >= mostListed) return { ...soFar, unlisted: unlisted + (isNew ? 1 : 0) };
  const added = {
    ...incident,
    title: title.slice(0, mostTitle),
    ...(url !== undefined && url.length <= mostUrl ? { url } : {}),
    told: !isNew,
  };
  return relisted(soFar, [...listed, added]);
}

/** With this list, without those that are of no use any more: people were told of them, and they are resolved. */
export const relisted = (soFar: GatheredSoFar, listed: readonly GatheredIncident[]): GatheredSoFar => ({
  ...soFar,
  listed: listed.filter(({ told, status }) => !told || status !== 'resolved'),
});

export const openGathered = (soFar: GatheredSoFar | undefined): GatheredIncident[] =>
  (soFar?.listed ?? []).filter(({ status }) => status !== 'resolved');

export const untoldGathered = (soFar: GatheredSoFar | undefined): GatheredIncident[] =>
  (soFar?.listed ?? []).filter(({ told }) => !told);

/** For the card: how many have joined, and how many of them are open; nothing where none has. */
export function gatheredLines(soFar: GatheredSoFar | undefined): string[] {
  if (!soFar) return [];
  const { count, unlisted } = soFar;
  const open = openGathered(soFar).length;
  const more = count === 1 ? 'One more incident' : `${count} more incidents`;
  return [
    `${more} of this service in this storm: ${open === 0 ? 'none' : open} open`,
    ...(unlisted > 0 ? [`${unlisted} of them are followed in PagerDuty alone: there were too many`] : []),
  ];
}
