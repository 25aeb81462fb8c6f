import type { WebClient } from '@slack/web-api';
import { refusalOf, throwFailure } from './failures.ts';
import { isPlanned } from './input.ts';

/** Slack's word where Baton has to be in the channel first. */
const outside = 'not_in_channel';

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
    if (refusalOf(error) !== outside) throw error;
    await api.conversations.join({ channel: channelId });
    return call();
  }
}

/**
 * What a channel shows: `seen`, or `hidden` where Baton would have to join it first, which a look does not. Of a channel that is only
 * planned, what a new one shows: `empty`. Errors are failures.
 */
export async function lookInto<Result>(
  channelId: string,
  read: () => Promise<Result>,
  empty: Result,
): Promise<{ seen: Result; hidden: false } | { hidden: true }> {
  if (isPlanned(channelId)) return { seen: empty, hidden: false };
  try {
    return { seen: await read(), hidden: false };
  } catch (error) {
    if (refusalOf(error) === outside) return { hidden: true };
    return throwFailure(error);
  }
}

/** What `asMember` calls first where the channel is hidden, for a plan. */
export const joinCalls = (hidden: boolean, channelId: string) =>
  hidden ? [`conversations.join channel=${channelId}`] : [];

/** Said in a plan of a call that Slack may take from members only. */
export const joiningFirst = ' (after conversations.join, where Slack takes it from members only)';
