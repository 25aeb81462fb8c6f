import { createHmac } from 'node:crypto';
import type { Sending, SendingAnswer } from '../../domain/subscription.ts';
import { invalidInput, notConnected } from '../failures.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import type { Exchange, HttpReply } from './client.ts';
import { headersOf } from './exchange.ts';
import { readUrl } from './guard.ts';

/** Who is told of events, as a connection has it. */
export interface Subscriber {
  url: string | undefined;
  /** Added to each request. Their values are secret. */
  headers: Readonly<Record<string, string>>;
  /** Each signs, so that a new one can be added before the receiver knows it. */
  secrets: readonly string[];
}

const timeoutSeconds = 10;

/** Sends to the connection's own subscriber, signed as https://www.standardwebhooks.com has it. Never without a signature. */
export async function sendToSubscriber(
  { url, headers, secrets }: Subscriber,
  sending: Omit<Sending, 'connection'>,
  exchange: (exchange: Exchange) => Promise<HttpReply>,
  signal: AbortSignal,
): Promise<SendingAnswer> {
  if (url === undefined) throw notConnected('HTTP', 'HTTP_SUBSCRIBER_URL to the address of the subscriber');
  if (secrets.length === 0)
    throw notConnected('HTTP', 'HTTP_SUBSCRIBER_SECRETS to what its receiver checks signatures with');
  const { id, method, contentType, body } = sending;
  // A dot parts the id from the time in what is signed.
  if (!/^[\w-]{1,200}$/.test(id))
    throw invalidInput('HTTP', 'the id of a delivery is of letters, digits, _ and -');
  const reply = await exchange({
    method,
    url: readUrl(url),
    headers: {
      ...headersOf(sending.headers),
      ...lowerNames(headers),
      'content-type': contentType,
      ...signatureHeaders(id, body, secrets),
    },
    body,
    redirects: 0,
    timeoutSeconds,
    key: id,
    signal,
  });
  const waitSeconds = retryAfterSeconds(reply.headers);
  return { status: reply.status, ...(waitSeconds === undefined ? {} : { waitSeconds }) };
}

/** Of a message at this moment: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function signatureHeaders(
  id: string,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signatures = secrets.map(
    (secret) =>
      `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

const keyOf = (secret: string) =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);

const lowerNames = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
