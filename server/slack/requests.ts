import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import {
  type BodyReader,
  checkContentType,
  headerOf,
  parseJsonObject,
  parseJsonText,
} from '../receiving/body.ts';
import { notConfigured, Refusal } from '../refusal.ts';
import type { SlackAnswer, TakeFromSlack } from './said.ts';
import { checkSlackSignature } from './signature.ts';

/** Who a request may come from, and what takes it then. */
export interface SlackDoor {
  /** Any of them may have signed. None: all requests are refused. */
  signingSecrets: readonly string[];
  take: TakeFromSlack;
}

export interface SlackRequests {
  /** The door at the request's address. Rejects with a refusal where there is none. */
  doorOf(request: Request): SlackDoor | Promise<SlackDoor>;
  readBody: BodyReader;
  log: Logger;
}

const form = 'application/x-www-form-urlencoded';

/** The verified bytes of a request from Slack, and what takes them. */
async function verifiedBody(
  request: Request,
  { doorOf, readBody, log }: SlackRequests,
  mediaType: string,
): Promise<{ body: Buffer; take: TakeFromSlack }> {
  const { signingSecrets, take } = await doorOf(request);
  if (signingSecrets.length === 0) throw notConfigured('SLACK_SIGNING_SECRET');
  checkContentType(request, mediaType);
  const body = await readBody(request);
  const timestamp = headerOf(request, 'x-slack-request-timestamp');
  const signature = headerOf(request, 'x-slack-signature');
  switch (checkSlackSignature({ signature, timestamp }, body, signingSecrets)) {
    case 'valid':
      return { body, take };
    case 'stale':
      log.warn(
        { timestamp },
        'clock_skew: Slack signed a request more than five minutes away from our clock',
      );
      throw new Refusal(
        401,
        'Stale request',
        'The timestamp is more than five minutes away. Check the clock.',
      );
    case 'no match':
      throw new Refusal(
        401,
        'Signature does not match',
        'Compare SLACK_SIGNING_SECRET with the app’s signing secret.',
      );
  }
}

/** A pressed button or a form. Once it is verified the answer is 200, since Slack sends it only once. */
export function takeSlackClick(options: SlackRequests) {
  return async (request: Request, response: Response) => {
    const { body, take } = await verifiedBody(request, options, form);
    const payload = payloadIn(body);
    send(response, await take({ kind: 'interactive', payload, body }));
  };
}

/** A slash command. Slack's own probe of the address wants an empty answer. */
export function takeSlackCommand(options: SlackRequests) {
  return async (request: Request, response: Response) => {
    const { body, take } = await verifiedBody(request, options, form);
    const payload = Object.fromEntries(new URLSearchParams(body.toString('utf8')));
    if (payload.ssl_check === '1') send(response, {});
    else send(response, await take({ kind: 'command', payload, body }));
  };
}

const challenge = z.object({ type: z.literal('url_verification'), challenge: z.string() });

/** An event of the Events API. Slack sends it again where the answer is no 200. */
export function takeSlackEvent(options: SlackRequests) {
  return async (request: Request, response: Response) => {
    const { body, take } = await verifiedBody(request, options, 'application/json');
    const payload = parseJsonObject(body);
    const asked = challenge.safeParse(payload);
    if (asked.success) send(response, { answer: { challenge: asked.data.challenge } });
    else send(response, await take({ kind: 'event', payload, body }));
  };
}

function send(response: Response, { answer }: SlackAnswer): void {
  if (answer === undefined) response.status(200).end();
  else response.json(answer);
}

/** Interactions come as JSON in one field of a form. */
function payloadIn(body: Buffer): unknown {
  try {
    return parseJsonText(new URLSearchParams(body.toString('utf8')).get('payload') ?? '');
  } catch {
    return undefined;
  }
}
