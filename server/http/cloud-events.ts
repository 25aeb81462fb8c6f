import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { HttpEvent } from '../../domain/http-event.ts';
import { parseJson } from '../receiving/body.ts';
import { shortly } from '../receiving/read-event.ts';
import { Refusal } from '../refusal.ts';

/** A CloudEvent, however it came. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
export interface CloudEvent {
  id: string;
  time?: string;
  data: HttpEvent;
}

/** So many in one batch: each is an event of its own. */
const inBatchAtMost = 100;

const uriReference = z.string().min(1).max(500).regex(/^\S+$/);
const attributes = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(500),
  source: uriReference,
  type: z.string().min(1).max(255),
  subject: z.string().min(1).max(1_024).optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  datacontenttype: z.string().max(255).optional(),
  dataschema: uriReference.optional(),
});
const structured = z.looseObject({
  ...attributes.shape,
  data: z.unknown(),
  data_base64: z.base64().optional(),
});

const own = new Set(Object.keys(structured.shape));
const extensionName = /^[a-z0-9]{1,64}$/;
const extensionsOf = (given: Record<string, unknown>): Record<string, string | number | boolean> =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      !own.has(name) && extensionName.test(name) && ['string', 'number', 'boolean'].includes(typeof value)
        ? [[name, value as string]]
        : [],
    ),
  );

export type CarriedBy = 'structured' | 'batch' | 'binary';

/** How a request carries CloudEvents; undefined: it carries none. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md */
export function carriedBy(headers: IncomingHttpHeaders): CarriedBy | undefined {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === 'application/cloudevents+json') return 'structured';
  if (type === 'application/cloudevents-batch+json') return 'batch';
  return headers['ce-specversion'] === undefined ? undefined : 'binary';
}

/** Reads the CloudEvents of verified bytes. What is none is refused with what is wrong: its sender can mend it. */
export function readCloudEvents(by: CarriedBy, headers: IncomingHttpHeaders, body: Uint8Array): CloudEvent[] {
  if (by === 'binary') return [readBinary(headers, body)];
  const json = parseJson(body);
  if (by === 'structured') return [readStructured(json)];
  if (!Array.isArray(json)) throw malformed('A batch is a JSON list of events');
  if (json.length > inBatchAtMost)
    throw malformed(`A batch holds ${inBatchAtMost} events at most, and this one ${json.length}`);
  return json.map(readStructured);
}

function readStructured(json: unknown): CloudEvent {
  const parsed = structured.safeParse(json);
  if (!parsed.success) throw malformed(shortly(parsed.error));
  const { data, data_base64, ...given } = parsed.data;
  return eventOf(given, data_base64 === undefined ? data : ofBase64(given.datacontenttype, data_base64));
}

/** Its attributes are headers, percent-encoded where they are not plain. */
function readBinary(headers: IncomingHttpHeaders, body: Uint8Array): CloudEvent {
  const given = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('ce-') && typeof value === 'string' ? [[name.slice('ce-'.length), decoded(value)]] : [],
    ),
  );
  const parsed = z.looseObject(attributes.shape).safeParse(given);
  if (!parsed.success) throw malformed(shortly(parsed.error));
  return eventOf(parsed.data, body.length === 0 ? undefined : parseJson(body));
}

function eventOf(given: z.output<typeof attributes>, body: unknown): CloudEvent {
  const { id, source, type, subject, time, dataschema } = given;
  return {
    // The two together are its identity.
    id: `${source} ${id}`,
    ...(time === undefined ? {} : { time: new Date(time).toISOString() }),
    data: {
      type,
      source,
      ...(subject === undefined ? {} : { subject }),
      ...(dataschema === undefined ? {} : { dataschema }),
      extensions: extensionsOf(given),
      body,
    },
  };
}

function ofBase64(type: string | undefined, text: string): unknown {
  if (type === undefined || /^application\/(.+\+)?json\b/i.test(type))
    return parseJson(Buffer.from(text, 'base64'));
  return text;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const malformed = (what: string) =>
  new Refusal(400, 'Not a CloudEvent', `${what}. Send what CloudEvents 1.0 describes, and each event once.`);
