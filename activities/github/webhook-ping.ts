import { z } from 'zod';
import type { SetUpNamed } from '../../domain/set-up.ts';
import { decorative, membersOf } from '../lenient.ts';
import { bodyAs, type GitHub } from './client.ts';

const deliveries = membersOf(
  z.object({
    id: z.union([z.number(), z.string()]),
    event: z.string(),
    status_code: z.number(),
    status: decorative(z.string()),
  }),
);

/** The newest come first. */
async function pingsOf(github: GitHub, { id, name }: SetUpNamed, signal: AbortSignal) {
  const answer = await github.get(`/repos/${name}/hooks/${id}/deliveries`, { per_page: 30 }, signal);
  return bodyAs(answer, deliveries).filter(({ event }) => event === 'ping');
}

/** Has GitHub send a ping. What is given tells it from those before. */
export async function sendPing(github: GitHub, webhook: SetUpNamed, signal: AbortSignal): Promise<string> {
  const [last] = await pingsOf(github, webhook, signal);
  await github.post(`/repos/${webhook.name}/hooks/${webhook.id}/pings`, {}, signal);
  return String(last?.id ?? '');
}

/** GitHub keeps what it was answered. Two pings can be the same word for word, so our own store could not tell them apart. */
export async function heardOfPing(
  github: GitHub,
  webhook: SetUpNamed,
  sent: string,
  signal: AbortSignal,
): Promise<{ arrived: boolean; reason: string } | undefined> {
  const [last] = await pingsOf(github, webhook, signal);
  if (!last || String(last.id) === sent) return undefined;
  const { status_code: status, status: words } = last;
  if (status >= 200 && status < 300) return { arrived: true, reason: `GitHub’s ping was answered ${status}` };
  const next =
    status === 401 || status === 403
      ? 'the secret of the webhook is not that of the source: do it again with replaceWebhook'
      : 'see whether a server of Baton runs at that address, and whether GitHub reaches it from the internet';
  return {
    arrived: false,
    reason: `GitHub’s ping to ${webhook.name} was answered ${status || 'by nobody'}${words ? ` (${words})` : ''}; ${next}`,
  };
}
