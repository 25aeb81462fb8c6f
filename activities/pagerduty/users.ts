import { z } from 'zod';
import { decorative, listOf, membersOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { readSuccess } from './failures.ts';
import { readPages } from './pages.ts';

export const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  timeZone: z.string().optional(),
  role: z.string().optional(),
});
export type User = z.infer<typeof userSchema>;
/** With the teams that PagerDuty counts the user to. */
export type TeamMember = User & { teamIds: string[] };

const restUser = z.object({
  id: z.string(),
  name: decorative(z.string()),
  email: z.string(),
  time_zone: decorative(z.string()),
  role: decorative(z.string()),
  teams: listOf(z.object({ id: z.string() })),
});

const toUser = ({ id, name, email, time_zone, role, teams }: z.output<typeof restUser>): TeamMember => ({
  id,
  name: name || email,
  email,
  ...(time_zone ? { timeZone: time_zone } : {}),
  ...(role ? { role } : {}),
  teamIds: teams.map((team) => team.id),
});

const page = z.object({ users: membersOf(restUser.transform(toUser)) }).transform(({ users }) => users);

/** PagerDuty's query matches parts of names and e-mails, so the whole e-mail is compared here, case ignored. */
export async function findUser(
  pagerduty: PagerDuty,
  email: string,
  signal: AbortSignal,
): Promise<TeamMember | undefined> {
  const { items } = await readPages(pagerduty, '/users', { query: email }, page, signal);
  return items.find((user) => user.email.toLowerCase() === email.toLowerCase());
}

/** Whoever PagerDuty counts to the team. */
export async function readTeam(
  pagerduty: PagerDuty,
  teamId: string,
  signal: AbortSignal,
): Promise<{ users: TeamMember[]; truncated: boolean }> {
  const { items, truncated } = await readPages(pagerduty, '/users', { 'team_ids[]': [teamId] }, page, signal);
  return { users: items, truncated };
}

/** Undefined: PagerDuty has nobody of this id. */
export async function readUser(
  pagerduty: PagerDuty,
  id: string,
  signal: AbortSignal,
): Promise<TeamMember | undefined> {
  const answer = await pagerduty.get(`/users/${id}`, {}, signal);
  if (answer.status === 404) return undefined;
  return readSuccess(answer, z.object({ user: restUser.transform(toUser) })).user;
}
