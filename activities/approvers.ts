import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import {
  type ApproverCheck,
  type Approvers,
  type AskedOf,
  asksRole,
  type OnCallOf,
  onCallIn,
  whoMayApprove,
} from '../domain/approval.ts';
import { actorOf, type Principal } from '../domain/rights.ts';
import { defaultConnection, incidentOfSubject } from '../domain/subject.ts';
import type { Clients } from './clients.ts';
import { readSuccess } from './pagerduty/failures.ts';
import { reference } from './pagerduty/incident.ts';
import { readOnCalls } from './pagerduty/on-calls.ts';
import { findUser, type TeamMember } from './pagerduty/users.ts';
import { type StoredLinks, withStoredLinks } from './person.ts';
import { accept, parseAnswer, throwFailure } from './slack/failures.ts';
import { readMember } from './slack/member.ts';
import { userOf } from './slack/users.ts';

/** By what somebody is looked up: the providers as they are now, and the links that the store keeps. */
export interface Directory extends StoredLinks {
  clients: Clients;
}

/** Where somebody is looked up. */
interface Around {
  directory: Directory;
  connection: string;
  signal: AbortSignal;
}

/** Somebody who answers, as the lists of people know them. */
interface Person extends Around {
  email: string;
}

/**
 * Whether somebody may answer an approval or a question: it is not their own request, and they are on one of its lists now. PagerDuty is asked by the
 * account of the incident. A list that says yes is enough, whatever becomes of the others; where none does, and a provider gave no answer,
 * it cannot be told.
 */
export async function checkApprover(
  approval: AskedOf,
  principal: Principal,
  directory: Directory,
  signal: AbortSignal,
): Promise<ApproverCheck> {
  const { connection } = (approval.subject && incidentOfSubject(approval.subject)) || {
    connection: defaultConnection,
  };
  const around = { directory, connection, signal };
  const person = personOf(principal, around);
  const who = whoMayApprove(approval.approvers);
  const names = await namesOf(principal, directory);
  const alsoKnownAs = names.slice(1);
  try {
    if (!approval.requesterMayApprove && (await isOwn(approval, names, around)))
      return { refusal: `You have asked for this yourself, so somebody else has to answer: ${who}.` };
  } catch (error) {
    const { words, passes } = untold(error, signal);
    const said = `Whether you have asked for this yourself cannot be told here: ${words}`;
    return passes ? { unavailable: said } : { refusal: `${said}. Answer it in Slack.` };
  }
  if (asksRole(approval.approvers, principal.role))
    return { name: principal.calledName ?? principal.name, alsoKnownAs };
  if (!person) return { refusal: `Only people can be on these lists, by their e-mail address: ${who}.` };
  const looks = looksAt(approval.approvers, person);
  const found = await Promise.allSettled(looks.map((look) => look()));
  const [name] = found.flatMap((each) => (each.status === 'fulfilled' ? (each.value ?? []) : []));
  if (name !== undefined) return { name, alsoKnownAs };
  const failed = found.flatMap((each) => (each.status === 'rejected' ? [untold(each.reason, signal)] : []));
  const words = failed.map((each) => each.words).join('; ');
  if (failed.some(({ passes }) => passes)) return { unavailable: words };
  return {
    refusal:
      `You (${person.email}) are not among those who are asked: ${who}. Ask one of them, or have yourself put on such a list.` +
      (words === '' ? '' : ` Not all of them can be looked up here: ${words}.`),
  };
}

/** The user of this machine, who is nobody's name at a provider, has no address. */
function personOf({ kind, name }: Principal, around: Around): Person | undefined {
  return kind === 'person' && name.includes('@') ? { ...around, email: name.toLowerCase() } : undefined;
}

/** All names under which Baton knows somebody, their own first: what the door says, and their link to a user of Slack. */
async function namesOf(principal: Principal, { findPerson }: Directory): Promise<string[]> {
  const told = [actorOf(principal), ...(principal.alsoKnownAs ?? [])];
  return [...new Set([...told, ...(await linkedTo(told, findPerson))])];
}

/** The users of Slack that are linked to addresses among the names. */
async function linkedTo(names: readonly string[], findPerson: Directory['findPerson']): Promise<string[]> {
  const people = await Promise.all(addressesIn(names).map(findPerson));
  return people.flatMap((person) => (person?.slackUser ? [`slack:${person.slackUser}`] : []));
}

const addressesIn = (names: readonly string[]) =>
  names.flatMap((name) =>
    name.startsWith('person:') && name.includes('@') ? [name.slice('person:'.length).toLowerCase()] : [],
  );

/** Slack is asked who asked for it only where no address of theirs is known. */
async function isOwn({ requestedBy }: AskedOf, names: readonly string[], around: Around): Promise<boolean> {
  const own = new Set(names.map((name) => name.toLowerCase()));
  const isAmong = (others: readonly string[]) => others.some((name) => own.has(name.toLowerCase()));
  const { findPerson, findPersonInSlack } = around.directory;
  if (isAmong(requestedBy) || isAmong(await linkedTo(requestedBy, findPerson))) return true;
  // A token without an owner is nobody in Slack.
  if (addressesIn(names).length === 0) return false;
  const isKnown = addressesIn(requestedBy).length > 0;
  const slackUsers = requestedBy.flatMap((name) => (name.startsWith('slack:') ? [name.slice(6)] : []));
  for (const id of slackUsers) {
    const linked = await findPersonInSlack(id);
    if (linked && isAmong([`person:${linked.email}`])) return true;
    const member = isKnown ? undefined : await memberOf(id, around);
    if (member && isAmong([`person:${member.user.email}`, ...member.alsoKnownAs])) return true;
  }
  return false;
}

type Look = () => Promise<string | undefined>;

/** What is looked up for each list: the name by which it has the person, if it does. */
function looksAt({ userIds, userGroup, pagerDutyTeam, onCallOf }: Approvers, person: Person): Look[] {
  let asked: Promise<TeamMember | undefined> | undefined;
  const inPagerDuty = (isOn: (user: TeamMember) => boolean | Promise<boolean>) => async () => {
    asked ??= pagerDutyUserOf(person);
    const user = await asked;
    return user && (await isOn(user)) ? user.name : undefined;
  };
  return [
    ...(userIds === undefined ? [] : [inPagerDuty(({ id }) => userIds.includes(id))]),
    ...(pagerDutyTeam === undefined ? [] : [inPagerDuty(({ teamIds }) => teamIds.includes(pagerDutyTeam))]),
    ...(onCallOf === undefined ? [] : [inPagerDuty(({ id }) => isOnCall(id, onCallOf, person))]),
    ...(userGroup === undefined ? [] : [() => nameInGroup(userGroup, person)]),
  ];
}

/** Which user of PagerDuty has this address; undefined: none. Rejects where PagerDuty gives no answer. */
export async function responderId(
  email: string,
  connection: string,
  directory: Directory,
  signal: AbortSignal,
): Promise<string | undefined> {
  return (await pagerDutyUserOf({ directory, connection, email, signal }))?.id;
}

async function pagerDutyUserOf({ directory, connection, email, signal }: Person) {
  return findUser(await directory.clients.pagerduty(connection), email, signal);
}

const serviceAnswer = z.object({ service: z.object({ escalation_policy: reference }) });

/** By the escalation policy that the service has now. */
async function isOnCall(userId: string, onCallOf: OnCallOf, person: Person): Promise<boolean> {
  const { service, level } = onCallIn(onCallOf);
  const { directory, connection, signal } = person;
  const pagerduty = await directory.clients.pagerduty(connection);
  const answer = await pagerduty.get(`/services/${encodeURIComponent(service)}`, {}, signal);
  const policy = readSuccess(answer, serviceAnswer).service.escalation_policy;
  const query = { 'escalation_policy_ids[]': [policy.id], 'user_ids[]': [userId] };
  const { onCalls } = await readOnCalls(pagerduty, query, signal);
  return onCalls.some((each) => each.user.id === userId && (level ?? each.level) === each.level);
}

const groupAnswer = z.object({ users: z.array(z.string()) });

/**
 * By which name a user group of Slack has the person. Candidates are found by their address and by the links to it; each is then looked at as
 * whoever presses a button is: what Slack or an administrator says of them is who they are.
 */
async function nameInGroup(userGroup: string, person: Person): Promise<string | undefined> {
  const { clients } = person.directory;
  const slack = await clients.slack(defaultConnection);
  const api = slack.api(person.signal);
  const [group, byAddress, byLink] = await Promise.all([
    api.usergroups.users.list({ usergroup: userGroup }).catch(throwFailure),
    api.users.lookupByEmail({ email: person.email }).catch(accept(['users_not_found'], undefined)),
    person.directory.findPerson(person.email),
  ]);
  const own = [byAddress && userOf(byAddress).id, byLink?.slackUser];
  for (const id of parseAnswer(group, groupAnswer).users) {
    const isCandidate = own.includes(id) || (await slack.linkedAddress(id))?.toLowerCase() === person.email;
    const member = isCandidate ? await memberOf(id, person) : undefined;
    if (member && !member.refusal && member.user.email?.toLowerCase() === person.email)
      return member.user.name;
  }
  return undefined;
}

async function memberOf(id: string, { directory, signal }: Around) {
  const slack = await withStoredLinks(directory.clients, directory).slack(defaultConnection);
  return readMember(slack, id, undefined, signal);
}

/** Why a list could not be looked up, and whether it may be another time. A bug is thrown. */
function untold(failure: unknown, signal: AbortSignal): { words: string; passes: boolean } {
  if (failure instanceof ApplicationFailure)
    return { words: failure.message, passes: failure.nonRetryable !== true };
  if (signal.aborted) return { words: 'a provider did not answer in time', passes: true };
  throw failure;
}
