import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { notConfigured, Refusal } from '../refusal.ts';
import {
  type BodyReader,
  checkContentType,
  checkLength,
  digestOf,
  headerOf,
  parseJsonObject,
} from './body.ts';
import type { Inbox } from './inbox.ts';
import { deliveryOf, type ReadEvent, warnOfDrift } from './read-event.ts';
import type { SigningConnection } from './signing-connection.ts';

/** A provider whose webhooks are signed over the bytes of their body. */
export interface WebhookSource {
  /** Its name: the actor in the record, and the first part of the event's source. */
  provider: string;
  /** The setting that holds the secrets. */
  setting: string;
  /** In small letters. It is not signed, so it decides nothing: a delivery is found by it. */
  deliveryHeader: string;
  /** In small letters. */
  signatureHeader: string;
  /** What is wrong where the header holds no signature. */
  noSignature: string;
  checkSignature(
    header: string | undefined,
    body: Uint8Array,
    secrets: readonly string[],
  ): 'valid' | 'malformed' | 'no match';
  /** Whether there is anything to compare: told before the body is read. */
  isWellFormed(header: string | undefined): boolean;
  read(json: object, connection: string, receivedAt: string, digest: string): ReadEvent;
}

export interface WebhookOptions {
  /** The connection that a request's address names. Rejects with a refusal where there is none. */
  connectionOf(request: Request): SigningConnection | Promise<SigningConnection>;
  readBody: BodyReader;
  inbox: Inbox;
  log: Logger;
}

/** Providers' own forms are UUIDs and numbers. */
const deliveryIdForm = /^[\w-]{1,100}$/;

/**
 * Takes a webhook: verified on its bytes, read once, stored, then answered. Senders drop what is answered 4xx, and PagerDuty disables the
 * subscription after three in a row, so what is well signed is stored even where it cannot be read. An event without an id of its own is
 * known by the digest of its bytes, which senders repeat as they were.
 */
export function takeWebhook(source: WebhookSource, { connectionOf, readBody, inbox, log }: WebhookOptions) {
  const { provider, setting, deliveryHeader, signatureHeader, noSignature } = source;
  return async (request: Request, response: Response) => {
    const { connection, secrets } = await connectionOf(request);
    if (secrets.length === 0) throw notConfigured(setting);
    checkContentType(request, 'application/json');
    checkLength(request);
    const signature = headerOf(request, signatureHeader);
    if (!source.isWellFormed(signature)) throw new Refusal(400, 'No signature', noSignature);
    const body = await readBody(request);
    if (source.checkSignature(signature, body, secrets) !== 'valid')
      throw new Refusal(
        403,
        'Signature does not match',
        `No signature matches a secret in ${setting}. Compare it with the subscription’s secret.`,
      );
    const receivedAt = new Date().toISOString();
    const digest = digestOf(body);
    const read = source.read(parseJsonObject(body), connection, receivedAt, digest);
    const delivery = deliveryOf(read, { provider, connection, receivedAt, digest, body });
    const deliveryId = headerOf(request, deliveryHeader) ?? '';
    const { seq, duplicate } = await inbox.store({
      ...delivery,
      ...(deliveryIdForm.test(deliveryId) ? { deliveryId } : {}),
    });
    warnOfDrift(delivery, log);
    response.status(202).json({ id: delivery.eventId, seq, duplicate });
  };
}
