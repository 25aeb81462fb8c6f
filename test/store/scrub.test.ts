import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../store/json.ts';
import { makeScrubber } from '../../store/scrub.ts';

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
    ['postgres://ada:pw@db.example.com/x', 'postgres://[secret]@db.example.com/x'],
  ])('masks %s by its looks', (text, masked) => {
    expect(makeScrubber([])(text)).toBe(masked);
  });

  it('leaves ordinary text alone', () => {
    const text = 'ada@example.com saw https://example.com/a@b, i-0123456789abcdef0 and xoxo';
    expect(makeScrubber(['some-secret'])(text)).toBe(text);
  });

  it('masks a secret that contains another one as a whole', () => {
    expect(makeScrubber(['secret', 'secret-and-more'])('a secret-and-more b')).toBe('a [secret] b');
  });

  it('takes long texts in linear time', () => {
    const scrub = makeScrubber(['some-secret']);
    const start = process.cpuUsage();
    for (const part of ['a', '://', 'eyJ', 'xoxb-', 'AKIA', '@', 'http://a', 'some-secre'])
      scrub(part.repeat(30_000));
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
