import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Sent } from '../check.ts';

/** One delivery that went by. */
export interface Passed extends Sent {
  /** From its arrival here to its answer. */
  milliseconds: number;
  retryAfter: string | undefined;
}

/** A way in between the simulated PagerDuty and Baton that keeps its address while Baton is restarted, and a list of what went by. */
export interface Tap {
  url: string;
  /** Every delivery and its answer, oldest first. */
  sent: Passed[];
  close(): Promise<void>;
}

const delivery = z.object({ event: z.object({ id: z.string() }) });
const passedOn = ['content-type', 'x-pagerduty-signature', 'x-webhook-id', 'x-webhook-subscription'];

/** Starts it. `target` is asked anew for each delivery; where nobody answers there, the connection is cut. */
export async function startTap(target: () => string): Promise<Tap> {
  const sent: Passed[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const begun = performance.now();
    const took = () => Math.round(performance.now() - begun);
    const body = Buffer.concat(chunks).toString('utf8');
    const eventId = delivery.parse(JSON.parse(body)).event.id;
    const headers = Object.fromEntries(passedOn.map((name) => [name, String(request.headers[name])]));
    try {
      const answer = await fetch(`${target()}${request.url}`, { method: 'POST', headers, body });
      await answer.body?.cancel();
      const retryAfter = answer.headers.get('retry-after') ?? undefined;
      sent.push({ eventId, body, status: answer.status, milliseconds: took(), retryAfter });
      response.writeHead(answer.status).end();
    } catch {
      sent.push({ eventId, body, status: 0, milliseconds: took(), retryAfter: undefined });
      request.socket.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
