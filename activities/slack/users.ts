import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { accept, parseAnswer } from './failures.ts';

/** A person in Slack. `guest` is one who sees some channels only. */
export const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().optional(),
  /** As `Europe/Berlin`. */
  timeZone: z.string().optional(),
  deleted: z.boolean(),
  guest: z.boolean(),
});
export type SlackUser = z.output<typeof userSchema>;

const answered = z.object({
  user: z.object({
    id: z.string(),
    name: z.string().optional().catch(undefined),
    real_name: z.string().optional().catch(undefined),
    tz: z.string().nullish().catch(null),
    deleted: z.boolean().default(false),
    is_restricted: z.boolean().default(false),
    is_ultra_restricted: z.boolean().default(false),
    profile: z
      .object({ real_name: z.string().optional().catch(undefined), email: z.string().nullish().catch(null) })
      .catch({}),
  }),
});

export function userOf(answer: unknown): SlackUser {
  const { user } = parseAnswer(answer, answered);
  const { email, real_name: realName } = user.profile;
  return {
    id: user.id,
    name: realName || user.real_name || user.name || user.id,
    ...(email ? { email } : {}),
    ...(user.tz ? { timeZone: user.tz } : {}),
    deleted: user.deleted,
    guest: user.is_restricted || user.is_ultra_restricted,
  };
}

/** Undefined where the workspace has nobody of that id, or Baton may not see them. */
export async function readUser(api: WebClient, userId: string): Promise<SlackUser | undefined> {
  const answer = await api.users
    .info({ user: userId })
    .catch(accept(['user_not_found', 'user_not_visible'], undefined));
  return answer && userOf(answer);
}
