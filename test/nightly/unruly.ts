import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Sent } from '../check.ts';

const shares = { twice: 0.2, swapped: 0.1 };
/** An event that no other of its incident overtakes goes on after it. */
const heldMs = 1_000;
const passedOn = ['content-type', 'x-pagerduty-signature', 'x-webhook-id', 'x-webhook-subscription'];
const webhook = z.object({
  event: z.object({
    id: z.string(),
    data: z.object({ id: z.string().optional(), incident: z.object({ id: z.string() }).optional() }),
  }),
});

interface Delivery {
  eventId: string;
  incidentId: string;
  body: string;
  headers: Record<string, string>;
}

/** A way in between the simulated PagerDuty and Baton that tells a fifth of all events twice, and lets a tenth be overtaken by the next of its incident. */
export interface UnrulyWay {
  url: string;
  /** Every delivery and its answer. */
  sent: Sent[];
  counts: { twice: number; swapped: number };
  /** No event is on its way. */
  isIdle(): boolean;
  close(): Promise<void>;
}

/** Starts it. `target` is asked anew for each delivery, `random` (0 to 1) for each event. What is not taken is sent again. */
export async function startUnrulyWay(target: () => string, random: () => number): Promise<UnrulyWay> {
  const sent: Sent[] = [];
  const counts = { twice: 0, swapped: 0 };
  const held = new Map<string, Delivery>();
  const lanes = new Map<string, Promise<void>>();

  async function send({ eventId, body, headers }: Delivery): Promise<void> {
    for (let status = 0; status !== 202; ) {
      status = await fetch(`${target()}/webhooks/pagerduty`, { method: 'POST', headers, body }).then(
        async (answer) => {
          await answer.body?.cancel();
          return answer.status;
        },
        () => 0,
      );
      sent.push({ eventId, body, status });
      if (status !== 202) await pause(200);
    }
  }

  function follow(delivery: Delivery): void {
    const { incidentId } = delivery;
    const lane = (lanes.get(incidentId) ?? Promise.resolve()).then(() => send(delivery));
    lanes.set(incidentId, lane);
    void lane.then(() => lanes.get(incidentId) === lane && lanes.delete(incidentId));
  }

  function take(delivery: Delivery): void {
    const { incidentId } = delivery;
    const before = held.get(incidentId);
    held.delete(incidentId);
    const [swaps, repeats] = [random() < shares.swapped, random() < shares.twice];
    if (!before && swaps) {
      held.set(incidentId, delivery);
      setTimeout(() => {
        if (held.get(incidentId) !== delivery) return;
        held.delete(incidentId);
        follow(delivery);
      }, heldMs);
      return;
    }
    follow(delivery);
    if (before) {
      counts.swapped += 1;
      follow(before);
    }
    if (repeats) {
      counts.twice += 1;
      follow(delivery);
    }
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(202).end();
    const body = Buffer.concat(chunks).toString('utf8');
    const { id: eventId, data } = webhook.parse(JSON.parse(body)).event;
    const headers = Object.fromEntries(passedOn.map((name) => [name, String(request.headers[name])]));
    take({ eventId, incidentId: data.incident?.id ?? data.id ?? eventId, body, headers });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/pagerduty`,
    sent,
    counts,
    isIdle: () => held.size === 0 && lanes.size === 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
