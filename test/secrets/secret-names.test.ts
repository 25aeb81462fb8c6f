import { describe, expect, it } from 'vitest';
import { makeScrubber, scrubValue } from '../../secrets/scrub.ts';

const scrub = makeScrubber([]);

describe('what stands behind the name of a secret', () => {
  it.each([
    ['password=hunter2', 'password=[secret]'],
    ['DB_PASSWORD=hunter PORT=1', 'DB_PASSWORD=[secret] PORT=1'],
    ['passwd: hunter2', 'passwd: [secret]'],
    ['Server=db;Pwd=hunter2;Database=x', 'Server=db;Pwd=[secret];Database=x'],
    ['SMTP_PASS="two words"', 'SMTP_PASS="[secret]"'],
    ['token=abc', 'token=[secret]'],
    ['secret: s3cr3t', 'secret: [secret]'],
    ['  password: swordfish\n  user: ada', '  password: [secret]\n  user: ada'],
    ['secret_key = abc', 'secret_key = [secret]'],
    ['STRIPE_API_KEY=abc', 'STRIPE_API_KEY=[secret]'],
    ['apiKey: "abc"', 'apiKey: "[secret]"'],
    ['clientSecret=abc', 'clientSecret=[secret]'],
    ['{"password":"a\\"b, c","user":"ada"}', '{"password":"[secret]","user":"ada"}'],
    ['{"password": 123456, "n": 1}', '{"password": "[secret]", "n": 1}'],
    ['{\\"db_password\\":\\"a\\\\\\"b\\",\\"n\\":1}', '{\\"db_password\\":\\"[secret]\\",\\"n\\":1}'],
    ["{'password': 'abc', 'n': 1}", "{'password': '[secret]', 'n': 1}"],
    ['{:password=>"abc"}', '{:password=>"[secret]"}'],
    ['Config(password=abc, n=1)', 'Config(password=[secret], n=1)'],
    ['https://x/?a=1&token=a%2Bb&b=2', 'https://x/?a=1&token=[secret]&b=2'],
    ['/login%3Fpassword%3Dhunter2', '/login%3Fpassword%3D[secret]'],
    ['a=1&password=p&q', 'a=1&password=[secret]'],
    ['PASSWORD=a,b;c', 'PASSWORD=[secret]'],
    [
      'DefaultEndpointsProtocol=https;AccountKey=ab+c==;EndpointSuffix=x',
      'DefaultEndpointsProtocol=https;AccountKey=[secret];EndpointSuffix=x',
    ],
    ['Endpoint=sb://x/;SharedAccessKey=ab=', 'Endpoint=sb://x/;SharedAccessKey=[secret]'],
    ['--password hunter2 --user ada', '--password [secret] --user ada'],
    ["password='it\\'s'", "password='[secret]'"],
    ['--api-key=abc', '--api-key=[secret]'],
    ['<password>hunter2</password>', '<password>[secret]</password>'],
    ['config["token"] = "abc"', 'config["token"] = "[secret]"'],
    ['//registry.npmjs.org/:_authToken=abc', '//registry.npmjs.org/:_authToken=[secret]'],
    ['{"name":"DB_PASSWORD","value":"abc"}', '{"name":"DB_PASSWORD","value":"[secret]"}'],
    ['- name: DB_PASSWORD\n  value: abc', '- name: DB_PASSWORD\n  value: [secret]'],
    ['{"secrets":["a","b, c"],"n":["d"]}', '{"secrets":["[secret]"],"n":["d"]}'],
    ['it said password="" token="abc"', 'it said password="" token="[secret]"'],
    ['BATON_WEBHOOK_SECRETS=abc,def', 'BATON_WEBHOOK_SECRETS=[secret]'],
  ])('is masked: %s', (text, masked) => {
    expect(scrub(text)).toBe(masked);
    expect(scrub(masked)).toBe(masked);
    expect(scrub(JSON.stringify({ log: text }))).toBe(JSON.stringify({ log: masked }));
  });

  it.each([
    'the password is wrong, the token expired and no secret was found',
    'token: expired',
    'password=<nil> token= secret=null api_key=\u0024{API_KEY} passwd=*** pwd=[redacted]',
    'invalid_token: The access token expired',
    'failed to fetch anonymous token: unexpected status: 403 Forbidden',
    'MountVolume.SetUp failed for volume "tls" : secret "checkout-tls" not found',
    "couldn't find key password in Secret shop/db",
    'API key: the one of yesterday; password: must be at least 8 characters',
    'use --password instead of it, or --token from the vault',
    'Token: 401 errors at checkout',
    'token:  1234 bytes',
    'arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC123',
    'image registry.example/vault-token:1.4.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'arn:aws:iam::123456789012:role/secret-rotation, commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
    'token-refresher-7c9f8d-abcde and task-proj-worker-7c9f8d5b6c-abcde restarted',
    'PWD=/srv/app OLDPWD=/ tokens=1200 pass=12 fail=3 compass=north bypass=true',
    'if token == expected, Vault::Token::new, secret://path, https://x/?tokenize=1',
    '{"msg":"wrong token: ","n":1}',
    '{"secret":{"name":"db"},"tokens":{"n":1},"password":null}',
    'secret:\n  secretName: checkout-tls',
    'next: "token", "password", "name"',
    'monkey=1 keyboard=2 signal=abc design=0123456789abcdef sigma=0123456789abcdef',
  ])('stays where it is prose, an id or nothing: %s', (text) => expect(scrub(text)).toBe(text));

  it('is masked in a field of that name, and in a pair of a name and a value', () => {
    const wire = { password: 'hunter', env: [{ name: 'API_TOKEN', value: 'abc' }], 'set-cookie': ['a', 'b'] };
    expect(scrubValue({ ...wire, token: null, secret: 'missing', name: 'token' }, scrub)).toEqual({
      password: '[secret]',
      env: [{ name: 'API_TOKEN', value: '[secret]' }],
      'set-cookie': ['[secret]', '[secret]'],
      token: null,
      secret: 'missing',
      name: 'token',
    });
  });
});
