import { patched } from '@temporalio/workflow';
import type { ActivityFunctions } from '../../activities/index.ts';
import { steps } from './activities.ts';
import { orUnavailable, type Unavailable } from './parts.ts';

type Result<Name extends keyof ActivityFunctions> = Awaited<ReturnType<ActivityFunctions[Name]>>;

/** An incident as PagerDuty has it now. */
export type CurrentIncident = Result<'readPagerDutyIncident'>;
export type Alert = Result<'listPagerDutyAlerts'>['alerts'][number];
export type OnCall = Result<'listPagerDutyOnCalls'>['onCalls'][number];
export type Note = Result<'listPagerDutyNotes'>['notes'][number];
export type RelatedChange = Extract<
  Result<'listPagerDutyRelatedChanges'>,
  { changes: unknown }
>['changes'][number];

/** Incidents like this one that its service has had, the newest first, and how many there were. */
export type PastIncidents = Extract<Result<'listPagerDutyPastIncidents'>, { incidents: unknown }>;

/** What there is to know about an incident. What the plan, the rights or an outage withhold says so and fails nothing. */
export interface Context {
  incident: CurrentIncident;
  alerts: Alert[] | Unavailable;
  service: Result<'readPagerDutyService'> | Unavailable;
  /** On call now by the incident's escalation policy, the first level first: true at this moment only. */
  onCalls: OnCall[] | Unavailable;
  notes: Note[] | Unavailable;
  changes: RelatedChange[] | Unavailable;
  past: PastIncidents | Unavailable;
}

/** Reads all of it from PagerDuty. Fails only where the incident itself cannot be read. */
export async function readContext(incidentId: string): Promise<Context> {
  const incident = await steps.readPagerDutyIncident({ incidentId });
  const { id: serviceId } = incident.service;
  const [alerts, service, onCalls, notes, changes, past] = await Promise.all([
    orUnavailable(async () => (await steps.listPagerDutyAlerts({ incidentId })).alerts),
    orUnavailable(() => steps.readPagerDutyService({ serviceId })),
    readOnCalls(incident),
    orUnavailable(async () => (await steps.listPagerDutyNotes({ incidentId })).notes),
    readChanges(incidentId),
    readPast(incidentId),
  ]);
  return { incident, alerts, service, onCalls, notes, changes, past };
}

async function readOnCalls({ escalationPolicy }: CurrentIncident): Promise<OnCall[] | Unavailable> {
  if (!escalationPolicy) return { unavailable: 'the incident has no escalation policy' };
  const escalationPolicyIds = [escalationPolicy.id];
  return orUnavailable(async () => (await steps.listPagerDutyOnCalls({ escalationPolicyIds })).onCalls);
}

async function readChanges(incidentId: string): Promise<RelatedChange[] | Unavailable> {
  const answer = await orUnavailable(() => steps.listPagerDutyRelatedChanges({ incidentId }));
  return 'unavailable' in answer ? answer : answer.changes;
}

/** Runs of before 2026-11 did not ask for them. */
async function readPast(incidentId: string): Promise<PastIncidents | Unavailable> {
  if (!patched('past-incidents')) return { unavailable: 'nobody asked for them' };
  return orUnavailable(() => steps.listPagerDutyPastIncidents({ incidentId }));
}

/** The value, or nothing where it could not be had. */
export const known = <Item>(list: Item[] | Unavailable): Item[] => ('unavailable' in list ? [] : list);
