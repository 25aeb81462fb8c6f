import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Slack } from './client.ts';
import { accept, parseAnswer } from './failures.ts';
import { type SlackUser, userOf } from './users.ts';

/** Somebody as Slack knows them, and why they are no full member of our workspace, where they are none. */
export interface Member {
  user: SlackUser;
  /** Under what else they are known (`Principal.alsoKnownAs`): their user here, and the address that they have confirmed to Slack. */
  alsoKnownAs: string[];
  refusal?: string;
  /** It is their address alone that does not count: a link would stand for it. */
  needsLink?: true;
}

/** What tells people from others (https://docs.slack.dev/reference/objects/user-object). `is_app_user` does not: it is said of people. */
const kind = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().nullish(),
    deleted: z.boolean().default(false),
    is_forgotten: z.boolean().default(false),
    is_bot: z.boolean().default(false),
    is_workflow_bot: z.boolean().default(false),
    is_connector_bot: z.boolean().default(false),
    is_restricted: z.boolean().default(false),
    is_ultra_restricted: z.boolean().default(false),
    is_stranger: z.boolean().default(false),
    is_external: z.boolean().default(false),
    is_invited_user: z.boolean().default(false),
    is_email_confirmed: z.boolean().nullish(),
    enterprise_user: z
      .object({ teams: z.array(z.string()).default([]) })
      .nullish()
      .catch(null),
  }),
});
type Kind = z.output<typeof kind>['user'];

/**
 * Whoever pressed a button, and whether they are a full member of the workspace that Baton is in, by an address that counts: one that they
 * have confirmed to Slack, or that an administrator has linked to them (`Slack.linkedAddress`), which then stands for theirs. `teamIds` are the
 * workspaces that Slack named with the click, where it is about one. Undefined where the workspace has nobody of that id.
 */
export async function readMember(
  slack: Slack,
  userId: string,
  teamIds: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Member | undefined> {
  const api = slack.api(signal);
  const [self, linked, answer] = await Promise.all([
    slack.self(api),
    slack.linkedAddress(userId),
    api.users.info({ user: userId }).catch(accept(['user_not_found', 'user_not_visible'], undefined)),
  ]);
  if (!answer) return undefined;
  const told = userOf(answer);
  const user = { ...told, ...(linked ? { email: linked } : {}) };
  const who = parseAnswer(answer, kind).user;
  const isConfirmed = told.email !== undefined && who.is_email_confirmed === true;
  const alsoKnownAs = [`slack:${user.id}`, ...(isConfirmed ? [`person:${told.email}`] : [])];
  const refusal = refusalOf(who, teamIds, self.team_id);
  if (refusal !== undefined) return { user, alsoKnownAs, refusal };
  const unknown = linked ? undefined : addressRefusalOf(who, user.email);
  return { user, alsoKnownAs, ...(unknown === undefined ? {} : { refusal: unknown, needsLink: true }) };
}

/** A person whom Slack has told of, with the address that counts as theirs; without one where none does. */
export async function knownUser(slack: Slack, answer: unknown): Promise<SlackUser> {
  const { email, ...user } = userOf(answer);
  const confirmed = parseAnswer(answer, kind).user.is_email_confirmed === true ? email : undefined;
  const counts = (await slack.linkedAddress(user.id)) ?? confirmed;
  return { ...user, ...(counts ? { email: counts } : {}) };
}

/** Undefined where the workspace has nobody of that id, or Baton may not see them. */
export async function readKnownUser(
  slack: Slack,
  api: WebClient,
  userId: string,
): Promise<SlackUser | undefined> {
  const answer = await api.users
    .info({ user: userId })
    .catch(accept(['user_not_found', 'user_not_visible'], undefined));
  return answer && knownUser(slack, answer);
}

/** Why they are no full member. */
function refusalOf(
  user: Kind,
  teamIds: readonly string[] | undefined,
  ownTeamId: string,
): string | undefined {
  const isBot = user.is_bot || user.is_workflow_bot || user.is_connector_bot || user.id === 'USLACKBOT';
  // In an organisation a person of one workspace is a full member of others.
  const isOfOurs = user.team_id === ownTeamId || user.enterprise_user?.teams.includes(ownTeamId);
  if (user.deleted || user.is_forgotten) return 'your account in Slack is deactivated';
  if (isBot) return 'a bot pressed the button, and only people may';
  if (teamIds?.length === 0)
    return 'Slack did not say in a readable way from which workspace the button was pressed (press it again, or go on in PagerDuty)';
  if (user.is_stranger || user.is_external || !isOfOurs || (teamIds && !areOurs(teamIds, ownTeamId, user)))
    return 'you are of another workspace of Slack than Baton, and only its own members may press the button';
  if (user.is_restricted || user.is_ultra_restricted)
    return 'you are a guest in this workspace of Slack, and only full members may press the button';
  if (user.is_invited_user) return 'you have not accepted the invitation to this workspace of Slack yet';
  return undefined;
}

/** Why their address does not count. */
function addressRefusalOf(user: Kind, email: string | undefined): string | undefined {
  if (!email) return `Slack tells Baton no e-mail address of yours (${howToLink})`;
  if (user.is_email_confirmed !== true)
    return `you have not confirmed your e-mail address ${email} to Slack (${howToLink})`;
  return undefined;
}

const howToLink = 'prove who you are in PagerDuty: /baton link-me';

/** Whether the click came from our workspace. Slack must name at least one. */
function areOurs(teamIds: readonly string[], ownTeamId: string, { enterprise_user }: Kind): boolean {
  const organisation = enterprise_user?.teams ?? [];
  const isKnown = (id: string) =>
    id === ownTeamId || (organisation.includes(ownTeamId) && organisation.includes(id));
  return teamIds.includes(ownTeamId) && teamIds.every(isKnown);
}
