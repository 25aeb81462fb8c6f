import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkHttpHealth } from '../../../activities/http/check-health.ts';
import { http } from '../../../activities/http/provider.ts';
import { readHttpResource } from '../../../activities/http/read-resource.ts';
import { sendHttpRequest } from '../../../activities/http/send-request.ts';
import { clientsFor, surroundingsFor } from '../../clients.ts';
import {
  afterUnknownOutcome,
  attemptWith,
  failureOf,
  keepsTexts,
  type Reply,
  runnerFor,
  startServing,
} from '../run.ts';

/** A service on this machine that Baton may call. */
async function startService(reply: Parameters<typeof startServing>[0], env: NodeJS.ProcessEnv = {}) {
  const service = await startServing(reply);
  const settings = {
    HTTP_ALLOWED_HOSTS: `127.0.0.1:${service.port}`,
    HTTP_ALLOWED_ORIGINS: service.url,
    ...env,
  };
  return { ...service, settings, run: runnerFor(settings) };
}
const always = (reply: Reply) => startService(() => reply);
const json = { 'content-type': 'application/json' };

describe('what is read', () => {
  it('is the status, a few headers without cookies, and JSON', async () => {
    const { url, run, heard } = await always({
      status: 200,
      headers: { ...json, 'set-cookie': ['sid=secret'], 'X-Build': '7' },
      body: '{"status":"ok"}',
    });
    const answer = await run(readHttpResource, { url: `${url}/a?x=1`, query: { y: 2, z: true } });
    expect(answer).toMatchObject({ status: 200, body: { status: 'ok' }, headers: { 'x-build': '7' } });
    expect(JSON.stringify(answer)).not.toMatch(/cookie|secret/);
    expect(heard[0]).toMatchObject({ call: 'GET /a?x=1&y=2&z=true', headers: { 'user-agent': 'baton' } });
  });

  it.each([
    ['text', 'plain text', 'plain text', undefined],
    ['nothing', '', '', undefined],
    ['cut JSON', '{"a":', '{"a":', undefined],
    [
      'JSON too deep for what reads it',
      '['.repeat(100) + ']'.repeat(100),
      '['.repeat(100) + ']'.repeat(100),
      undefined,
    ],
    ['long text', 'ü'.repeat(20_000), 'ü'.repeat(16_384), true],
    ['long JSON', `[${'1,'.repeat(20_000)}1]`, `[${'1,'.repeat(16_383)}1`, true],
  ])('may be %s', async (_, body, read, truncated) => {
    const { url, run } = await always({ status: 200, body, headers: json });
    const answer = await run(readHttpResource, { url });
    expect(answer.body).toEqual(read);
    expect(answer.truncated).toBe(truncated);
  });

  it('is kept whole where it is cut, of what is sent too, and told by its host alone', async () => {
    let body = 'x'.repeat(40_000);
    const { url, run, port } = await startService(() => ({ status: 200, body }));
    const { texts, keepText } = keepsTexts();
    const title = `Answer of 127.0.0.1:${port}`;
    const read = await run(readHttpResource, { url: `${url}/hooks/s3cret` }, { keepText });
    expect(read.kept).toMatchObject({ title, bytes: 40_000 });
    const sent = await run(sendHttpRequest, { method: 'POST', url }, { keepText });
    expect(sent).toMatchObject({ changed: true, truncated: true, kept: { title } });
    expect(texts).toEqual([
      { title, text: body },
      { title, text: body },
    ]);
    body = 'short';
    expect(await run(readHttpResource, { url }, { keepText })).not.toHaveProperty('kept');
    expect(texts).toHaveLength(2);
  });

  it('is cut at 5 MB, also where a few bytes stand for many', async () => {
    const big = Buffer.alloc(6 * 1024 * 1024, 'x');
    for (const reply of [
      { status: 200, body: big },
      { status: 200, body: gzipSync(big), headers: { 'content-encoding': 'gzip' } },
    ]) {
      const { url, run } = await always(reply);
      expect(await failureOf(run(readHttpResource, { url }))).toMatchObject({
        type: 'ProviderUnavailable',
        message: expect.stringContaining('larger than 5 MB'),
      });
    }
    const small = { status: 200, body: gzipSync('{"a":1}'), headers: { 'content-encoding': 'gzip' } };
    const { url, run } = await always(small);
    expect(await run(readHttpResource, { url })).toMatchObject({ body: { a: 1 } });
  });

  it('has the first 30 headers, of which each is bounded', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`x-${index}`, 'y'.repeat(index === 0 ? 2_000 : 100)]),
    );
    const { url, run } = await always({ status: 200, headers: many });
    const { headers } = await run(readHttpResource, { url, method: 'HEAD' });
    expect(Object.keys(headers)).toHaveLength(30);
    expect(headers['x-0']).toHaveLength(1_000);
  });

  it.each([
    [404, {}, 'ProviderRefused'],
    [401, {}, 'ProviderRefused'],
    [409, {}, 'Conflict'],
    [503, {}, 'ProviderUnavailable'],
    [429, { 'retry-after': '7' }, 'RateLimited'],
  ])('is a failure where the answer is %s', async (status, headers, type) => {
    const { url, run } = await always({ status, headers, body: 'words of theirs' });
    const failure = await failureOf(run(readHttpResource, { url: `${url}/secret-path` }));
    expect(failure).toMatchObject({ type });
    expect(String(failure)).toContain(`${new URL(url).host} answered ${status}`);
    expect(String(failure)).not.toMatch(/secret-path|words of theirs/);
    if (status === 429) expect(failure.nextRetryDelay).toBe(7000);
    expect(await run(readHttpResource, { url, expect: [status] })).toMatchObject({
      status,
      body: 'words of theirs',
    });
  });

  it('takes no longer than it may', async () => {
    const { url, run } = await startService(() => undefined);
    expect(await failureOf(run(readHttpResource, { url, timeoutSeconds: 1 }))).toMatchObject({
      type: 'ProviderUnavailable',
      message: expect.stringContaining('no answer within 1 s'),
    });
  });

  it.each([
    'Authorization',
    'cookie',
    'HOST',
    'Proxy-Authorization',
    'content-length',
    'transfer-encoding',
    'webhook-signature',
  ])(
    'is not asked for with the header %s, which would stand in the history or break the request',
    async (name) => {
      const { url, run, heard } = await always({ status: 200 });
      expect(await failureOf(run(readHttpResource, { url, headers: { [name]: 'x' } }))).toMatchObject({
        type: 'InvalidInput',
        message: expect.stringContaining(name.toLowerCase()),
      });
      expect(await failureOf(run(readHttpResource, { url, headers: { 'x-a': 'b\r\nc: d' } }))).toMatchObject({
        type: 'InvalidInput',
      });
      expect(heard).toEqual([]);
    },
  );
});

describe('the secrets of a connection', () => {
  const secrets = {
    HTTP_BEARER_TOKEN: 'token-of-a-test',
    HTTP_HMAC_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  };

  it('go to the origins that they are for, signed as Standard Webhooks are', async () => {
    const { url, run, heard } = await startService(() => ({ status: 200 }), secrets);
    await run(sendHttpRequest, { method: 'POST', url: `${url}/hook`, body: { a: 'ü' } }, { key: 'run/ü 1' });
    const [{ headers, body } = { headers: {} as Record<string, string>, body: '' }] = heard;
    expect(headers.authorization).toBe('Bearer token-of-a-test');
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    );
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(5);
    expect(body).toBe('{"a":"ü"}');
  });

  it('go nowhere else, nor along with a redirect to another origin, nor do headers', async () => {
    const other = await startServing(() => ({ status: 200, body: 'there' }));
    const { url, run, heard } = await startService(
      () => ({ status: 302, headers: { location: `${other.url}/x` } }),
      { ...secrets, HTTP_ALLOWED_HOSTS: '127.0.0.1' },
    );
    const headers = { 'x-api-key': 'key-of-a-test' };
    await run(readHttpResource, { url: other.url });
    expect(await run(readHttpResource, { url, headers, followRedirects: true })).toMatchObject({
      body: 'there',
    });
    expect(heard[0]?.headers).toMatchObject({
      authorization: 'Bearer token-of-a-test',
      'x-api-key': 'key-of-a-test',
    });
    expect(other.heard).toHaveLength(2);
    for (const each of other.heard)
      expect(Object.keys(each.headers).filter((name) => /auth|webhook|api-key/.test(name))).toEqual([]);
  });

  it('are not sent where another origin has chosen the path, also when it leads back', async () => {
    const other = await startServing(() => ({ status: 302, headers: { location: `${own.url}/delete-all` } }));
    const own = await startService(() => ({ status: 200 }), {
      ...secrets,
      HTTP_ALLOWED_HOSTS: '127.0.0.1',
    });
    await own.run(readHttpResource, { url: other.url, followRedirects: true });
    expect(own.heard[0]?.call).toBe('GET /delete-all');
    expect(Object.keys(own.heard[0]?.headers ?? {}).filter((name) => /auth|webhook/.test(name))).toEqual([]);
  });

  it('stay with a redirect within the origin', async () => {
    const { url, run, heard } = await startService(
      (request) => (request.url === '/' ? { status: 302, headers: { location: '/next' } } : { status: 200 }),
      secrets,
    );
    await run(readHttpResource, { url, followRedirects: true });
    expect(heard[1]).toMatchObject({
      call: 'GET /next',
      headers: { authorization: 'Bearer token-of-a-test' },
    });
  });

  it.each([
    [{ HTTP_BEARER_TOKEN: 'x' }, /HTTP_ALLOWED_ORIGINS to the origins/],
    [{ HTTP_HMAC_SECRET: 'x' }, /HTTP_ALLOWED_ORIGINS to the origins/],
    [{ HTTP_ALLOWED_ORIGINS: 'https://ci.example.com/hook' }, /HTTP_ALLOWED_ORIGINS.* is not a list/],
    [{ HTTP_ALLOWED_ORIGINS: 'ci.example.com' }, /HTTP_ALLOWED_ORIGINS.* is not a list/],
    [{ HTTP_ALLOWED_HOSTS: '10.0.0.0/99' }, /HTTP_ALLOWED_HOSTS.* is not a list/],
    [{ HTTP_PROXY_URL: 'socks5://x' }, /HTTP_PROXY_URL.* is not an address/],
  ])('need an origin, and what is set is complained of by name: %j', async (env, message) => {
    expect(await failureOf(clientsFor(env).http('default'))).toMatchObject({
      type: 'NotConnected',
      message: expect.stringMatching(message),
    });
  });

  it('are not needed: there is nothing to set, and nothing to check', async () => {
    const client = await clientsFor({}).http('default');
    expect(await http.check(client, new AbortController().signal, { rights: [], settings: {} })).toEqual([]);
  });
});

describe('a request that changes something', () => {
  const closed = 'http://127.0.0.1:1';
  const allowed = { HTTP_ALLOWED_HOSTS: '127.0.0.1' };

  it('carries the key of the effect, and JSON', async () => {
    const { url, run, heard } = await always({ status: 201, headers: json, body: '{"id":7}' });
    const sent = await run(sendHttpRequest, { method: 'POST', url: `${url}/hook`, body: { a: 1 } });
    expect(sent).toMatchObject({ changed: true, status: 201, body: { id: 7 } });
    expect(heard).toMatchObject([
      {
        call: 'POST /hook',
        body: '{"a":1}',
        headers: { 'idempotency-key': 'run-1#5', 'content-type': 'application/json' },
      },
    ]);
  });

  it('carries a form or a text in place of JSON, of the kind that its header says', async () => {
    const { url, run, heard } = await always({ status: 204 });
    await run(sendHttpRequest, { method: 'POST', url, form: { 'a b': 'x&y=ü', n: 7, yes: true } });
    await run(sendHttpRequest, { method: 'POST', url, text: 'deploy_failed{stage="live"} 1\n' });
    await run(sendHttpRequest, {
      method: 'PUT',
      url,
      text: '<event/>',
      headers: { 'Content-Type': 'application/xml' },
    });
    expect(heard.map(({ body, headers: { 'content-type': type } }) => [type, body])).toEqual([
      ['application/x-www-form-urlencoded', 'a+b=x%26y%3D%C3%BC&n=7&yes=true'],
      ['text/plain; charset=utf-8', 'deploy_failed{stage="live"} 1\n'],
      ['application/xml', '<event/>'],
    ]);
    const failure = await failureOf(run(sendHttpRequest, { method: 'POST', url, body: {}, text: '' }));
    expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('one body') });
  });

  it.each(['POST', 'PATCH'] as const)('is a %s.* is not sent twice unseen', async (method) => {
    const { url, run, heard } = await always({ status: 200 });
    const failure = await failureOf(run(sendHttpRequest, { method, url }, afterUnknownOutcome));
    expect(failure).toMatchObject({
      type: 'Conflict',
      nonRetryable: true,
      message: expect.stringMatching(/may or may not have been taken; look there.*declare it repeatable/),
    });
    expect(heard).toEqual([]);
    await run(sendHttpRequest, { method, url, repeatable: true }, afterUnknownOutcome);
    expect(heard).toHaveLength(1);
  });

  it.each(['PUT', 'DELETE'] as const)('is a %s, which may be sent again', async (method) => {
    const { url, run, heard } = await always({ status: 204 });
    await run(sendHttpRequest, { method, url }, afterUnknownOutcome);
    expect(heard).toHaveLength(1);
  });

  it('has no effect where the other side was not reached, and an unknown one where it gave up', async () => {
    const unreached = await failureOf(runnerFor(allowed)(sendHttpRequest, { method: 'POST', url: closed }));
    expect(unreached).toMatchObject({
      type: 'ProviderUnavailable',
      message: expect.stringContaining('ECONNREFUSED'),
      details: [{ effect: 'none' }],
    });
    const { url, run } = await startService((request) => {
      request.socket.destroy();
      return { status: 200 };
    });
    expect(await failureOf(run(sendHttpRequest, { method: 'POST', url }))).toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ effect: 'unknown' }],
    });
  });

  it('is planned without any request, and the plan holds no query', async () => {
    const input = sendHttpRequest.input.parse({
      method: 'POST',
      url: 'https://ci.example.com/hook?token=x',
      body: { a: 1 },
    });
    const looked = await sendHttpRequest.look(input, { ...surroundingsFor({}), attempt: attemptWith() });
    expect(looked).toEqual({
      plan: {
        summary: 'Sends a POST to ci.example.com/hook',
        calls: ['POST https://ci.example.com/hook'],
        values: {},
        after: { a: 1 },
        inverse: { none: expect.any(String) },
        output: { changed: true, status: 200, headers: {}, body: null },
      },
    });
    expect(sendHttpRequest.targets?.(input)).toEqual(['http:https://ci.example.com/hook']);
  });

  it('is not led elsewhere', async () => {
    const { url, run, heard } = await always({ status: 307, headers: { location: '/x' } });
    expect(await failureOf(run(sendHttpRequest, { method: 'POST', url }))).toMatchObject({
      type: 'ProviderRefused',
      message: expect.stringContaining('redirects are not followed'),
    });
    expect(heard).toHaveLength(1);
  });
});

describe('a health check', () => {
  it.each([
    ['an answer as expected', { status: 200 }, {}, { healthy: true, status: 200 }],
    ['another status', { status: 500 }, {}, { healthy: false, status: 500, reason: 'it answered 500' }],
    ['the status that is expected', { status: 401 }, { expect: [401] }, { healthy: true, status: 401 }],
    ['a redirect', { status: 302, headers: { location: '/' } }, {}, { healthy: false, status: 302 }],
  ])('sees %s', async (_, reply, input, output) => {
    const { url, run } = await always(reply);
    expect(await run(checkHttpHealth, { url, ...input })).toMatchObject(output);
  });

  it('sees that nobody answers', async () => {
    const run = runnerFor({ HTTP_ALLOWED_HOSTS: '127.0.0.1' });
    expect(await run(checkHttpHealth, { url: 'http://127.0.0.1:1' })).toMatchObject({
      healthy: false,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('sees an answer that is too slow', async () => {
    const { url, run } = await startService(() => {
      const end = performance.now() + 20;
      while (performance.now() < end);
      return { status: 200 };
    });
    expect(await run(checkHttpHealth, { url, withinMilliseconds: 10 })).toMatchObject({
      healthy: false,
      status: 200,
      reason: expect.stringMatching(/^it took \d+ ms$/),
    });
  });

  it('is not made of an address that is not allowed', async () => {
    expect(await failureOf(runnerFor({})(checkHttpHealth, { url: 'https://10.0.0.1/' }))).toMatchObject({
      type: 'InvalidInput',
    });
  });
});
