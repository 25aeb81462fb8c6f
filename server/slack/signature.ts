import { createHmac, timingSafeEqual } from 'node:crypto';

const toleranceSeconds = 300;
const version0 = /^v0=([0-9a-f]{64})$/;
const timestampForm = /^\d{1,12}$/;

/**
 * Checks Slack's signature, by any of these secrets, over the bytes as received (https://docs.slack.dev/authentication/verifying-requests-from-slack).
 * A timestamp more than five minutes away, in the past or the future, is `stale`: the request may be replayed.
 */
export function checkSlackSignature(
  headers: { signature: string | undefined; timestamp: string | undefined },
  body: Uint8Array,
  secrets: readonly string[],
  now = Date.now(),
): 'valid' | 'stale' | 'no match' {
  const { signature = '', timestamp = '' } = headers;
  const given = version0.exec(signature)?.[1];
  if (!given || !timestampForm.test(timestamp)) return 'no match';
  const expected = secrets.map((secret) =>
    createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest(),
  );
  // All are compared, so that the time does not tell which one has signed.
  const matches = expected.filter((each) => timingSafeEqual(Buffer.from(given, 'hex'), each));
  if (matches.length === 0) return 'no match';
  return Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds ? 'stale' : 'valid';
}
