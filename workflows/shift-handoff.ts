import { patched } from '@temporalio/workflow';
import type { Waiting } from '../domain/waiting.ts';
import { steps } from './kit/activities.ts';
import { nameOf } from './kit/call-people.ts';
import { failureOf, inParts, orUnavailable } from './kit/parts.ts';
import type { CurrentIncident, OnCall } from './kit/read-context.ts';
import { record } from './kit/record.ts';
import { roomOf } from './kit/room.ts';
import { engine, healthy } from './kit/run.ts';
import { stateLine } from './kit/status-card.ts';

export interface ShiftHandoffInput {
  /** When the schedule looks. */
  scheduledAt: string;
  /** How long ago it looked before: each shift that begins lies between two looks. */
  everyMinutes: number;
}

/** Somebody who has come on call, and the open incidents that are theirs now. */
interface Newcomer {
  user: OnCall['user'];
  incidents: CurrentIncident[];
}

/** PagerDuty tells of the last month unless asked for more, and of six months at most. */
const oldestDays = 180;
const mostShown = 20;
/** A message takes ten links. */
const mostRooms = 10;

/** Tells whoever has come on call since the last look which incidents of their escalation policies are open, and what waits for people there. */
export async function shiftHandoff({ scheduledAt, everyMinutes }: ShiftHandoffInput): Promise<string> {
  const open = await openIncidents(scheduledAt);
  if (open === 'not connected') return open;
  if (open.length === 0) return healthy('no open incidents');
  const newcomers = await findNewcomers(open, scheduledAt, everyMinutes);
  if (newcomers.length === 0) return healthy('nobody came on call');

  const theirs = newcomers.flatMap(({ incidents }) => incidents);
  const around: Around = { rooms: await findRooms(theirs), waiting: await findWaiting(theirs) };
  const parts = inParts();
  await Promise.all(
    newcomers.map((newcomer) => parts.part(newcomer.user.name, () => handOver(newcomer, around))),
  );
  if (parts.problems.length > 0) await record(`Not handed over to ${parts.problems.join('; ')}`);
  return healthy('handed over');
}

/** Whoever has no PagerDuty connected has no shifts to hand over. */
async function openIncidents(scheduledAt: string): Promise<CurrentIncident[] | 'not connected'> {
  const since = new Date(Date.parse(scheduledAt) - oldestDays * 24 * 3_600_000).toISOString();
  try {
    const statuses: ('triggered' | 'acknowledged')[] = ['triggered', 'acknowledged'];
    return (await steps.listPagerDutyIncidents({ statuses, since })).incidents;
  } catch (error) {
    if (failureOf(error)?.class === 'NotConnected') return 'not connected';
    throw error;
  }
}

/** Who is on call now on a level of a policy, and was not at the last look, or on a later one. */
async function findNewcomers(
  open: readonly CurrentIncident[],
  scheduledAt: string,
  everyMinutes: number,
): Promise<Newcomer[]> {
  const escalationPolicyIds = [
    ...new Set(open.flatMap(({ escalationPolicy }) => escalationPolicy?.id ?? [])),
  ];
  if (escalationPolicyIds.length === 0) return [];
  const lastLook = new Date(Date.parse(scheduledAt) - everyMinutes * 60_000).toISOString();
  const [before, now] = await Promise.all([
    steps.listPagerDutyOnCalls({ escalationPolicyIds, at: lastLook }),
    steps.listPagerDutyOnCalls({ escalationPolicyIds, at: scheduledAt }),
  ]);
  const wasThere = ({ user, level, escalationPolicy }: OnCall) =>
    before.onCalls.some(
      (each) =>
        each.user.id === user.id && each.escalationPolicy.id === escalationPolicy.id && each.level <= level,
    );
  const newcomers = new Map<string, Newcomer>();
  for (const onCall of now.onCalls.filter((each) => !wasThere(each))) {
    const { user, escalationPolicy } = onCall;
    const theirs = open.filter((incident) => incident.escalationPolicy?.id === escalationPolicy.id);
    const known = newcomers.get(user.id)?.incidents ?? [];
    newcomers.set(user.id, { user, incidents: [...new Set([...known, ...theirs])] });
  }
  return [...newcomers.values()];
}

/** What there is about the incidents beside themselves. */
interface Around {
  /** By the incident's id. */
  rooms: Map<string, string>;
  waiting: readonly Waiting[];
}

/** The rooms of the first incidents. */
async function findRooms(incidents: readonly CurrentIncident[]): Promise<Map<string, string>> {
  const rooms = new Map<string, string>();
  const first = [...new Set(incidents.map(({ id }) => id))].slice(0, mostRooms);
  await Promise.all(
    first.map(async (incidentId) => {
      const found = await orUnavailable(() => roomOf(incidentId));
      if (found && !('unavailable' in found)) rooms.set(incidentId, found.url);
    }),
  );
  return rooms;
}

/** Of the account `default`, as the incidents are. */
const findWaiting = async (incidents: readonly CurrentIncident[]): Promise<Waiting[]> =>
  patched('what-waits') ? engine.listWaiting({ subjects: incidents.map(({ id }) => id) }) : [];

async function handOver({ user, incidents }: Newcomer, { rooms, waiting }: Around): Promise<void> {
  const { user: member } = user.email ? await steps.findSlackUser({ email: user.email }) : { user: null };
  if (!member || member.deleted)
    return record(
      `${user.name} came on call, and Slack has nobody with the e-mail address that PagerDuty has.`,
    );
  const shown = incidents.slice(0, mostShown);
  const rest = incidents.length - shown.length;
  const lines = shown.map(
    (incident) => `${nameOf(incident)}, open since ${incident.createdAt}. ${stateLine(incident)}.`,
  );
  const links = shown.flatMap(({ id, number, url }) => {
    const room = rooms.get(id);
    return [
      ...(url ? [{ text: `#${number}`, url }] : []),
      ...(room ? [{ text: `Room of #${number}`, url: room }] : []),
    ];
  });
  const text = [
    `You are on call now. Open: ${incidents.length}.`,
    ...lines,
    ...(rest > 0 ? [`And ${rest} more.`] : []),
    ...waitingLines(incidents, waiting),
  ].join('\n');
  await steps.sendSlackDirectMessage({ userId: member.id, text, links });
  await record(
    `${user.name} came on call, and was told of ${incidents.map(({ number }) => `#${number}`).join(', ')}`,
  );
}

/** One line for each thing that waits, with the command by which it goes on. */
function waitingLines(incidents: readonly CurrentIncident[], waiting: readonly Waiting[]): string[] {
  const lines = incidents.flatMap(({ id, number }) =>
    waiting.filter(({ subject }) => subject === id).map((each) => `#${number}: ${waitingLine(each)}`),
  );
  const rest = lines.length - mostShown;
  return [
    ...(lines.length > 0 ? [`Waiting for people: ${lines.length}.`] : []),
    ...lines.slice(0, mostShown),
    ...(rest > 0 ? [`And ${rest} more.`] : []),
  ];
}

function waitingLine({ kind, id, why }: Waiting): string {
  switch (kind) {
    case 'approval':
      return `an approval, ${why}: npx baton approvals show ${id}`;
    case 'question':
      return `a question, ${why} npx baton questions show ${id}`;
    case 'parked':
      return `a run that waits for a decision, ${why}: npx baton runs unpark ${id}`;
    case 'run':
      return `a run that stands still, ${why}: npx baton runs show ${id}`;
    case 'event':
      return `an event that was parked, ${why}: npx baton events show ${id}`;
  }
}
