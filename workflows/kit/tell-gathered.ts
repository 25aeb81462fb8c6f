import { steps } from './activities.ts';
import { type GatheredIncident, openGathered, relisted, untoldGathered } from './gathered.ts';
import { say, type WarRoom } from './war-room.ts';

/** So many are told of at a time, in one message: Slack shows no more links in a line. */
const toldAtOnce = 10;
/** So many are looked at at a time, where nothing was heard of them. */
const lookedAtOnce = 20;

/** Names incidents that have joined, some at a time, in the thread of the card; a note on each tells where the work is. */
export async function tellGathered(warRoom: WarRoom): Promise<void> {
  const { part, soFar } = warRoom;
  const { gathered, room, issue } = soFar;
  const now = untoldGathered(gathered).slice(0, toldAtOnce);
  if (!gathered || now.length === 0) return;
  const listed = gathered.listed.map((each) => (now.includes(each) ? { ...each, told: true } : each));
  soFar.gathered = relisted(gathered, listed);
  const links = now.flatMap(({ url, ...incident }) => (url ? [{ text: titleOf(incident), url }] : []));
  const text = ['In this storm, too:', ...now.filter(({ url }) => !url).map(titleOf)].join('\n');
  const place = room ? `War room: ${room.url}` : `Jira issue: ${issue?.url}`;
  const note = `One of many new incidents of this service within a minute, which are worked on in one place. ${place}`;
  await Promise.all([
    room || !issue
      ? say(warRoom, text, links)
      : part('Comment on the issue', () => steps.addJiraComment({ key: issue.key, text, links })),
    ...now.map((incident) =>
      part(`Note on incident ${nameOf(incident)}`, () =>
        steps.addPagerDutyNote({ incidentId: incident.incidentId, note }),
      ),
    ),
  ]);
}

/** Looks at some of those that seem to be open, since an event may have been missed. The next look is at the next of them. */
export async function lookAtGathered({ part, soFar }: WarRoom): Promise<void> {
  const looked = openGathered(soFar.gathered).slice(0, lookedAtOnce);
  const found = await Promise.all(
    looked.map(({ incidentId }) =>
      part('Look at an incident of the storm', () => steps.readPagerDutyIncident({ incidentId })),
    ),
  );
  if (!soFar.gathered) return;
  const rest = soFar.gathered.listed.filter((incident) => !looked.includes(incident));
  const seen = looked.map((incident, place) => ({
    ...incident,
    status: found[place]?.status ?? incident.status,
  }));
  soFar.gathered = relisted(soFar.gathered, [...rest, ...seen]);
}

const nameOf = ({ number, incidentId }: Pick<GatheredIncident, 'number' | 'incidentId'>) =>
  `#${number ?? incidentId}`;
const titleOf = (incident: Omit<GatheredIncident, 'url'>) => `${nameOf(incident)} ${incident.title}`.trim();
