import { Agent, request } from 'undici';

export interface Webhook {
  incidentId: string;
  headers: Record<string, string>;
  body: Buffer;
}

/** Milliseconds of a clock that only goes forward, with fractions. */
export const now = () => performance.now();

const agent = new Agent({ connections: 64, pipelining: 1 });

/** Delivers one webhook. Returns how long the answer took, in milliseconds; anything but a 202 is an error. */
export async function deliver(url: string, { headers, body }: Webhook): Promise<number> {
  const start = now();
  const answer = await request(`${url}/webhooks/pagerduty`, {
    method: 'POST',
    headers,
    body,
    dispatcher: agent,
  });
  await answer.body.dump();
  if (answer.statusCode !== 202) throw new Error(`A webhook was answered ${answer.statusCode}`);
  return now() - start;
}

/** Delivers all, at most `atOnce` under way at a time. Returns the time of each answer. */
export async function deliverAll(
  url: string,
  webhooks: readonly Webhook[],
  atOnce: number,
): Promise<number[]> {
  const times: number[] = [];
  const queue = [...webhooks];
  const worker = async () => {
    for (let webhook = queue.shift(); webhook; webhook = queue.shift())
      times.push(await deliver(url, webhook));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return times;
}

/** Delivers at a steady rate, whatever the answers take. Returns the time of each answer. */
export async function deliverAtRate(
  url: string,
  webhooks: readonly Webhook[],
  perSecond: number,
): Promise<number[]> {
  const start = now();
  return Promise.all(
    webhooks.map(async (webhook, index) => {
      const due = start + (index * 1000) / perSecond;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - now())));
      return deliver(url, webhook);
    }),
  );
}
