import type { Actor } from './activity.ts';
import type { Clients } from './clients.ts';
import { readUser } from './slack/users.ts';

/**
 * Who a member of the Slack workspace is: the name, and the e-mail address by which other providers know the same person. Without an
 * address where Slack tells none, or has nobody of that id any more: nothing is then done in that person's name elsewhere.
 */
export async function identifyPerson(
  { id, name }: { id: string; name: string },
  { slack }: Clients,
  signal: AbortSignal,
): Promise<Actor> {
  const user = await readUser((await slack('default')).api(signal), id);
  if (!user || user.deleted) return { kind: 'person', name };
  return { kind: 'person', name: user.name, ...(user.email ? { email: user.email } : {}) };
}
