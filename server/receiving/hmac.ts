import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Whether any of these SHA-256 signatures is that of the bytes by any of the secrets: while a secret is rotated there are several of both.
 */
export function isSignedByAny(
  signatures: readonly Buffer[],
  body: Uint8Array,
  secrets: readonly (string | Uint8Array)[],
): boolean {
  let matches = false;
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret).update(body).digest();
    // Every pair is compared, so that the time tells nothing about which one matched.
    for (const signature of signatures) matches = timingSafeEqual(signature, expected) || matches;
  }
  return matches;
}
