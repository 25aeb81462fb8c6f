import type { Server } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { longestBody } from '../../server/receiving/body.ts';
import { signatureOf, webhookBody } from '../fixtures/webhooks.ts';
import { exchange, secret, startReceiver, statusOf } from './receiver.ts';

const body = webhookBody('incident.triggered').toString();
const signature = signatureOf(Buffer.from(body), secret);
const head = [
  'POST /webhooks/pagerduty HTTP/1.1',
  'Host: baton.example.com',
  'Content-Type: application/json',
  `X-PagerDuty-Signature: ${signature}`,
];
const length = `Content-Length: ${Buffer.byteLength(body)}`;
const closing = 'Connection: close';
const request = (lines: string[], rest = body, end = '\r\n') => lines.join(end) + end + end + rest;
const chunk = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** The problem that an answer says it holds. */
function problemIn(answer: string): unknown {
  const [start = '', text = ''] = answer.split('\r\n\r\n');
  expect(start).toContain('Content-Type: application/problem+json');
  return JSON.parse(text);
}

function makeImpatient(server: Server): void {
  server.headersTimeout = 100;
  server.requestTimeout = 100;
}

describe('the server, on bytes from a socket', () => {
  it('takes what is well formed', async () => {
    const { port, stored } = await startReceiver();
    expect(statusOf(await exchange(port, request([...head, length, closing])))).toBe(202);
    const chunked = request([...head, 'Transfer-Encoding: chunked', closing], chunk);
    expect(statusOf(await exchange(port, chunked))).toBe(202);
    expect(stored).toHaveLength(1);
  });

  it.each([
    ['both a length and chunks', request([...head, length, 'Transfer-Encoding: chunked', closing], chunk)],
    ['two lengths', request([...head, length, 'Content-Length: 3', closing])],
    ['two equal lengths', request([...head, length, length, closing])],
    ['a folded header', request([...head, length, 'X-Folded: one\r\n two', closing])],
    ['a space before the colon', request([...head, length, 'X-Spaced : one', closing])],
    ['bare line feeds', request([...head, length, closing], body, '\n')],
    ['a chunk size that is no number', request([...head, 'Transfer-Encoding: chunked'], 'zz\r\nab\r\n')],
    ['no HTTP at all', '\u0016\u0003\u0001\u0000\u0000'],
    ['a version of HTTP that is none', request(['GET /healthz HTTP/9.9', 'Host: x'], '')],
  ])('refuses %s with 400', async (_, bytes) => {
    const { port, stored } = await startReceiver();
    const answer = await exchange(port, bytes);
    expect(statusOf(answer)).toBe(400);
    expect(problemIn(answer)).toMatchObject({ status: 400, title: 'Not HTTP' });
    expect(stored).toEqual([]);
  });

  it('refuses headers of 20 KB with 431', async () => {
    const { port } = await startReceiver();
    const answer = await exchange(port, request([...head, `X-Long: ${'x'.repeat(20_000)}`, length]));
    expect(statusOf(answer)).toBe(431);
    expect(problemIn(answer)).toMatchObject({ status: 431, title: 'Address or headers too long' });
  });

  it('refuses a declared length over the limit before any byte of it comes', async () => {
    const { port, server } = await startReceiver();
    makeImpatient(server);
    const answer = await exchange(port, request([...head, `Content-Length: ${longestBody + 1}`], ''));
    expect(statusOf(answer)).toBe(413);
  });

  it('refuses chunks without end at the limit, and ends the connection', async () => {
    const { port, server } = await startReceiver();
    makeImpatient(server);
    const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const endless = Array.from({ length: 20 }, () => piece);
    const answer = await exchange(port, request([...head, 'Transfer-Encoding: chunked'], ''), ...endless);
    expect(statusOf(answer)).toBe(413);
  });

  it('reads a refused body to its end, so that the sender sees the answer and can go on', async () => {
    const { port } = await startReceiver();
    const unwanted = Buffer.alloc(5_000_000, 'x');
    const refused = request([...head, `Content-Length: ${unwanted.length}`], '');
    const next = request(['GET /healthz HTTP/1.1', 'Host: x', closing], '');
    const answer = await exchange(port, refused, unwanted, next);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  });

  it('holds chunks to the same limit, byte for byte, and reads what is refused to its end', async () => {
    const { port, stored } = await startReceiver();
    const next = request(['GET /healthz HTTP/1.1', 'Host: x', closing], '');
    const statuses = async (size: number) => {
      const bytes = Buffer.concat([Buffer.from(body), Buffer.alloc(size - Buffer.byteLength(body), ' ')]);
      const lines = [...head.slice(0, 3), `X-PagerDuty-Signature: ${signatureOf(bytes, secret)}`];
      const pieces = [bytes.subarray(0, 400_000), bytes.subarray(400_000)];
      const chunks = pieces.flatMap((piece) => [`${piece.length.toString(16)}\r\n`, piece, '\r\n']);
      const start = request([...lines, 'Transfer-Encoding: chunked'], '');
      const answer = await exchange(port, start, ...chunks, '0\r\n\r\n', next);
      return answer.match(/(?<=HTTP\/1\.1 )\d+/g);
    };
    expect(await statuses(longestBody)).toEqual(['202', '200']);
    expect(await statuses(longestBody + 1)).toEqual(['413', '200']);
    expect(await statuses(3_000_000)).toEqual(['413', '200']);
    expect(stored).toHaveLength(1);
  });

  it.each([
    ['a body that never comes', request([...head, length], '')],
    ['a body that stops half-way', request([...head, length], body.slice(0, 100))],
    ['chunks that stop', request([...head, 'Transfer-Encoding: chunked'], '5\r\nab')],
    ['headers that stop', head.join('\r\n')],
  ])('closes on %s, without a 4xx that would tell the sender to give up', async (_, bytes) => {
    const { port, server, stored } = await startReceiver();
    makeImpatient(server);
    expect(await exchange(port, bytes)).toBe('');
    expect(stored).toEqual([]);
  });

  it('gives headers 10 s and a request 15 s', async () => {
    const { server } = await startReceiver();
    const untilLooked = 500;
    expect(server.headersTimeout + untilLooked).toBe(10_000);
    expect(server.requestTimeout + untilLooked).toBe(15_000);
  });

  it('lives on when a sender goes away in the middle', async () => {
    const { port, get, stored } = await startReceiver();
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('close', () => resolve());
      socket.write(request([...head, length], body.slice(0, 100)), () => socket.resetAndDestroy());
    });
    expect((await get('/healthz')).status).toBe(200);
    expect(stored).toEqual([]);
  });
});
