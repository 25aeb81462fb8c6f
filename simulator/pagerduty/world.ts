import { randomInt } from 'node:crypto';
import type { PendingWebhook, Subscription } from '../pagerduty-webhooks.ts';
import { newSecret } from '../secret.ts';

export interface User {
  id: string;
  name: string;
  email: string;
  /** `user`, which people see as Manager, where left out. */
  role?: string;
  teamIds?: string[];
}

export interface Team {
  id: string;
  name: string;
}

export interface Service {
  id: string;
  name: string;
  description?: string;
  policyId: string;
  integrationId: string;
  routingKey: string;
  /** It takes events with 202 and drops them. */
  disabled?: true;
  teamIds?: string[];
  /** Further ones, of the Events API. */
  integrations?: Integration[];
}

export interface Integration {
  id: string;
  name: string;
  routingKey: string;
}

export interface EscalationPolicy {
  id: string;
  name: string;
  /** User ids by level, level 1 first. */
  levels: string[][];
  /** Who is on call from a time on, by level. Left out: the same people for good. */
  nextShift?: { from: string; levels: string[][] };
  teamIds?: string[];
}

export interface Priority {
  id: string;
  name: string;
}

/** Who did something: a user, or the service for what its integration sent. */
export interface Agent {
  type: 'user' | 'service';
  id: string;
}

export interface Incident {
  id: string;
  number: number;
  title: string;
  status: 'triggered' | 'acknowledged' | 'resolved';
  urgency: 'high' | 'low';
  priorityId: string | null;
  key: string;
  serviceId: string;
  policyId: string;
  assigneeIds: string[];
  acknowledgements: { by: Agent; at: string }[];
  createdAt: string;
  updatedAt: string;
  reopenedAt: string | null;
  resolvedAt: string | null;
  /** Of a saved world from before it was told: as `updatedAt`. */
  statusChangedAt?: string;
  /** When it pages again. */
  snoozedUntil?: string;
  changedBy: Agent;
  /** The incident that this one was merged into. */
  mergedIntoId?: string;
  /** Where people meet. */
  bridge?: { url: string; number: string };
  responders: { userId: string; requesterId: string; message: string; at: string }[];
  responderRequests: ResponderRequest[];
}

export interface ResponderRequest {
  id: string;
  requesterId: string;
  message: string;
  at: string;
  targets: { id: string; type: string }[];
}

export interface Alert {
  id: string;
  incidentId: string;
  serviceId: string;
  key: string;
  status: 'triggered' | 'resolved';
  severity: 'critical' | 'error' | 'warning' | 'info';
  summary: string;
  details: unknown;
  links: { href: string; text?: string | undefined }[];
  createdAt: string;
}

export interface Note {
  id: string;
  incidentId: string;
  userId: string;
  content: string;
  at: string;
}

export interface LogEntry {
  id: string;
  incidentId: string;
  type: string;
  at: string;
  agent: Agent;
  note?: string;
  /** To whom the incident was given. */
  assigneeIds?: string[];
}

export interface ChangeEvent {
  id: string;
  serviceId: string;
  summary: string;
  source: string | null;
  timestamp: string;
  details: Record<string, unknown>;
  links: { href: string; text?: string | undefined }[];
}

export interface MaintenanceWindow {
  id: string;
  serviceIds: string[];
  description: string;
  /** ISO times. */
  start: string;
  end: string;
}

/** An app with Scoped OAuth. */
export interface OAuthApp {
  clientId: string;
  clientSecret: string;
  scopes: string[];
  /** Where browsers may be sent back to. Left out: anywhere. */
  redirectUris?: string[];
  /** How long an access token lives. Left out: a day. */
  tokenSeconds?: number;
}

/** A token that an app was given, and of what it is. */
export interface Grant {
  kind: 'access' | 'refresh' | 'code';
  token: string;
  clientId: string;
  scopes: string[];
  /** In milliseconds. */
  endsAt: number;
  /** Who has consented. Left out: the app acts as itself. */
  userId?: string;
  /** Of a code: what its verifier has to give, and where the browser was sent. */
  challenge?: string;
  redirectUri?: string;
}

/** The account: all that the simulated PagerDuty knows. */
export interface PagerDutyWorld {
  /** The first part of its address. */
  subdomain: string;
  token: string;
  /** Of whom the token is the own key. Left out: it is of the account. */
  tokenOf?: string;
  /** All that the token may do: `incidents.read`. Left out: everything. */
  scopes?: string[];
  /** Apps with scopes that people have registered. Left out: none. */
  apps?: OAuthApp[];
  /** Who is signed in where an app asks for a consent: they give it at once. Left out: Ada Lopez; null: they give none. */
  consenting?: string | null;
  /** What apps were given and that counts. */
  grants?: Grant[];
  /** Events with a key that is nobody's are answered with 202, too, and dropped. */
  takesUnknownKeys?: true;
  users: User[];
  teams?: Team[];
  services: Service[];
  policies: EscalationPolicy[];
  priorities: Priority[];
  abilities: string[];
  nextNumber: number;
  /** Where what was before the first start ends, and the number that came next then. Left out: there was nothing. */
  past?: { until: string; firstNumber: number };
  incidents: Incident[];
  alerts: Alert[];
  notes: Note[];
  log: LogEntry[];
  changeEvents: ChangeEvent[];
  /** Where webhooks go, and those that have not arrived yet: they survive a restart, as PagerDuty's queue does. */
  subscriptions: Subscription[];
  pendingWebhooks: PendingWebhook[];
  maintenance?: MaintenanceWindow[];
}

export const simulatedToken = newSecret();
/** As long as PagerDuty's: 32 letters and digits. */
export const simulatedRoutingKey = newSecret();
const searchRoutingKey = newSecret();

/** A world that was saved by an earlier start gets the secrets of this one. */
export function renewSecrets(world: PagerDutyWorld): void {
  world.token = simulatedToken;
  for (const service of firstWorld().services) {
    const saved = byId(world.services, service.id);
    if (saved) saved.routingKey = service.routingKey;
  }
}

export const firstWorld = (): PagerDutyWorld => ({
  subdomain: 'acme',
  token: simulatedToken,
  users: [
    { id: 'PADALOP', name: 'Ada Lopez', email: 'ada@example.com' },
    { id: 'PBENOKA', name: 'Ben Okafor', email: 'ben@example.com' },
    { id: 'PBATONU', name: 'Baton', email: 'baton@example.com' },
  ],
  services: [
    {
      id: 'PCHECKO',
      name: 'Checkout',
      policyId: 'PEPCHEC',
      integrationId: 'PINTCHE',
      routingKey: simulatedRoutingKey,
    },
    {
      id: 'PSEARCH',
      name: 'Search',
      policyId: 'PEPCHEC',
      integrationId: 'PINTSEA',
      routingKey: searchRoutingKey,
    },
  ],
  policies: [{ id: 'PEPCHEC', name: 'Checkout on-call', levels: [['PADALOP'], ['PBENOKA']] }],
  priorities: ['P1', 'P2', 'P3', 'P4', 'P5'].map((name, index) => ({ id: `PPRIO0${index + 1}`, name })),
  abilities: ['teams', 'urgencies', 'coordinated_responding', 'event_rules'],
  nextNumber: 4211,
  incidents: [],
  alerts: [],
  notes: [],
  log: [],
  changeEvents: [],
  subscriptions: [],
  pendingWebhooks: [],
});

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** `Q` and 13 letters, as PagerDuty names new things. */
export function newId(prefix = 'Q', length = 14): string {
  const rest = Array.from({ length: length - prefix.length }, () => letters[randomInt(letters.length)]);
  return prefix + rest.join('');
}

export function byId<Thing extends { id: string }>(things: readonly Thing[], id: string): Thing | undefined {
  return things.find((thing) => thing.id === id);
}
