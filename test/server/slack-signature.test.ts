import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSlackSignature } from '../../server/slack/signature.ts';
import { slackSigned } from '../fixtures/slack-requests.ts';

const secret = '0123456789abcdef0123456789abcdef';
const at = 1_763_629_200;
const command = Buffer.from(
  'token=tok&team_id=T0001&team_domain=acme&channel_id=C0001&channel_name=ops&user_id=U0001&user_name=zoe&command=%2Fincident&text=ack+Q1ABCDEF2GHIJK&api_app_id=A0001&is_enterprise_install=false&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT0001%2F1%2Fabc&trigger_id=1.2.abc',
);

function check(headers: Record<string, string>, body: Uint8Array, nowSeconds = at, key = secret) {
  const { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp } = headers;
  return checkSlackSignature({ signature, timestamp }, body, [key], nowSeconds * 1000);
}

describe('the signature of a request from Slack', () => {
  it('is that of known bytes', () => {
    const signature = 'v0=a2aebac8053156e910c6ccffbb8c1e887ce9f9628e97a884ec683b749468c4f5';
    const timestamp = String(at);
    expect(checkSlackSignature({ signature, timestamp }, command, [secret], at * 1000)).toBe('valid');
  });

  it('is stale more than five minutes away, on both sides', () => {
    const headers = slackSigned(command, secret, { at });
    for (const away of [-300, 0, 300]) expect(check(headers, command, at + away)).toBe('valid');
    for (const away of [-3_600, -301, 301, 3_600]) expect(check(headers, command, at + away)).toBe('stale');
  });

  it('does not match without its parts, under another label or in another length', () => {
    const headers = slackSigned(command, secret, { at });
    const signature = headers['x-slack-signature'] as string;
    const timestamp = String(at);
    const wrong = [
      { signature: undefined, timestamp },
      { signature, timestamp: undefined },
      { signature: signature.replace('v0', 'v1'), timestamp },
      { signature: signature.slice(0, -1), timestamp },
      { signature: `${signature}0`, timestamp },
      { signature: '', timestamp: '' },
      { signature, timestamp: `${at}.0` },
      { signature, timestamp: `-${at}` },
      { signature, timestamp: 'NaN' },
      { signature, timestamp: String(at + 1) },
    ];
    for (const given of wrong)
      expect(checkSlackSignature(given, command, [secret], at * 1000)).toBe('no match');
    expect(check(headers, command, at, 'another secret')).toBe('no match');
  });

  it('holds for any bytes, fails with one bit changed, and no header makes it throw', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 500 });
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(7), (body, place, bit) => {
        const headers = slackSigned(body, secret, { at });
        expect(check(headers, body)).toBe('valid');
        const changed = Uint8Array.from(body);
        changed[place % body.length] = (body[place % body.length] as number) ^ (1 << bit);
        expect(check(headers, changed)).toBe('no match');
      }),
      { numRuns: 200 },
    );
    const text = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });
    fc.assert(
      fc.property(text, text, (signature, timestamp) => {
        expect(checkSlackSignature({ signature, timestamp }, command, [secret])).toBe('no match');
      }),
      { numRuns: 200 },
    );
  });
});
