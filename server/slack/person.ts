import { z } from 'zod';

/** A workspace that is named and cannot be read: it may be any, and so is never taken for ours. */
const unreadable = 'unreadable';

/** What Slack gives as an id, a name or a time. */
export const short = z.string().min(1).max(255);

/** Who did something, and where, as interactions carry it. */
export const personFields = {
  user: z.object({
    id: short,
    name: short.nullish().catch(null),
    username: short.nullish().catch(null),
    team_id: short.nullish().catch(unreadable),
  }),
  team: z.object({ id: short }).nullish().catch({ id: unreadable }),
};

/** A person, with the workspaces that Slack named: see `SlackRequest`. */
export interface SaidBy {
  id: string;
  name: string;
  teamId: string;
  homeTeamId?: string;
}

/** The person of an interaction. Where a workspace cannot be read none is named, and nobody is let in. */
export function saidBy({ user, team }: z.output<z.ZodObject<typeof personFields>>): SaidBy {
  const place = team?.id;
  const person = user.team_id;
  const teamId = place ?? person ?? '';
  const name = user.name ?? user.username ?? user.id;
  if (place === unreadable || person === unreadable) return { id: user.id, name, teamId: '' };
  const isOfAnother = person && person !== teamId;
  return { id: user.id, name, teamId, ...(isOfAnother ? { homeTeamId: person } : {}) };
}
