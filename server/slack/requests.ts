import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type BodyReader, checkContentType, headerOf, parseJsonObject } from '../body.ts';
import type { Inbox } from '../inbox.ts';
import { notConfigured, Refusal } from '../refusal.ts';
import { clickDelivery, slackEventDelivery } from './payload.ts';
import { type AnswerTo, respondInPrivate } from './respond.ts';
import { checkSlackSignature } from './signature.ts';

export interface SlackRequests extends AnswerTo {
  /** Undefined: all requests from Slack are refused. */
  signingSecret: string | undefined;
  readBody: BodyReader;
  inbox: Inbox;
  log: Logger;
}

const form = 'application/x-www-form-urlencoded';

/** The verified bytes of a request from Slack. */
async function verifiedBody(
  request: Request,
  { signingSecret, readBody, log }: SlackRequests,
  mediaType: string,
): Promise<Buffer> {
  if (signingSecret === undefined) throw notConfigured('SLACK_SIGNING_SECRET');
  checkContentType(request, mediaType);
  const body = await readBody(request);
  const timestamp = headerOf(request, 'x-slack-request-timestamp');
  const signature = headerOf(request, 'x-slack-signature');
  switch (checkSlackSignature({ signature, timestamp }, body, signingSecret)) {
    case 'valid':
      return body;
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

/**
 * A pressed button: stored, then 200. Once it is verified the answer is 200, since Slack sends a click only once. Where it could
 * not be stored, whoever pressed it is told so.
 */
export function takeSlackClick(options: SlackRequests) {
  return async (request: Request, response: Response) => {
    const body = await verifiedBody(request, options, form);
    try {
      await options.inbox.store(clickDelivery(body, new Date().toISOString()));
      response.status(200).end();
    } catch (error) {
      options.log.error({ err: error }, 'A click could not be stored');
      response.status(200).end();
      const text =
        'Baton could not record this click, and nothing was done. Please press it again in a minute.';
      await respondInPrivate(body, text, options).catch((failure: unknown) =>
        options.log.error({ err: failure }, 'Whoever pressed the button could not be told'),
      );
    }
  };
}

/** There are no commands: says what there is instead. Slack's own probe of the address wants an empty answer. */
export function answerSlackCommand(options: SlackRequests) {
  return async (request: Request, response: Response) => {
    const body = await verifiedBody(request, options, form);
    if (new URLSearchParams(body.toString('utf8')).get('ssl_check') === '1') {
      response.status(200).end();
      return;
    }
    response.json({
      response_type: 'ephemeral',
      text: 'Baton has no commands. Use the buttons on the incident’s status card: Acknowledge and Resolve.',
    });
  };
}

const challenge = z.object({ type: z.literal('url_verification'), challenge: z.string() });

/** An event of the Events API: stored, then 200. Slack sends it again when it is not. */
export function takeSlackEvent(options: SlackRequests) {
  return async (request: Request, response: Response) => {
    const body = await verifiedBody(request, options, 'application/json');
    const json = parseJsonObject(body);
    const asked = challenge.safeParse(json);
    if (asked.success) {
      response.json({ challenge: asked.data.challenge });
      return;
    }
    await options.inbox.store(slackEventDelivery(body, json, new Date().toISOString()));
    response.status(200).end();
  };
}
