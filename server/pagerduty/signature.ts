import { isSignedByAny } from '../receiving/hmac.ts';

const mostSignatures = 10;
const version1 = /^v1=([0-9a-f]{64})$/i;

/**
 * Checks `X-PagerDuty-Signature` against the bytes as received: while a secret is rotated PagerDuty signs with several,
 * and we hold several, so any pair that matches is enough. Other versions are passed over.
 * https://developer.pagerduty.com/docs/webhooks-signatures
 */
export function checkSignature(
  header: string | undefined,
  body: Uint8Array,
  secrets: readonly string[],
): 'valid' | 'malformed' | 'no match' {
  const signatures = readSignatures(header);
  if (signatures.length === 0) return 'malformed';
  return isSignedByAny(signatures, body, secrets) ? 'valid' : 'no match';
}

/** Whether there is anything to compare: told before the body is read. */
export const isWellFormed = (header: string | undefined) => readSignatures(header).length > 0;

function readSignatures(header: string | undefined): Buffer[] {
  return (header ?? '')
    .split(',', mostSignatures)
    .flatMap((part) => version1.exec(part.trim())?.[1] ?? [])
    .map((hex) => Buffer.from(hex, 'hex'));
}
