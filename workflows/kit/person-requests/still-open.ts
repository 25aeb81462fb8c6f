import { steps } from '../activities.ts';
import { inTime, type Unavailable } from '../parts.ts';
import type { CurrentIncident } from '../read-context.ts';
import { stateLine } from '../status-card.ts';
import type { Member, Place } from './asked.ts';
import { at, subjectAt } from './place.ts';

const mostNamed = 5;

/** What is still open of an incident, in one line: its state, and what waits for people. What cannot be read says so. */
export async function stillOpen(
  place: Place,
  known: CurrentIncident | undefined,
  { email }: Member,
): Promise<string> {
  const incident = known ?? (await inTime(() => steps.readPagerDutyIncident(at(place))));
  const listed = await inTime(() => steps.listBatonRuns({ subject: subjectAt(place), email }));
  const { approvals, questions = [] } = 'unavailable' in listed ? none : listed;
  const asked = 'unavailable' in questions ? [] : questions;
  const waits = [
    ...waitsFor('an approval', 'unavailable' in approvals ? [] : approvals),
    ...waitsFor(
      'an answer',
      asked.filter(({ isParked }) => !isParked),
    ),
    ...waitsFor(
      'a decision',
      asked.filter(({ isParked }) => isParked),
    ),
  ];
  return [stateOf(incident), ...waits].join(' ');
}

const none = { approvals: [], questions: [] };

function waitsFor(what: string, asked: readonly { summary: string }[]): string[] {
  const named = asked.slice(0, mostNamed).map(({ summary }) => summary);
  const rest = asked.length - named.length;
  return named.length === 0
    ? []
    : [`Waits for ${what}: ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`];
}

function stateOf(incident: CurrentIncident | Unavailable): string {
  if ('unavailable' in incident) return `How it stands could not be read (${incident.unavailable}).`;
  return incident.status === 'resolved' ? 'The incident is resolved.' : `It is open: ${stateLine(incident)}.`;
}
