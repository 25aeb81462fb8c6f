import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { webhookBody } from '../fixtures/webhooks.ts';
import { type Receiver, sendSigned } from './receiver.ts';

/** A request of a stranger: well formed, so that its body is read; signed by nobody; and it never ends. */
export const halfSent = (promised: number, sent: number) =>
  [
    'POST /webhooks/pagerduty HTTP/1.1',
    'Host: baton.example.com',
    'Content-Type: application/json',
    `X-PagerDuty-Signature: v1=${'0'.repeat(64)}`,
    `Content-Length: ${promised}`,
    '',
    'x'.repeat(sent),
  ].join('\r\n');

/** So many connections of strangers, each of which has sent these bytes. They end with the test. */
export async function strangers({ port }: Receiver, count: number, bytes: string): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => new Promise((sent) => socket.write(bytes, sent))));
  return sockets;
}

/** A webhook that is so many bytes long. */
export const large = (size: number) => {
  const body = webhookBody('incident.triggered');
  return Buffer.concat([body, Buffer.alloc(size - body.length, ' ')]);
};

/** How long it took until the answer, in milliseconds. */
export async function timed(
  receiver: Receiver,
  body: Buffer,
): Promise<[status: number, milliseconds: number]> {
  const start = performance.now();
  const { status } = await sendSigned(receiver, body);
  return [status, performance.now() - start];
}
