import { type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { isPrivate } from '../address.ts';

/** The person waits, and Slack would take an answer for half an hour. */
const timeoutMs = 2_500;
const usualApi = 'https://slack.com/api/';
/** Where Slack takes answers: commercial and government. */
const slackHosts: readonly string[] = ['hooks.slack.com', 'hooks.slack-gov.com'];

const interaction = z.object({ response_url: z.url() });

/** By which way an address is reached: straight, or through the network's proxy. */
export type WayTo = (address: string) => Promise<Dispatcher>;

/** Where a click can be answered, and how the answer goes there. */
export interface AnswerTo {
  /** Another Web API than Slack's own, as of a simulator. */
  apiUrl: string | undefined;
  /** Undefined: straight. */
  wayToSlack: WayTo | undefined;
}

/** Nothing was told, and why. Never names the address, which is as good as a token. */
export class NotTold extends Error {}

/**
 * Shows a text in private to whoever is behind `payload`, a verified interaction or command: Slack takes it at the address that it
 * sent along (https://docs.slack.dev/interactivity/handling-user-interaction), and ignores what stands in
 * the answer to the request itself. Throws `NotTold`.
 */
export async function respondInPrivate(
  payload: unknown,
  text: string,
  { apiUrl, wayToSlack }: AnswerTo,
): Promise<void> {
  const address = responseUrlIn(payload);
  if (!address || !isSlacks(address, new URL(apiUrl || usualApi)))
    throw new NotTold('it came without an address of Slack to answer to');
  const way = await wayToSlack?.(address.href);
  const answer = await request(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
    signal: AbortSignal.timeout(timeoutMs),
    ...(way ? { dispatcher: way } : {}),
  }).catch((error: unknown) => {
    throw new NotTold(
      error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'no connection',
    );
  });
  await answer.body.dump();
  if (answer.statusCode >= 300) throw new NotTold(`Slack answered ${answer.statusCode}`);
}

function responseUrlIn(payload: unknown): URL | undefined {
  const parsed = interaction.safeParse(payload);
  return parsed.success ? new URL(parsed.data.response_url) : undefined;
}

/** With Slack's own API only Slack's hosts are right; with another, as of a simulator, only that one. Never in the clear over a network. */
export function isSlacks(address: URL, api: URL): boolean {
  if (!/(^|\.)slack(-gov)?\.com$/.test(api.hostname))
    return address.origin === api.origin && isPrivate(address);
  return address.protocol === 'https:' && address.port === '' && slackHosts.includes(address.hostname);
}
