import type { Finding } from '../provider.ts';
import type { Slack } from './client.ts';

/** Asks Slack who the bot is, which changes nothing. */
export async function checkSlack(slack: Slack, signal: AbortSignal): Promise<Finding[]> {
  const what = 'auth.test';
  return slack.self(slack.api(signal)).then(
    () => [{ what, ok: true }],
    (error: Error) => [{ what, ok: false, reason: error.message }],
  );
}
