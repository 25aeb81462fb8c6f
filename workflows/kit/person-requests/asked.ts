import type { ActivityFunctions } from '../../../activities/index.ts';
import type { PersonRequest, SlackRequest } from '../../../domain/person-request.ts';
import type { CurrentIncident } from '../read-context.ts';
import type { ShownApproval } from '../shown-approval.ts';

/** What a person asks for, with all that is needed to find out who they are and to answer them. */
export interface Asked<Request extends PersonRequest = PersonRequest> {
  request: Request;
  by: SlackRequest['by'];
  userId: string;
  /** The workspaces that Slack named: of the place, and of the person. */
  teamIds: string[];
  channelId: string;
  messageTs?: string;
  /** When it was said. */
  askedAt: string;
}

/** A request of one kind. */
export type RequestTo<Kind extends PersonRequest['do']> = Extract<PersonRequest, { do: Kind }>;

/** A full member of the workspace, by the address that counts. */
export interface Member {
  name: string;
  email: string;
  /** Where they are, if Slack tells: `Europe/Berlin`. */
  timeZone?: string | undefined;
}

/** Who asks, as PagerDuty knows them. */
export interface Responder extends Member {
  id: string;
}

/** An incident, and whether the channel is its own room. */
export interface Place {
  connection: string;
  incidentId: string;
  isRoom: boolean;
}

/** Something that a person may press, in words. */
export type Choice = NonNullable<Parameters<ActivityFunctions['postSlackEphemeral']>[0]['choices']>[number];

/** What became of a request, and how the person is told. */
export interface Done {
  outcome: string;
  answer: string;
  /** The incident after it, for the card. */
  incident?: CurrentIncident;
  /** What the others in the incident's room are told. */
  room?: string;
  links?: { text: string; url: string }[];
  /** What they may choose from, each by a button. */
  choices?: Choice[];
  /** What waits for their answer. */
  approvals?: ShownApproval[];
  /** The incident that it was about, where one was found. */
  place?: Place;
}

/** What each request is, in words: `Baton did not <verb><object>`. */
export const deeds: Readonly<Record<PersonRequest['do'], { verb: string; object: string }>> = {
  acknowledge: { verb: 'acknowledge', object: ' the incident' },
  resolve: { verb: 'resolve', object: ' the incident' },
  escalate: { verb: 'escalate', object: ' the incident' },
  snooze: { verb: 'snooze', object: ' the incident' },
  reassign: { verb: 'reassign', object: ' the incident' },
  priority: { verb: 'set the priority', object: ' of the incident' },
  note: { verb: 'add the note', object: '' },
  update: { verb: 'publish the status update', object: '' },
  change: { verb: 'tell of the change', object: '' },
  responders: { verb: 'ask for responders', object: '' },
  run: { verb: 'start the workflow', object: '' },
  approve: { verb: 'approve', object: ' it' },
  refuse: { verb: 'refuse', object: ' it' },
  answer: { verb: 'answer', object: ' the question' },
  unpark: { verb: 'take the decision', object: '' },
  stop: { verb: 'stop the run', object: '' },
  triggers: { verb: 'tell how triggers stand', object: '' },
  lower: { verb: 'lower the trigger', object: '' },
  status: { verb: 'tell the status', object: '' },
  'on-call': { verb: 'tell who is on call', object: '' },
  link: { verb: 'link you', object: '' },
  timeline: { verb: 'put the message on the timeline', object: '' },
};

export const nameOf = ({ number, title }: CurrentIncident) =>
  `#${number} ${title.length > 80 ? `${title.slice(0, 79)}…` : title}`;

/** Nothing was done, and why: the person has to say or do something else. */
export const notDone = (answer: string): Done => ({
  outcome: 'not done',
  answer: `Nothing was done: ${answer}`,
});
