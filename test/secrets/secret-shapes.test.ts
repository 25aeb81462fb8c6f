import { describe, expect, it } from 'vitest';
import { makeScrubber } from '../../secrets/scrub.ts';

const scrub = makeScrubber([]);
const hex = 'e93facc04764012d7bfb002500d5d1a6';
const long = 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0';

describe('a token of a maker', () => {
  // Each is put together here, so that no scanner takes it for one.
  it.each(
    [
      ['pdus', `+_0XBPWQQ_${long}`],
      ['pdeu', `+${long}`],
      ['glpat', `-${long.slice(0, 20)}`],
      ['sk_live', `_${long}`],
      ['rk_test', `_${long}`],
      ['sk-proj', `-${long}_${long}`],
      ['sk-ant', `-api03-${long}`],
      ['sk', `-${long}`],
      ['AIza', `Sy${long.slice(0, 33)}`],
      ['npm', `_${long.slice(0, 36)}`],
      ['SG.', `${long.slice(0, 22)}.${long}abc`],
      ['dop_v1', `_${hex}${hex}`],
      ['hvs', `.CAESI${long}`],
      ['hvb', `.AAAAAQ${long}`],
      ['ya29', `.a0AfH6SM${long}`],
      ['whsec', `_${long.slice(0, 32)}`],
      ['baton', `_${hex.slice(0, 12)}_${hex}${hex}`],
      ['shpat', `_${hex}`],
      ['ghp', `_${long}`],
      ['ATATT3', `xFfGF0${long}`],
      ['xoxe.xoxp', `-1-${long}`],
      ['ASIA', 'IOSFODNN7EXAMPLE'],
      ['hf', `_${long}`],
      ['dckr_pat', `_${long}`],
      ['eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
    ].map((parts) => parts.join('')),
  )('is masked wherever it stands: %s', (token) => {
    expect(scrub(`saw ${token} there`)).toBe('saw [secret] there');
    expect(scrub(JSON.stringify({ log: `line\n${token}\n` }))).toBe('{"log":"line\\n[secret]\\n"}');
    expect(scrub(`https://example.com/?next=%3Dx%26y%3D${token}`)).not.toContain(token);
  });

  it.each([
    `https://events.pagerduty.com/integration/${hex}/enqueue`,
    `https://discord.com/api/webhooks/112233445566778899/${long}`,
    `https://canary.discordapp.com/api/v10/webhooks/112233445566778899/${long}`,
    `https://acme.webhook.office.com/webhookb2/${hex}@${hex}/IncomingWebhook/${hex}/${hex}`,
    `https://outlook.office.com/webhook/${hex}@${hex}/IncomingWebhook/${hex}/${hex}`,
    `https://prod-1.westus.logic.azure.com/workflows/a/triggers/manual/paths/invoke?api-version=2016&sig=${long}`,
    `https://chat.googleapis.com/v1/spaces/AAA/messages?threadKey=a&token=${long}`,
    `https://b.s3.amazonaws.com/k?X-Amz-Security-Token=${long}&X-Amz-SignedHeaders=host&X-Amz-Signature=${hex}${hex}`,
    `https://acme.blob.core.windows.net/c/b?sv=2024&se=2026&sig=${long}%3D`,
    `https://hooks.slack-gov.com/services/T0/B0/${long}`,
  ])('is masked in an address that is as good as one: %s', (address) => {
    const masked = scrub(`POST ${address} failed`);
    expect(masked).not.toMatch(/[a-f0-9]{32}|A1b2C3/);
    expect(masked).toMatch(/^POST https:.*\[secret\].* failed$/);
  });
});

describe('who is in front of a host', () => {
  it.each([
    ['postgres://ada:pw@db/x', 'postgres://[secret]@db/x'],
    ['ada:pw@tcp(db:3306)/shop', 'ada:[secret]@tcp(db:3306)/shop'],
    ['redis://:pw@cache:6379/0', 'redis://[secret]@cache:6379/0'],
    ['https://ghost@sentry.example/1', 'https://[secret]@sentry.example/1'],
    ['postgres://ada:p@ss@db/x', 'postgres://[secret]@db/x'],
    ['amqp://ada:p/ss?#@mq:5672 is down', 'amqp://[secret]@mq:5672 is down'],
  ])('is masked: %s', (text, masked) => expect(scrub(text)).toBe(masked));

  it.each([
    'https://example.com/a@b',
    'https://example.com:8080/a@b and http://x:80?mail=ada@example.com',
    'http://db:5432, asked by ada@example.com',
  ])('stays where nobody is: %s', (text) => expect(scrub(text)).toBe(text));
});

describe('a header', () => {
  it.each([
    ['Cookie: sid=abc; theme=dark', 'Cookie: [secret]'],
    ['set-cookie: sid=abc; Path=/; HttpOnly\nServer: nginx', 'set-cookie: [secret]\nServer: nginx'],
    ['{"cookie":"sid=abc; a=\\"b\\"","host":"x"}', '{"cookie":"[secret]","host":"x"}'],
    ['{"cookie":"sid=","host":"x"}', '{"cookie":"[secret]","host":"x"}'],
    ['{"set-cookie":["sid=abc; Path=/","b=c"],"n":1}', '{"set-cookie":["[secret]"],"n":1}'],
    ["curl -H 'Cookie: sid=abc' x", "curl -H 'Cookie: [secret]' x"],
    [
      `Authorization: AWS4-HMAC-SHA256 Credential=X/2026/eu/s3, SignedHeaders=host, Signature=${hex}`,
      'Authorization: AWS4-HMAC-SHA256 [secret]',
    ],
    [
      'Authorization: Digest username="ada", response="abc"\nHost: x',
      'Authorization: Digest [secret]\nHost: x',
    ],
    [`Authorization: SSWS 00${long}`, 'Authorization: SSWS [secret]'],
    [`Authorization: Custom ${long}`, 'Authorization: Custom [secret]'],
    ['{"Authorization":["Bearer abc"],"n":1}', '{"Authorization":["Bearer [secret]"],"n":1}'],
    ['X-Api-Key: hunter2', 'X-Api-Key: [secret]'],
    [`X-Vault-Token: s.${long}`, 'X-Vault-Token: [secret]'],
  ])('loses its value: %s', (text, masked) => expect(scrub(text)).toBe(masked));

  it.each(['Cookie: not set', 'the cookie: it was too old', 'authorization: granted to the user'])(
    'is no header in a sentence: %s',
    (text) => expect(scrub(text)).toBe(text),
  );
});

describe('a secret that is known', () => {
  const secret = 'p/w+d "ä" = 100% & <x>~\\y!';
  const known = makeScrubber([secret]);
  const percent = (bytes: Buffer) =>
    Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  it.each([
    ['as it is', secret],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
    ['in upper-case hexadecimal', Buffer.from(secret).toString('hex').toUpperCase()],
    ['percent-encoded', encodeURIComponent(secret)],
    ['percent-encoded as an address', encodeURI(secret)],
    [
      'percent-encoded in lower case',
      encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
    ],
    [
      'percent-encoded by the letter of RFC 3986',
      encodeURIComponent(secret).replace('!', '%21').replace('~', '%7E'),
    ],
    ['percent-encoded twice', encodeURIComponent(encodeURIComponent(secret))],
    ['percent-encoded whole', percent(Buffer.from(secret))],
    ['in a form', new URLSearchParams({ secret }).toString()],
    ['in JSON', JSON.stringify({ secret })],
    ['in JSON with slashes escaped', JSON.stringify({ secret }).replace('/', '\\/')],
    ['in JSON of ASCII', JSON.stringify({ secret }).replaceAll('ä', '\\u00e4').replace('&', '\\u0026')],
    ['in JSON within JSON', JSON.stringify(JSON.stringify({ secret }))],
    [
      'in HTML',
      secret.replace('&', '&amp;').replaceAll('"', '&#34;').replace('<', '&lt;').replace('>', '&gt;'),
    ],
    ['in base64', Buffer.from(`u:${secret}`).toString('base64')],
    ['in base64 for URLs', Buffer.from(`us:${secret}`).toString('base64url')],
    ['in base64 in a URL', encodeURIComponent(Buffer.from(secret).toString('base64'))],
  ])('is masked %s', (_, text) => {
    const masked = known(`x ${text} y`);
    expect(masked).toContain('[secret]');
    expect(masked.length).toBeLessThan(45);
  });
});

describe('the search', () => {
  const parts = [
    'password=',
    'password: ',
    '"token":"',
    'secret=,a',
    'api_key=\\',
    "token='",
    'x:',
    '://a:b',
    '://:',
    'cookie: a=',
    'cookie:["',
    'secrets:["a","b",',
    '_',
    'set-cookie: a="',
    'authorization: digest a="',
    '-----BEGIN',
    '\\',
    '--token ',
    'name: token\n',
    'SG.a',
    'a.',
    ',a',
    'sig=',
    '/integration/',
    'token>',
    'password:value',
    ' ',
    '-',
    '"',
    "'",
  ];
  it.each(parts)('takes time in proportion to the text: %j repeated', (part) => {
    const known = makeScrubber(['p/w+d "ä"', 'aaaaaaaab', '\\\\\\\\x']);
    const start = process.cpuUsage();
    known(part.repeat(200_000 / part.length));
    expect(process.cpuUsage(start).user / 1e3).toBeLessThan(600);
  });
});
