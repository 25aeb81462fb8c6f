import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { aboutIn } from '../../domain/http-event.ts';
import type { Repeats } from '../../store/events/repeats.ts';
import {
  type BodyReader,
  checkContentType,
  checkLength,
  digestOf,
  headerOf,
  parseJsonObject,
} from '../receiving/body.ts';
import { boundedData } from '../receiving/bounded.ts';
import type { Inbox } from '../receiving/inbox.ts';
import { deliveryOf, type ReadEvent, warnOfDrift } from '../receiving/read-event.ts';
import { notConfigured, Refusal } from '../refusal.ts';
import { type CarriedBy, carriedBy, readCloudEvents } from './cloud-events.ts';
import { keyFrom, subjectFrom } from './format.ts';
import { formats } from './formats/index.ts';
import { bearsOne, checkSignature, hasSignature, signatureForms, signedId, unsignedId } from './signature.ts';

/** A source of events of a team's own, as its connection describes it. */
export interface HttpSource {
  connection: string;
  /** With any, each delivery is signed by one of them. */
  secrets: readonly string[];
  /** With any, each delivery bears one of them. */
  tokens: readonly string[];
  /** Of its JSON. Left out: any. CloudEvents are known by themselves. */
  format?: string | undefined;
}

/** As senders make them: `msg_2KWPBgLlAfxdpx2AI54pPJ85f4W`, a UUID. */
const deliveryIdForm = /^[\w.:-]{1,200}$/;

export interface HttpWebhookOptions {
  /** The source that a request's address names. Rejects with a refusal where there is none. */
  sourceOf(request: Request): HttpSource | Promise<HttpSource>;
  /** Something has come by this source. Left out: nobody waits for any. */
  heardOf?: ((connection: string) => Promise<void>) | undefined;
  /** The id of what has none that is shown to be its own: the store tells it from a repeat. */
  idByWords: Repeats['idByWords'];
  readBody: BodyReader;
  inbox: Inbox;
  log: Logger;
}

/**
 * Takes what a CI, a monitor or any other system tells: shown to be from it, read once, stored, then answered, as webhooks of providers are.
 * A delivery may hold several events: each is stored under its own id, so that one whose answer was lost can be sent again as a whole.
 */
export function takeHttpEvents(options: HttpWebhookOptions) {
  const { sourceOf, heardOf, readBody, inbox, log } = options;
  return async (request: Request, response: Response) => {
    const source = await sourceOf(request);
    const by = checkForm(request, source);
    const body = await readBody(request);
    checkSigned(request, body, source);
    const receivedAt = new Date().toISOString();
    const { connection } = source;
    const from = { connection, receivedAt, digest: digestOf(body) };
    const read = by
      ? readCarried(by, request, body, from)
      : await readJson(request, body, { ...from, source }, options);
    const receipts = await Promise.all(
      read.map(async (each) => {
        const kept = read.length === 1 ? body : bodyOf(each);
        const delivery = deliveryOf(each, { provider: 'http', ...from, body: kept });
        const { seq, duplicate } = await inbox.store(delivery);
        warnOfDrift(delivery, log);
        return { id: delivery.eventId, seq, duplicate };
      }),
    );
    // Also what was there before, word for word: a heartbeat says the same each time.
    await heardOf?.(connection);
    response.status(202).json({ events: receipts });
  };
}

/**
 * The sender's id of a delivery, which it repeats with it: the id of JSON that has none of its own, so that the same words at another time are
 * another event. One that the signature does not cover says nothing: with it a copy could pass for something new.
 */
function idOf(request: Request, { secrets }: HttpSource): string | undefined {
  const header = (name: string) => headerOf(request, name);
  if (secrets.length > 0) return fitting(signedId(header));
  return fitting(header('webhook-id') ?? header('idempotency-key') ?? header('x-github-delivery'));
}

/** An `Idempotency-Key` may stand in quotes. */
function fitting(id: string | undefined): string | undefined {
  const bare = id?.replace(/^"(.*)"$/, '$1');
  return bare !== undefined && deliveryIdForm.test(bare) ? bare : undefined;
}

/** What can be told before the body is read. */
function checkForm(request: Request, { secrets, tokens }: HttpSource): CarriedBy | undefined {
  if (secrets.length + tokens.length === 0)
    throw notConfigured('HTTP_WEBHOOK_SECRETS or HTTP_WEBHOOK_TOKENS');
  const by = carriedBy(request.headers);
  if (by === undefined || by === 'binary') checkContentType(request, 'application/json');
  else checkContentType(request, `application/cloudevents${by === 'batch' ? '-batch' : ''}+json`);
  checkLength(request);
  if (tokens.length > 0 && !bearsOne(request.headers.authorization, tokens))
    throw request.headers.authorization === undefined
      ? new Refusal(400, 'No token', 'This source bears a token. Send it as Authorization: Bearer <token>.')
      : new Refusal(
          403,
          'Token does not match',
          'No token in HTTP_WEBHOOK_TOKENS is this one. Compare them.',
        );
  if (secrets.length > 0 && !hasSignature((name) => headerOf(request, name)))
    throw new Refusal(400, 'No signature', `This source signs what it sends. Send ${signatureForms}.`);
  if (secrets.length > 0 && by === 'binary')
    throw new Refusal(
      400,
      'Attributes not signed',
      'The signature covers the body alone, and here the attributes are headers. Send the CloudEvent in structured mode.',
    );
  return by;
}

function checkSigned(request: Request, body: Uint8Array, { secrets }: HttpSource): void {
  if (secrets.length === 0) return;
  const signed = checkSignature((name) => headerOf(request, name), body, secrets, Date.now());
  if (signed === 'too old')
    throw new Refusal(
      403,
      'Signature too old',
      'It was signed more than five minutes from now. Compare the clocks, and sign each attempt anew.',
    );
  if (signed !== 'valid')
    throw new Refusal(
      403,
      'Signature does not match',
      'No signature matches a secret in HTTP_WEBHOOK_SECRETS. Compare it with the sender’s.',
    );
}

function readCarried(
  by: CarriedBy,
  request: Request,
  body: Uint8Array,
  { connection, receivedAt }: { connection: string; receivedAt: string },
): ReadEvent[] {
  return readCloudEvents(by, request.headers, body).map(({ id, time = receivedAt, data }) => {
    const about = data.subject === undefined ? aboutIn(data.body) : `${data.source} ${data.subject}`;
    return {
      event: {
        id: keyFrom(id),
        source: `/http/${connection}`,
        type: `http.${connection}`,
        ...(about === undefined ? {} : { subject: subjectFrom(connection, about) }),
        time,
        data: { ...data, body: boundedData(data.body) },
      },
    };
  });
}

async function readJson(
  request: Request,
  body: Uint8Array,
  { connection, receivedAt, digest, source }: Came,
  { idByWords }: Pick<HttpWebhookOptions, 'idByWords'>,
): Promise<ReadEvent[]> {
  const format = formats.find(({ name }) => name === source.format) ?? formats[0];
  const json = parseJsonObject(body);
  const tellByWords = () => {
    const about = format.aboutIn?.(json);
    return idByWords({
      source: `/http/${connection}`,
      digest,
      ...(about === undefined ? {} : { about: subjectFrom(connection, about) }),
      calledBySender: fitting(unsignedId((name) => headerOf(request, name))),
    });
  };
  const id = idOf(request, source) ?? (format.hasOwnIds?.(json) ? digest : await tellByWords());
  return format.read(json, { connection, receivedAt, id });
}

/** A delivery of JSON. */
interface Came {
  connection: string;
  receivedAt: string;
  digest: string;
  source: HttpSource;
}

/** Of several, each is kept by itself. */
const bodyOf = (each: ReadEvent) =>
  Buffer.from(JSON.stringify('event' in each ? each.event.data : { unreadable: each.unreadable }));
