import type { RunMode } from './mode.ts';
import type { Heard } from './step.ts';
import type { WhenAcknowledged } from './takeover.ts';

/** PagerDuty's own states. Baton keeps no other. */
export const incidentStatuses = ['triggered', 'acknowledged', 'resolved'] as const;
export type IncidentStatus = (typeof incidentStatuses)[number];

/** Something that PagerDuty names: a service, a user, a team, a priority. */
export interface Reference {
  id: string;
  name: string;
}

/** An incident as an event tells it: a snapshot at the time of the event. Alerts, notes and fields are read by activities. */
export interface Incident {
  id: string;
  number?: number;
  title: string;
  status: IncidentStatus;
  urgency: 'high' | 'low';
  priority?: Reference;
  type?: string;
  /** The dedup key of its first alert, where alerts raised it. */
  incidentKey?: string;
  /** A drill of this Baton has raised it, as the store knows. No event says so by itself. */
  drill?: true;
  service: Reference;
  assignees: Reference[];
  teams: Reference[];
  escalationPolicy?: Reference;
  createdAt?: string;
  reopenedAt?: string;
  url?: string;
  /** The incident that this one was merged into, which resolved it. */
  mergedInto?: Reference;
}

/** Who did something: a person, or a machine (an integration, a service, Baton). */
export interface Agent {
  kind: 'person' | 'machine';
  id: string;
  name: string;
}

/** A later event on a run's subject, as its live runs get it. */
export interface LaterEvent {
  /** A run takes each one once. */
  eventId: string;
  type: string;
  time: string;
  by?: Agent;
  /** Caused by an automation of Baton itself: only the state is taken over, nothing is stopped. */
  echo: boolean;
  /** Its incident is urgent, by the team's policy: from then on the run goes before others. */
  urgent?: boolean;
  /** The incident after it, where the event carries it. */
  incident?: Incident;
  /** What any other event carries. */
  data?: unknown;
}

/** An incident that has joined a run in a storm, as the run is told of it: the data of `incident.gathered`. */
export interface Gathered {
  incidentId: string;
  number?: number;
  title: string;
  url?: string;
  status: string;
  /** It joins the run by this. */
  isNew: boolean;
}

/** What somebody has done with the incident of an alert that a run keeps, as the run is told of it: the data of `alert.changed`. */
export interface AlertChange {
  /** The dedup key of the alert. */
  key: string;
  incidentId: string;
  status: IncidentStatus;
  createdAt?: string;
}

/** What a run knows of why it exists, beside its input. It travels in the run's memo, signed by the server that started it. */
export interface RunCause {
  trigger: string;
  /** The person on whose behalf all of the run is done: whose request it was, as the server has verified it. */
  by?: Agent;
  /** Who has started it by hand. Its changes are made by Baton all the same, and not in that person's name at a provider. */
  startedBy?: { kind: 'person' | 'token' | 'baton'; name: string; alsoKnownAs?: readonly string[] };
  eventId: string;
  eventType: string;
  /** The incident (`subjectOf`), or what else the event is about. */
  subject?: string;
  /** The connection of the event: the account that the incident is of. Left out: `default`. */
  connection?: string;
  /** By which connections the run's calls go, by provider, where they name none. What is not here goes by `default`. */
  connections?: Record<string, string>;
  incident?: Incident;
  /** What the run acts on or is about: part of the key by which a failed run pages. */
  target: string;
  /** What a resolve by a person does to the run. */
  whenResolved: 'stop' | 'continue';
  /** What it means to the run's destructive changes that a person takes the incident in hand. Left out: nothing. */
  whenAcknowledged?: WhenAcknowledged;
  /** Runs by which the same person has asked for something before, and which may be under way: on one incident they come first. */
  after?: readonly string[];
  /** Of its workflow. Left out: none. */
  tags?: readonly string[];
  /** The triggers whose runs have led to this one, by what the engine tells of them or because they started it: oldest first. Left out: none. */
  chain?: readonly string[];
  /** Of which of its steps somebody hears. Left out: of none. */
  heard?: Heard;
  /** How far the run may go: see `RunMode`. Left out: `auto`. A worker believes it alone, and not the run. */
  mode?: RunMode;
}
