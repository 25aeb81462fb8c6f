import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { parseAnswer, throwFailure } from './failures.ts';

const opened = z.object({ channel: z.object({ id: z.string() }) });

/** The conversation with one person. Opening it is safe to repeat: Slack answers with the one that is open. */
export async function openConversation(api: WebClient, userId: string): Promise<string> {
  const answer = await api.conversations.open({ users: userId }).catch(throwFailure);
  return parseAnswer(answer, opened).channel.id;
}
