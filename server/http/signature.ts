import { createHash, timingSafeEqual } from 'node:crypto';
import { isSignedByAny } from '../receiving/hmac.ts';

/** A signature of this age may be a copy that somebody has kept. https://www.standardwebhooks.com */
const oldestSeconds = 300;

/** What a sender shows with a request. Names in small letters. */
export type Header = (name: string) => string | undefined;

/** What was found of a signature: `none` where no header holds one in a form that is known. */
export type Signed = 'valid' | 'none' | 'no match' | 'too old';

interface Scheme {
  /** Left out where the header is not there, or is not of its form. */
  signaturesIn(header: Header): Buffer[];
  /** What is signed. */
  signedText(header: Header, body: Uint8Array): Uint8Array;
  /** Undefined: it signs no time. */
  secondsIn?(header: Header): number;
}

const hexOf = (pattern: RegExp, header: string | undefined): Buffer[] => {
  const hex = pattern.exec(header?.trim() ?? '')?.[1];
  return hex ? [Buffer.from(hex, 'hex')] : [];
};

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const standardWebhooks: Scheme = {
  signaturesIn(header) {
    if (!/^\d{1,12}$/.test(header('webhook-timestamp') ?? '') || !header('webhook-id')) return [];
    return (header('webhook-signature') ?? '')
      .split(' ')
      .flatMap((part) => /^v1,([A-Za-z0-9+/]{43}=)$/.exec(part)?.[1] ?? [])
      .slice(0, 10)
      .map((text) => Buffer.from(text, 'base64'));
  },
  signedText: (header, body) =>
    Buffer.concat([Buffer.from(`${header('webhook-id')}.${header('webhook-timestamp')}.`), body]),
  secondsIn: (header) => Number(header('webhook-timestamp')),
};

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
const gitHub: Scheme = {
  signaturesIn: (header) => hexOf(/^sha256=([0-9a-f]{64})$/i, header('x-hub-signature-256')),
  signedText: (_, body) => body,
};

/** https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier */
const grafana: Scheme = {
  signaturesIn: (header) => hexOf(/^([0-9a-f]{64})$/i, header('x-grafana-alerting-signature')),
  signedText: (_, body) => body,
};

const schemes: readonly Scheme[] = [standardWebhooks, gitHub, grafana];

/** The forms of a signature, for whoever has sent none. */
export const signatureForms =
  'webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks), X-Hub-Signature-256 (GitHub) or X-Grafana-Alerting-Signature';

/** The form by which a request is signed. */
const schemeOf = (header: Header) => schemes.find(({ signaturesIn }) => signaturesIn(header).length > 0);

/** Whether a header holds a signature at all: told before the body is read. */
export const hasSignature = (header: Header): boolean => schemeOf(header) !== undefined;

/** The id of a delivery, where the signature covers it. */
export const signedId = (header: Header): string | undefined =>
  schemeOf(header) === standardWebhooks ? header('webhook-id') : undefined;

/** The id of a delivery, where its sender names one and signs its bytes alone. */
export const unsignedId = (header: Header): string | undefined =>
  schemeOf(header) === gitHub ? header('x-github-delivery') : undefined;

/** Whether the bytes are signed by one of the secrets. The header tells the form; a secret that begins with `whsec_` is base64. */
export function checkSignature(
  header: Header,
  body: Uint8Array,
  secrets: readonly string[],
  now: number,
): Signed {
  const scheme = schemeOf(header);
  if (!scheme) return 'none';
  const signed = scheme.signedText(header, body);
  if (!isSignedByAny(scheme.signaturesIn(header), signed, secrets.map(keyOf))) return 'no match';
  const seconds = scheme.secondsIn?.(header);
  return seconds !== undefined && Math.abs(now / 1000 - seconds) > oldestSeconds ? 'too old' : 'valid';
}

const keyOf = (secret: string) =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);

/** Whether the header bears one of the tokens. Digests are compared, so that the time tells nothing of a token, not even its length. */
export function bearsOne(authorization: string | undefined, tokens: readonly string[]): boolean {
  const token = /^Bearer +(\S+)$/i.exec(authorization?.trim() ?? '')?.[1];
  const shown = digestOf(token ?? '');
  let matches = false;
  for (const known of tokens) matches = timingSafeEqual(shown, digestOf(known)) || matches;
  return matches && token !== undefined;
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();
