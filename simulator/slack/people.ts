import { z } from 'zod';
import { type Method, method, Refusal } from './method.ts';
import type { Workspace } from './workspace.ts';
import type { SlackUser } from './world.ts';

/** Users, user groups, and who Baton is. */
export function peopleMethods({ world }: Workspace): Record<string, Method> {
  return {
    'auth.test': method(z.object({}), () => ({
      url: world.team.url,
      team: world.team.name,
      user: 'baton',
      team_id: world.team.id,
      user_id: world.bot.userId,
      bot_id: world.bot.botId,
      is_enterprise_install: false,
    })),

    'users.info': method(z.object({ user: z.string() }), ({ user: id }) => {
      const user = world.users.find((each) => each.id === id);
      if (!user) throw new Refusal('user_not_found');
      return { user: shapeOf(user, world.team.id) };
    }),

    'users.lookupByEmail': method(z.object({ email: z.string() }), ({ email }) => {
      const user = world.users.find(
        (each) => each.email?.toLowerCase() === email.toLowerCase() && !each.deleted,
      );
      if (!user) throw new Refusal('users_not_found');
      return { user: shapeOf(user, world.team.id) };
    }),

    'usergroups.users.list': method(z.object({ usergroup: z.string() }), ({ usergroup }) => {
      const group = world.groups.find(({ id }) => id === usergroup);
      if (!group) throw new Refusal('no_such_subteam');
      return { users: group.userIds };
    }),
  };
}

/** As Slack shows a person: of those of other workspaces less is known, and `is_stranger` stands there only for them. */
function shapeOf(user: SlackUser, ownTeamId: string) {
  const {
    id,
    name,
    realName,
    email,
    deleted,
    guest,
    bot,
    ultraRestricted = false,
    teamId = ownTeamId,
  } = user;
  const isStranger = teamId !== ownTeamId && !user.gridTeamIds?.includes(ownTeamId);
  return {
    id,
    team_id: teamId,
    name,
    deleted,
    real_name: realName,
    ...(user.timeZone === undefined ? {} : { tz: user.timeZone }),
    is_bot: bot,
    is_app_user: false,
    is_restricted: guest || ultraRestricted,
    is_ultra_restricted: ultraRestricted,
    ...(isStranger ? { is_stranger: true } : { is_email_confirmed: user.emailConfirmed ?? true }),
    ...(user.invited ? { is_invited_user: true } : {}),
    ...(user.machine ? { [`is_${user.machine}_bot`]: true } : {}),
    ...(user.gridTeamIds ? { enterprise_user: { id: `W${id}`, teams: user.gridTeamIds } } : {}),
    profile: { real_name: realName, display_name: name, ...(email === undefined ? {} : { email }) },
  };
}
