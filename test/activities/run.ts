import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { type Activity, type Attempt, carryOut } from '../../activities/activity.ts';
import type { Baton } from '../../activities/baton.ts';
import type { Clients } from '../../activities/clients.ts';
import type { Use } from '../../activities/provider.ts';
import type { KeptText, TextToKeep } from '../../domain/kept-text.ts';
import { surroundingsFor } from '../clients.ts';

/** What an attempt gets after one that may have acted. */
export const afterUnknownOutcome = { number: 2, uncertainSince: '2026-11-21T08:00:00.000Z' };

export const attemptWith = (attempt: Partial<Attempt> = {}): Attempt => ({
  key: 'run-1#5',
  number: 1,
  signal: new AbortController().signal,
  keepText: async () => ({}),
  ...attempt,
});

/** Keeps what an attempt keeps beside its result in a list. */
export function keepsTexts() {
  const texts: TextToKeep[] = [];
  return {
    texts,
    async keepText(given: TextToKeep): Promise<{ kept: KeptText }> {
      texts.push(given);
      const { title, text, truncated = false } = given;
      const digest = createHash('sha256').update(text).digest('hex');
      return { kept: { digest, bytes: Buffer.byteLength(text), title, truncated } };
    },
  };
}

const someUse: Use = { run: 'ec2-unhealthy/PABC123', by: 'trigger:ec2-unhealthy' };

/** Runs an activity as a worker would, with the clients for these settings, or with others in their place. */
export function runnerFor(env: NodeJS.ProcessEnv, others: Partial<Clients & { baton: Baton }> = {}) {
  const clients = { ...surroundingsFor(env), ...others };
  return function run<Input extends z.ZodType, Output extends z.ZodType>(
    activity: Activity<string, Input, Output>,
    input: z.input<Input>,
    attempt: Partial<Attempt> = {},
    use: Use = someUse,
  ): Promise<z.output<Output>> {
    const context = { ...clients, attempt: attemptWith(attempt) };
    return carryOut(activity, activity.input.parse(input), context, use).then((output) =>
      activity.output.parse(output),
    );
  };
}

/** The failure that something ends in. */
export async function failureOf(outcome: Promise<unknown>): Promise<Record<string, unknown>> {
  return outcome.then(
    () => {
      throw new Error('it succeeded');
    },
    (error) => error,
  );
}

export interface Reply {
  status: number;
  body?: string | Buffer;
  headers?: Record<string, string | string[]>;
}

/** A server that answers by what is asked, or never, and counts who connects. It ends with the test. */
export async function startServing(reply: (request: IncomingMessage, body: string) => Reply | undefined) {
  const heard: { call: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const text = (await request.toArray()).join('');
    heard.push({ call: `${request.method} ${request.url}`, headers: request.headers, body: text });
    const answer = reply(request, text);
    if (!answer) return;
    const { status, body = '', headers } = answer;
    response.writeHead(status, headers).end(body);
  });
  const counted = { connections: 0 };
  server.on('connection', () => {
    counted.connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, heard, counted };
}
