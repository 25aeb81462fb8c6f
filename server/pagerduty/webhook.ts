import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import {
  type BodyReader,
  checkContentType,
  checkLength,
  digestOf,
  headerOf,
  parseJsonObject,
} from '../body.ts';
import type { Inbox } from '../inbox.ts';
import { notConfigured, Refusal } from '../refusal.ts';
import { readPagerDutyEvent } from './event.ts';
import { checkSignature, isWellFormed } from './signature.ts';
import { sourceOf } from './ways.ts';

/** A connection that events come by. */
export interface SigningConnection {
  /** It is part of the event's source, and of its subject. */
  connection: string;
  /** Any of them may have signed. None: the webhook is closed. */
  secrets: readonly string[];
}

export interface PagerDutyWebhook {
  /** The connection that a request's address names. Rejects with a refusal where there is none. */
  connectionOf(request: Request): SigningConnection | Promise<SigningConnection>;
  readBody: BodyReader;
  inbox: Inbox;
  log: Logger;
}

/** PagerDuty's own form is a UUID. It is kept to find a delivery by; the header is not signed, so it decides nothing. */
const deliveryIdForm = /^[\w-]{1,100}$/;

/**
 * Takes a v3 webhook: verified on its bytes, read once, stored, then answered. PagerDuty drops what is answered 4xx and disables
 * the subscription after three in a row, so what is well signed is stored even where it cannot be read.
 * https://developer.pagerduty.com/docs/webhooks-behavior
 */
export function takePagerDutyWebhook({ connectionOf, readBody, inbox, log }: PagerDutyWebhook) {
  return async (request: Request, response: Response) => {
    const { connection, secrets } = await connectionOf(request);
    if (secrets.length === 0) throw notConfigured('PAGERDUTY_WEBHOOK_SECRETS');
    checkContentType(request, 'application/json');
    checkLength(request);
    const signature = headerOf(request, 'x-pagerduty-signature');
    if (!isWellFormed(signature))
      throw new Refusal(
        400,
        'No signature',
        'X-PagerDuty-Signature holds no part of the form v1=<64 hex digits>. Only v3 webhooks are taken.',
      );
    const body = await readBody(request);
    if (checkSignature(signature, body, secrets) !== 'valid')
      throw new Refusal(
        403,
        'Signature does not match',
        'No signature matches a secret in PAGERDUTY_WEBHOOK_SECRETS. Compare it with the subscription’s secret.',
      );
    const receivedAt = new Date().toISOString();
    const read = readPagerDutyEvent(parseJsonObject(body), connection, receivedAt);
    const { type, subject, time = receivedAt, id = digestOf(body) } = 'event' in read ? read.event : read;
    const deliveryId = headerOf(request, 'x-webhook-id') ?? '';
    const { seq, duplicate } = await inbox.store({
      source: sourceOf(connection),
      eventId: id,
      type,
      ...(subject === undefined ? {} : { subject }),
      time,
      ...(deliveryIdForm.test(deliveryId) ? { deliveryId } : {}),
      body,
      ...('event' in read ? { event: read.event } : { unreadable: read.unreadable }),
      actor: 'pagerduty',
      via: 'webhook',
    });
    if ('unreadable' in read)
      log.warn({ event: id, incident: subject, type, reason: read.unreadable }, 'Schema drift: event parked');
    response.status(202).json({ id, seq, duplicate });
  };
}
