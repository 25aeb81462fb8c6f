import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { testMark } from '../../domain/connection-test.ts';
import type { Asked, Tested } from '../provider.ts';
import type { Slack } from './client.ts';
import { parseAnswer, throwFailure } from './failures.ts';

/** For what has to be sent when the time of the test is over. */
const cleanUpMilliseconds = 10_000;
const posted = z.object({ channel: z.string(), ts: z.string() });

/** Posts a marked message to the channel that is chosen for it, and deletes it unless it is to be kept. Without one: undefined. */
export async function testSlackMessage(
  client: Slack,
  signal: AbortSignal,
  { settings, keep = false }: Asked,
): Promise<Tested | undefined> {
  const asked = settings.SLACK_TEST_CHANNEL;
  if (!asked) return undefined;
  try {
    const post = { channel: asked, text: `${testMark}: this connection to Slack works.` };
    const { channel, ts } = parseAnswer(
      await client.api(signal).chat.postMessage(post).catch(throwFailure),
      posted,
    );
    const became = keep ? 'and kept there' : await deleted(client, channel, ts);
    return {
      outcome: 'confirmed',
      reason: `a message was posted to ${channel} ${became}`,
      tellsNoRights: true,
    };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || !error.nonRetryable) throw error;
    const next = 'invite the bot to the channel, or choose another one (SLACK_TEST_CHANNEL)';
    return { outcome: 'rejected', reason: `${error.message}; ${next}`, tellsNoRights: true };
  }
}

/** It was posted, whatever becomes of it: a message that stays says what it is. */
const deleted = (client: Slack, channel: string, ts: string) =>
  client
    .api(AbortSignal.timeout(cleanUpMilliseconds))
    .chat.delete({ channel, ts })
    .then(
      () => 'and deleted',
      () => 'and could not be deleted',
    );
