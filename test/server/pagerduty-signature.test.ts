import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSignature } from '../../server/pagerduty/signature.ts';
import { signatureOf } from '../fixtures/webhooks.ts';

const a = 'whsec-A-7Qm2v9XkT4pL8sD1';
const b = 'whsec-B-Zr6yN0cHb3uWf5Ge';
const ping = Buffer.from(
  '{"event":{"id":"01HXPING0000000000000000AA","event_type":"pagey.ping","resource_type":"pagey","occurred_at":"2026-11-20T09:15:00.123Z","agent":null,"client":null,"data":{"message":"Hello from your friend Pagey!","type":"ping"}}}',
);
const byA = 'v1=e3809ef36d9cbaa01bb0b7d5928f562a56862fdbe70670f92b2d159a62e78d00';
const byB = 'v1=fb6071aa0d1847f84519aa11bb5ffdc1f9a17b4de20ca9422eb29c8af8db546b';
const annotated = Buffer.from(
  '{"event":{"id":"01HXANNOTATED00000000000AB","event_type":"incident.annotated","resource_type":"incident","occurred_at":"2026-11-20T09:20:31.004Z","agent":{"html_url":"https://acme.pagerduty.com/users/PUSER01","id":"PUSER01","self":"https://api.pagerduty.com/users/PUSER01","summary":"Zoë Ångström","type":"user_reference"},"client":null,"data":{"incident":{"html_url":"https://acme.pagerduty.com/incidents/Q1ABCDEF2GHIJK","id":"Q1ABCDEF2GHIJK","self":"https://api.pagerduty.com/incidents/Q1ABCDEF2GHIJK","summary":"CPU > 95% – checkout ✅","type":"incident_reference"},"id":"PNOTE01","content":"naïve café","trimmed":false,"type":"incident_note"}}}',
);

describe('the signature of a PagerDuty webhook', () => {
  it('is that of known bytes, with ASCII and without', () => {
    expect(checkSignature(byA, ping, [a])).toBe('valid');
    expect(checkSignature(byB, ping, [b])).toBe('valid');
    const known = 'v1=67f7c2496a325e2678f147d640ad7374c30d97cc2a14af606e2cdff8a8035173';
    expect(checkSignature(known, annotated, [a])).toBe('valid');
  });

  it('matches with any of several signatures and any of several secrets', () => {
    for (const header of [`${byA},${byB}`, `${byB},${byA}`, `${byB}, ${byA}`])
      for (const secrets of [[a], [b], [a, b], ['another', b]])
        expect(checkSignature(header, ping, secrets)).toBe('valid');
    expect(checkSignature(byA, ping, [b])).toBe('no match');
    expect(checkSignature(byA, ping, [])).toBe('no match');
  });

  it('passes over other versions and broken parts beside a match', () => {
    for (const other of ['v0=00', `v2=${byB.slice(3)}`, 'v1=', 'v1=zz', `${byA}00`, '', ' '])
      for (const header of [`${other},${byA}`, `${byA},${other}`])
        expect(checkSignature(header, ping, [a])).toBe('valid');
  });

  it('is malformed when no part is v1= and 64 hex digits', () => {
    const hex = byA.slice(3);
    for (const header of [undefined, '', ',', 'v1=', `v2=${hex}`, hex, `v1=${hex}0`, `v1=${hex.slice(1)}`])
      expect(checkSignature(header, ping, [a])).toBe('malformed');
    expect(checkSignature(`v1=${'z'.repeat(64)}`, ping, [a])).toBe('malformed');
    expect(checkSignature(`v1 = ${hex}`, ping, [a])).toBe('malformed');
  });

  it('is looked for among the first ten parts only', () => {
    const others = Array.from({ length: 9 }, () => byB);
    expect(checkSignature([...others, byA].join(','), ping, [a])).toBe('valid');
    expect(checkSignature([...others, byB, byA].join(','), ping, [a])).toBe('no match');
  });

  it('holds for any bytes, secrets and place in the list', () => {
    const bytes = fc.uint8Array({ maxLength: 2_000 });
    const keys = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(bytes, keys, fc.nat(), fc.nat(9), (body, secrets, which, place) => {
        const signing = secrets[which % secrets.length] as string;
        const parts = Array.from({ length: place }, (_, index) => signatureOf(body, `foreign ${index}`));
        const header = [...parts, signatureOf(body, signing)].join(',');
        expect(checkSignature(header, body, secrets)).toBe('valid');
        const others = secrets.filter((one) => one !== signing);
        expect(checkSignature(signatureOf(body, signing), body, others)).toBe('no match');
      }),
      { numRuns: 200 },
    );
  });

  it('fails with one bit changed, in the bytes or in the signature', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 500 });
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(7), fc.nat(63), (body, at, bit, digit) => {
        const changed = Uint8Array.from(body);
        changed[at % body.length] = (body[at % body.length] as number) ^ (1 << bit);
        expect(checkSignature(signatureOf(body, a), changed, [a])).toBe('no match');
        const hex = [...signatureOf(body, a).slice(3)];
        hex[digit] = hex[digit] === '0' ? '1' : '0';
        expect(checkSignature(`v1=${hex.join('')}`, body, [a])).toBe('no match');
      }),
      { numRuns: 200 },
    );
  });

  it('answers for any header at all', () => {
    const pieces = fc.array(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constant('v1='), fc.constant(byA), fc.constant(',')),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        expect(['valid', 'malformed', 'no match']).toContain(checkSignature(parts.join(''), ping, [a]));
      }),
      { numRuns: 500 },
    );
  });
});
