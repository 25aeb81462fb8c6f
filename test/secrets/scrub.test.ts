import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeScrubber, scrubValue } from '../../secrets/scrub.ts';
import { canonicalJson } from '../../store/json.ts';

/** Put together here, so that no scanner takes it for one. */
const pem = (kind: string) =>
  `-----BEGIN ${kind}-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n'.repeat(4)}-----END ${kind}-----${kind === 'PRIVATE KEY' ? '\n' : ''}`;

/** Beginnings of shapes that never come to their end. */
const hostile = [
  '-----BEGIN RSA PRIVATE KEY',
  '-----BEGIN ',
  'authorization: bearer ',
  'Authorization:',
  'bearer ',
  'token token=',
  'api_key="',
  'routing_key: a',
  'ghp_',
  'hooks.slack.com/services/',
  'xoxb.xoxb',
];

describe('the scrubber', () => {
  it('masks any secret in any text, in every form', () => {
    const secrets = fc
      .string({ unit: 'grapheme-ascii', minLength: 12, maxLength: 40 })
      .filter((s) => s.trim().length > 11);
    const around = fc.string({ unit: 'grapheme-ascii', maxLength: 10 });
    fc.assert(
      fc.property(secrets, around, around, (secret, before, after) => {
        const scrub = makeScrubber([secret]);
        const whole = `${before}${secret}${after}`;
        for (const form of [whole, encodeURIComponent(whole), JSON.stringify(whole)])
          expect(scrub(form)).toContain('[secret]');
        expect(scrub(whole)).not.toContain(secret);
        const base64 = scrub(Buffer.from(whole).toString('base64'));
        expect(Buffer.from(base64.replace('[secret]', ''), 'base64').toString('latin1')).not.toContain(
          secret,
        );
      }),
    );
  });

  it.each([
    ['xoxb-' + '1234567890-abcdef', '[secret]'],
    ['xapp-' + '1-A0-1-abcdef', '[secret]'],
    ['AKIA' + 'IOSFODNN7EXAMPLE', '[secret]'],
    ['Bearer eyJ' + 'hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'Bearer [secret]'],
    ['eyJ' + 'hdXRocyI6eyJyZWdpc3RyeS5leGFtcGxlLmNvbSI6e319fQ==', '[secret]'],
    ['Authorization: Bearer abcdefgh', 'Authorization: Bearer [secret]'],
    ['authorization: Basic YWRhOnNlY3JldA==', 'authorization: Basic [secret]'],
    ['{"Authorization":"Token token=y_NbAkKc66ryYTWUXYEu"}', '{"Authorization":"Token token=[secret]"}'],
    ['{\\"authorization\\": \\"Bearer abcdefgh\\"}', '{\\"authorization\\": \\"Bearer [secret]\\"}'],
    ['Proxy-Authorization=0123456789abcdef', 'Proxy-Authorization=[secret]'],
    ['sent Bearer 0a1b2c3d4e5f6g7h to it', 'sent Bearer [secret] to it'],
    ['"routing_key": "e93facc04764012d7bfb002500d5d1a6"', '"routing_key": "[secret]"'],
    ['routing-key=R0123456789ABCDEF0123456789ABCDE', 'routing-key=[secret]'],
    ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'aws_secret_access_key = [secret]'],
    [`a${pem('RSA PRIVATE KEY')}b`, 'a[secret]b'],
    [JSON.stringify({ key: pem('PRIVATE KEY') }), '{"key":"[secret]\\n"}'],
    [`log: ${pem('OPENSSH PRIVATE KEY').slice(0, 90)}`, 'log: [secret]'],
    ['https://hooks.slack.com/' + 'services/T0/B0/abcdefgh', 'https://hooks.slack.com/[secret]'],
    ['postgres://ada:pw@db.example.com/x', 'postgres://[secret]@db.example.com/x'],
  ])('masks %s by its looks', (text, masked) => {
    expect(makeScrubber([])(text)).toBe(masked);
  });

  it('leaves ordinary text alone', () => {
    const texts = [
      'ada@example.com saw https://example.com/a@b, i-0123456789abcdef0 and xoxo',
      'Authorization failed: the bearer of the basic token is not authorized, token expired, authorization: denied',
      'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, trace e93facc04764012d7bfb002500d5d1a6',
      'PGR0VU2, Q1K7ZQ0J9T6L2B, OPS-4211, 1763629200.000100, 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9, 172.16.0.1:8080',
      'api_key: missing, routing key: not set, access_token = required, client_secret=unset',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
      'checkout-7c9f8d-abcde restarted 17 times, eyJ is no token',
    ];
    for (const text of texts) expect(makeScrubber(['some-secret'])(text)).toBe(text);
    const value = { n: 12, ok: true, none: null, at: '2026-11-25T21:00:00.000Z', list: [1.5, texts] };
    expect(scrubValue(value, makeScrubber(['some-secret', '12']))).toEqual(value);
  });

  it('masks texts wherever they are in a value, and the names of fields', () => {
    const scrub = makeScrubber(['some-secret']);
    expect(scrubValue({ a: [{ b: 'x some-secret' }], 'some-secret': 1 }, scrub)).toEqual({
      a: [{ b: 'x [secret]' }],
      '[secret]': 1,
    });
  });

  it('masks a secret that contains another one as a whole', () => {
    expect(makeScrubber(['secret', 'secret-and-more'])('a secret-and-more b')).toBe('a [secret] b');
  });

  it('leaves a digest whole in which a short secret stands by chance, and masks that secret anywhere else', () => {
    const digest = '679beef4012d7bfb002500d5d1a6e93facc04764012d7bfb002500d5d1a61234';
    const scrub = makeScrubber(['beef', '4012', '1234']);
    for (const text of [digest, `SHA-256 ${digest}.`, `{"digest":"${digest}"}`, `${digest}/${digest}`])
      expect(scrub(text)).toBe(text);
    expect(scrub('pin 1234, x1234y, 0a1234, 001234')).toBe(
      'pin [secret], x[secret]y, 0a[secret], 00[secret]',
    );
    for (const other of [`a${digest}`, digest.slice(1), digest.repeat(2), digest.toUpperCase()])
      expect(scrub(other)).not.toContain('1234');
    expect(makeScrubber([digest, 'beef'])(`a key: ${digest}`)).toBe('a key: [secret]');
    expect(makeScrubber(['beef4012d7bfb002'])(digest)).not.toContain('beef4012');
  });

  it('takes long texts in linear time', () => {
    const scrub = makeScrubber(['some-secret']);
    const start = process.cpuUsage();
    for (const part of ['a', '://', 'eyJ', 'xoxb-', 'AKIA', '@', 'http://a', 'some-secre', ...hostile])
      scrub(part.repeat(30_000));
    makeScrubber(['beef'])('beef'.repeat(30_000));
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(2);
  });
});

describe('canonical JSON', () => {
  it('gives equal texts for equal values, whatever the order of their keys', () => {
    expect(canonicalJson({ b: 1, a: { d: [1, undefined], c: undefined } })).toBe(
      '{"a":{"d":[1,null]},"b":1}',
    );
  });

  it('says the same as the value, where JSON can say it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(
          JSON.parse(JSON.stringify(value).replaceAll('\\u0000', '\ufffd')),
        );
      }),
    );
  });
});
