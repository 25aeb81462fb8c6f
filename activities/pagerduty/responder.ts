import { z } from 'zod';
import { decorative, listOf } from '../lenient.ts';
import type { Answer, PagerDuty, Query } from './client.ts';
import { readSuccess } from './failures.ts';
import { pagerDutyId } from './input.ts';
import { findUser } from './users.ts';

/** The PagerDuty user who may respond, or why nobody may by this address. */
export type Responder =
  | { user: { id: string; name: string; email: string } }
  | { refusal: string; advice: string };

const orAnother = 'or ask somebody who is on call to do it';

/**
 * What each role of an account may do here, by PagerDuty's own names (https://support.pagerduty.com/main/docs/user-roles). A role that
 * does not stand here may not respond.
 */
const roles: ReadonlyMap<string, 'everywhere' | 'where they belong'> = new Map([
  ['owner', 'everywhere'],
  ['admin', 'everywhere'],
  ['user', 'where they belong'],
  ['limited_user', 'where they belong'],
]);

/** A rotation is looked at for as long: who is in it belongs to the policy, also while somebody else is on call. */
const rotationDays = 30;

// What cannot be read speaks for nobody: it is left out, and spoils nothing else.
const withId = z.object({ id: pagerDutyId });
const policyOf = decorative(z.object({ id: pagerDutyId, teams: listOf(withId) }));
const incidentAnswer = z.object({
  incident: z.object({
    service: decorative(withId.extend({ summary: decorative(z.string()) })),
    escalation_policy: policyOf,
    teams: listOf(withId),
    assignments: listOf(z.object({ assignee: withId })),
    incidents_responders: listOf(z.object({ user: withId })),
  }),
});
const serviceAnswer = z.object({
  service: decorative(z.object({ escalation_policy: policyOf, teams: listOf(withId) })),
});
const onCallsAnswer = z.object({ oncalls: listOf(z.object({ user: withId })) });

/**
 * Whether the user with this address may respond to the incident, or to any on a service: by a role that may, and as somebody who belongs to it (an assignee, a
 * requested responder, a member of one of its teams, or on its escalation policy or its service's). Owners and administrators
 * belong everywhere. What PagerDuty does not tell is a no.
 */
export async function findResponder(
  pagerduty: PagerDuty,
  { email, incidentId, serviceId }: { email: string; incidentId?: string; serviceId?: string },
  signal: AbortSignal,
): Promise<Responder> {
  const found = await findUser(pagerduty, email, signal);
  if (!found)
    return {
      refusal: `PagerDuty has no user with your e-mail address ${email} (if you are there under another one, prove it: /baton link-me)`,
      advice: `Ask an administrator of PagerDuty for a user with that address, ${orAnother}`,
    };
  const { role, teamIds, ...user } = found;
  const right = roles.get(role ?? '');
  if (right === undefined)
    return {
      refusal: `your PagerDuty user ${user.name} ${roleRefusal(role)}`,
      advice: `Ask an administrator of PagerDuty for a role that may respond, ${orAnother}`,
    };
  if (right === 'everywhere') return { user };

  const untold: string[] = [];
  /** What PagerDuty keeps to itself (a right that the token lacks, something that is gone) speaks for nobody. */
  const told = <Schema extends z.ZodType>(what: string, answer: Answer, schema: Schema) => {
    if (answer.status !== 403 && answer.status !== 404) return readSuccess(answer, schema);
    untold.push(`${what}: ${answer.reason}`);
    return undefined;
  };
  const get = (path: string, query: Query = {}) => pagerduty.get(path, query, signal);

  const incident =
    incidentId === undefined
      ? undefined
      : told('the incident', await get(`/incidents/${incidentId}`), incidentAnswer)?.incident;
  const isIn = (teams: readonly { id: string }[] = []) => teams.some(({ id }) => teamIds.includes(id));
  if (isAsked(incident, user.id) || isIn(incident?.teams)) return { user };

  const named = serviceId === undefined ? incident?.service : { id: serviceId, summary: undefined };
  const include = { 'include[]': ['escalation_policies', 'teams'] };
  const service =
    named && told('its service', await get(`/services/${named.id}`, include), serviceAnswer)?.service;
  if (isIn(service?.teams) || isIn(service?.escalation_policy?.teams)) return { user };

  const policies = [incident?.escalation_policy?.id, service?.escalation_policy?.id].filter(
    (id) => id !== undefined,
  );
  const query = { ...onCallQuery(user.id), 'escalation_policy_ids[]': [...new Set(policies)] };
  const onCalls =
    policies.length > 0 ? told('who is on call', await get('/oncalls', query), onCallsAnswer)?.oncalls : [];
  if (onCalls?.some((onCall) => onCall.user.id === user.id)) return { user };

  const where = named?.summary ? ` ${named.summary}` : '';
  const silence = untold.length > 0 ? `, as far as PagerDuty tells (${untold.join('; ')})` : '';
  const belongs =
    incidentId === undefined
      ? 'neither in a team nor on the escalation policy of the service'
      : 'neither assigned to this incident nor in a team or on the escalation policy of its service';
  return {
    refusal: `your PagerDuty user ${user.name} is ${belongs}${where}${silence}`,
    advice: `Ask an administrator of PagerDuty to put you in such a team or on that policy, ${orAnother}`,
  };
}

const roleRefusal = (role: string | undefined) =>
  role === undefined ? 'has no role that PagerDuty tells' : `has the role ${role}, which may not respond`;

/** Assigned, or requested as a responder. */
function isAsked(incident: z.output<typeof incidentAnswer>['incident'] | undefined, userId: string): boolean {
  const assignees = (incident?.assignments ?? []).map(({ assignee }) => assignee.id);
  const responders = (incident?.incidents_responders ?? []).map(({ user }) => user.id);
  return [...assignees, ...responders].includes(userId);
}

function onCallQuery(userId: string): Query {
  const now = Date.now();
  const until = now + rotationDays * 24 * 3_600_000;
  return {
    'user_ids[]': [userId],
    since: new Date(now).toISOString(),
    until: new Date(until).toISOString(),
  };
}
