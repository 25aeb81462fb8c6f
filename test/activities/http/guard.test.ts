import type { LookupAddress } from 'node:dns';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isPublic } from '../../../activities/http/addresses.ts';
import { readAllowedHosts } from '../../../activities/http/allowed.ts';
import { connectHttp } from '../../../activities/http/client.ts';
import { addressesFor, type Lookup, NotAllowed, systemLookup } from '../../../activities/http/guard.ts';
import { readHttpResource } from '../../../activities/http/read-resource.ts';
import { failureOf, runnerFor, startServing } from '../run.ts';
import { inside } from './addresses.ts';

const at = (address: string): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 });

/** A connection with these hosts allowed, whose names lead where `lookup` says. */
function callerWith(list: string, lookup: Lookup, more: { proxyUrl?: string; env?: NodeJS.ProcessEnv } = {}) {
  const allowed = readAllowedHosts(list);
  if (!allowed) throw new Error(`no list: ${list}`);
  const options = {
    allowed,
    origins: [],
    bearerToken: undefined,
    hmacSecret: undefined,
    proxyUrl: undefined,
  };
  const connection = connectHttp({ ...options, lookup, ...more }, more.env ?? {});
  const run = runnerFor({}, { http: async () => connection });
  return (url: string, followRedirects = false) =>
    run(readHttpResource, { url, followRedirects, timeoutSeconds: 5 });
}

/** Whatever connects is counted and let go. Listens on IPv4 and, where the machine has it, on IPv6 under the same port. */
async function startListening() {
  let connections = 0;
  const count = (socket: Socket) => {
    connections += 1;
    socket.destroy();
  };
  const listen = async (host: string, port: number) => {
    const server = createServer(count);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  };
  const port = await listen('0.0.0.0', 0);
  await listen('::1', port).catch(() => undefined);
  return { port, connections: () => connections };
}

describe('an address that leads inside', () => {
  it('is refused in each of its forms, and nobody there sees a connection', async () => {
    const listener = await startListening();
    const call = callerWith('', async () => [at('127.0.0.1')]);
    const wrong: string[] = [];
    for (const form of inside) {
      const url = form.replaceAll('PORT', String(listener.port));
      const failure = await failureOf(call(url)).catch((error: unknown) => ({ type: String(error) }));
      if (failure.type !== 'InvalidInput') wrong.push(`${url}: ${failure.type} ${String(failure)}`);
    }
    expect(wrong).toEqual([]);
    expect(new Set(inside).size).toBeGreaterThanOrEqual(120);
    expect(listener.connections()).toBe(0);
  });

  it('would have been seen: the listener counts', async () => {
    const listener = await startListening();
    await failureOf(callerWith('127.0.0.0/8', systemLookup)(`http://127.0.0.1:${listener.port}/`));
    await new Promise((resolve) => connect(listener.port, '127.0.0.1').once('close', resolve));
    expect(listener.connections()).toBe(2);
  });

  it('is refused by name with the machine’s own resolver', async () => {
    const listener = await startListening();
    expect(
      await failureOf(callerWith('', systemLookup)(`https://localhost:${listener.port}/`)),
    ).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('localhost is not an address of the public internet'),
    });
    expect(listener.connections()).toBe(0);
  });

  it.each([
    ['one of several', ['93.184.215.14', '10.0.0.1']],
    ['the last of several', ['93.184.215.14', '2606:2800::1', '::ffff:127.0.0.1']],
    ['IPv6', ['fd00::1']],
  ])('is refused as %s of a name’s addresses', async (_, addresses) => {
    const call = callerWith('', async () => addresses.map(at));
    expect(await failureOf(call('https://shop.example/'))).toMatchObject({ type: 'InvalidInput' });
  });

  it('is not reached by a name that leads elsewhere a moment later', async () => {
    const server = await startServing(() => ({ status: 200, body: 'there' }));
    const answers = ['127.0.0.1', '127.0.0.2'];
    const asked: string[] = [];
    const call = callerWith('127.0.0.1/32', async (name) => {
      asked.push(name);
      return [at(answers[asked.length - 1] ?? '')];
    });
    const url = `http://rebind.example:${server.port}/`;
    expect(await call(url)).toMatchObject({ body: 'there' });
    expect(asked).toHaveLength(1);
    expect(await failureOf(call(url))).toMatchObject({ type: 'InvalidInput' });
    expect(asked).toHaveLength(2);
    expect(server.counted.connections).toBe(1);
  });
});

describe('a redirect', () => {
  it.each([
    ['to this machine', 'http://127.0.0.1:PORT/'],
    ['to a name of this machine', 'https://localhost:PORT/'],
    ['to the metadata of a cloud', 'http://169.254.169.254/latest/meta-data/'],
    ['with a user', 'http://ada:x@127.0.0.1:PORT/'],
    ['to a file', 'file:///etc/passwd'],
    ['without a scheme', '//localhost:PORT/'],
    ['to nowhere', 'http://'],
  ])('%s is checked as the first address was', async (_, location) => {
    const listener = await startListening();
    const server = await startServing(() => ({
      status: 302,
      headers: { location: location.replace('PORT', String(listener.port)) },
    }));
    const call = callerWith(`127.0.0.1:${server.port}`, systemLookup);
    expect(await failureOf(call(server.url, true))).toMatchObject({ type: 'InvalidInput' });
    expect(server.heard).toHaveLength(1);
    expect(listener.connections()).toBe(0);
  });

  it('is not followed unless that is asked for, and then five times at most', async () => {
    const server = await startServing(({ url = '' }) => {
      const step = Number(url.slice(1));
      return step < 5 ? { status: 307, headers: { location: `/${step + 1}` } } : { status: 200, body: url };
    });
    const call = callerWith(`127.0.0.1:${server.port}`, systemLookup);
    expect(await failureOf(call(`${server.url}/0`))).toMatchObject({
      type: 'ProviderRefused',
      message: expect.stringContaining('redirects are not followed'),
    });
    expect(server.heard).toHaveLength(1);
    const odd = await startServing(() => ({ status: 302, headers: { location: 'file:///etc/passwd' } }));
    expect(await failureOf(callerWith(`127.0.0.1:${odd.port}`, systemLookup)(odd.url))).toMatchObject({
      type: 'ProviderRefused',
    });
    expect(await call(`${server.url}/0`, true)).toMatchObject({ body: '/5' });
    expect(await failureOf(call(`${server.url}/-1`, true))).toMatchObject({ type: 'InvalidInput' });
  });
});

describe('a proxy', () => {
  /** A proxy that lets nothing through, and what it was asked for. */
  async function startProxy() {
    const asked: string[] = [];
    const server = createServer((socket) => {
      socket.once('data', (bytes) => {
        asked.push(bytes.toString().split('\r\n')[0] ?? '');
        socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }
  const unknown: Lookup = async () => {
    throw Object.assign(new Error('x'), { code: 'ENOTFOUND' });
  };

  it('is asked for a public name, and for one that only it may know', async () => {
    const { url: proxyUrl, asked } = await startProxy();
    await failureOf(callerWith('', async () => [at('93.184.215.14')], { proxyUrl })('https://shop.example/'));
    await failureOf(callerWith('', unknown, { proxyUrl })('https://only-outside.example:8443/'));
    await failureOf(callerWith('ci.internal', unknown, { proxyUrl })('http://ci.internal/x'));
    expect(asked).toEqual([
      'CONNECT shop.example:443 HTTP/1.1',
      'CONNECT only-outside.example:8443 HTTP/1.1',
      'GET http://ci.internal/x HTTP/1.1',
    ]);
  });

  it('is not asked for what leads inside as far as can be told here', async () => {
    const { url: proxyUrl, asked } = await startProxy();
    const call = callerWith('', async () => [at('10.0.0.7')], { proxyUrl });
    for (const url of [
      'https://10.0.0.1/',
      'https://[fd00::1]/',
      'https://0x7f.1/',
      'https://db.internal/',
      'http://shop.example/',
    ])
      expect(await failureOf(call(url))).toMatchObject({ type: 'InvalidInput' });
    const blind = callerWith('', unknown, { proxyUrl });
    expect(await failureOf(blind('http://only-outside.example/'))).toMatchObject({ type: 'InvalidInput' });
    expect(asked).toEqual([]);
  });

  it('of the process is taken where the connection has none of its own, and left out by NO_PROXY', async () => {
    const [own, shared] = [await startProxy(), await startProxy()];
    const env = { HTTPS_PROXY: shared.url, NO_PROXY: 'direct.example' };
    const publicly: Lookup = async () => [at('93.184.215.14')];
    await failureOf(callerWith('', publicly, { env })('https://shop.example/'));
    await failureOf(callerWith('', publicly, { env, proxyUrl: own.url })('https://shop.example/'));
    expect([own.asked.length, shared.asked.length]).toEqual([1, 1]);
    const direct = callerWith('', async () => [at('10.0.0.7')], { env, proxyUrl: own.url });
    expect(await failureOf(direct('https://direct.example/'))).toMatchObject({ type: 'InvalidInput' });
    expect([own.asked.length, shared.asked.length]).toEqual([1, 1]);
  });
});

describe('what a connection allows', () => {
  it.each([
    ['127.0.0.1:PORT', true],
    ['127.0.0.1', true],
    ['127.0.0.0/8', true],
    ['0x7f.1:PORT', true],
    ['10.0.0.0/8, 127.0.0.1/32', true],
    ['127.0.0.1:1', false],
    ['10.0.0.0/8', false],
    ['localhost:PORT', false],
    ['::1/128', false],
    ['', false],
  ])('%s lets a request to 127.0.0.1 through: %s', async (list, isAllowed) => {
    const server = await startServing(() => ({ status: 200, body: 'there' }));
    const call = callerWith(list.replace('PORT', String(server.port)), systemLookup);
    const outcome = await call(server.url).catch((error: { type: string }) => error.type);
    expect(outcome).toEqual(isAllowed ? expect.objectContaining({ body: 'there' }) : 'InvalidInput');
    expect(server.heard).toHaveLength(isAllowed ? 1 : 0);
  });

  it.each([
    ['CI.internal', 'http://ci.internal:PORT/', true],
    ['ci.internal', 'http://CI.INTERNAL.:PORT/', true],
    ['ci.internal:PORT', 'http://ci.internal:PORT/', true],
    ['bücher.example', 'http://xn--bcher-kva.example:PORT/', true],
    ['ci.internal', 'http://x.ci.internal:PORT/', false],
    ['ci.internal', 'http://ci.internal.evil.example:PORT/', false],
    ['ci.internal:1', 'http://ci.internal:PORT/', false],
  ])('%s names %s: %s', async (list, url, isAllowed) => {
    const server = await startServing(() => ({ status: 200, body: 'there' }));
    const port = String(server.port);
    const call = callerWith(list.replace('PORT', port), async () => [at('127.0.0.1')]);
    const outcome = await call(url.replace('PORT', port)).catch((error: { type: string }) => error.type);
    expect(outcome).toEqual(isAllowed ? expect.objectContaining({ body: 'there' }) : 'InvalidInput');
  });

  it.each([
    '10.0.0.0/33',
    'fd00::/129',
    'a b',
    'http://x',
    'x/8',
    'x:99999',
    'user@x',
    '[::1',
    'x:y',
    '*',
    '*.example.com',
  ])('is no such list: %s', (list) => {
    expect(readAllowedHosts(list)).toBeUndefined();
  });
});

describe('an address of IPv6 that a connection names', () => {
  it.each([
    ['[::1]', true],
    ['[0:0:0:0:0:0:0:1]:8080', true],
    ['[::1]:8081', false],
    ['[::2]', false],
  ])('is known without its brackets too: %s is %s', async (list, isAllowed) => {
    const allowed = readAllowedHosts(list);
    if (!allowed) throw new Error('no list');
    for (const hostname of ['::1', '[::1]']) {
      const target = { protocol: 'http:', hostname, port: '8080' };
      const outcome = await addressesFor(target, allowed, systemLookup).catch((error: Error) => error);
      expect(outcome).toEqual(isAllowed ? [{ address: '::1', family: 6 }] : expect.any(NotAllowed));
    }
  });
});

describe('a public address', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.215.14',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
    '2001:4860::8888',
  ])('is %s', (address) => {
    expect(isPublic(address)).toBe(true);
  });

  it('is never one of IPv4 in the form of IPv6', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, byte, byte, (...bytes) => {
        const dotted = bytes.join('.');
        for (const prefix of ['::ffff:', '::', '64:ff9b::', '64:ff9b:1::', '::ffff:0:'])
          expect(isPublic(`${prefix}${dotted}`)).toBe(false);
        const hex = bytes.map((each) => each.toString(16).padStart(2, '0')).join('');
        expect(isPublic(`2002:${hex.slice(0, 4)}:${hex.slice(4)}::1`)).toBe(false);
      }),
    );
  });

  it('is not what is no address', () => {
    for (const text of ['', 'x', '1.2.3', '1.2.3.4.5', '[::1]']) expect(isPublic(text)).toBe(false);
  });
});
