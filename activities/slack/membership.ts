import type { WebClient } from '@slack/web-api';
import { refusalOf } from './failures.ts';

/**
 * Makes a call; where Slack wants Baton in the channel first, joins and makes it once more. A private channel cannot be
 * joined: somebody has to invite Baton. Errors are the SDK's.
 */
export async function asMember<Result>(
  api: WebClient,
  channelId: string,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (refusalOf(error) !== 'not_in_channel') throw error;
    await api.conversations.join({ channel: channelId });
    return call();
  }
}
