import { createHash } from 'node:crypto';
import { chmod, lstat, rm, stat } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CliFailure, exits } from './failure.ts';

/** What a running process answers to: each method takes its parameters as they came, and checks them. */
export type ControlMethods = Record<string, (...parameters: unknown[]) => Promise<unknown>>;

/** An event that triggers are tried on may come along. */
const longestRequest = 1024 * 1024;
/** A socket's path may have 103 bytes on macOS and 107 on Linux. */
const longestSocketPath = 100;

/** Where the process that holds a data folder listens for the commands of its own user. */
export function controlPath(dataDir: string): string {
  const path = join(resolve(dataDir), 'control.sock');
  if (Buffer.byteLength(path) <= longestSocketPath) return path;
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 16);
  return join(tmpdir(), `baton-${process.getuid?.() ?? ''}-${hash}.sock`);
}

const requestSchema = z.object({ method: z.string(), parameters: z.array(z.unknown()) });
const answerSchema = z.union([
  z.object({ result: z.unknown() }),
  z.object({
    error: z.object({
      message: z.string(),
      exit: z.number(),
      why: z.string().optional(),
      next: z.string().optional(),
    }),
  }),
]);

/**
 * Listens on the data folder's control address. It is for this user alone (mode 600), so whoever reaches it may do all that
 * it offers. The caller holds the folder's lock: a socket that lies there was left behind.
 */
export async function serveControl(
  dataDir: string,
  methods: ControlMethods,
): Promise<{ close(): Promise<void> }> {
  const path = controlPath(dataDir);
  await rm(path, { force: true });
  const server = createServer((message, response) => {
    void answer(message, methods).then((body) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(body, encodeBytes));
    });
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(path, listening);
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function answer(message: IncomingMessage, methods: ControlMethods): Promise<unknown> {
  try {
    const { method, parameters } = requestSchema.parse(JSON.parse(await readText(message)));
    const call = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (!call) throw new CliFailure(`The running Baton knows no "${method}": is it of another version?`);
    return { result: (await call(...parameters)) ?? null };
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof CliFailure)) return { error: { message, exit: exits.failed } };
    const { exit, why, next } = error;
    return { error: { message, exit, why, next } };
  }
}

async function readText(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > longestRequest) throw new Error('The request is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** No process holds the data folder; a socket may lie there that nobody listens on any more. */
export const isNobodyThere = (error: unknown): boolean =>
  ['ENOENT', 'ECONNREFUSED'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Asks the process that holds the data folder. Rejects with an error for which `isNobodyThere` holds where there is none. */
export async function request(dataDir: string, method: string, ...parameters: unknown[]): Promise<unknown> {
  const path = controlPath(dataDir);
  await checkOwner(path, dataDir);
  const text = await exchange(path, JSON.stringify({ method, parameters }));
  const parsed = answerSchema.parse(JSON.parse(text, decodeBytes));
  if ('error' in parsed) throw failureOf(parsed.error);
  return parsed.result ?? undefined;
}

/** Outside of the data folder anybody may have put a socket under this name, to hear what is asked, with secrets in it. */
async function checkOwner(path: string, dataDir: string): Promise<void> {
  if (path.startsWith(resolve(dataDir))) return;
  const [socket, folder] = await Promise.all([lstat(path), stat(dataDir)]);
  if (socket.uid !== folder.uid)
    throw new CliFailure(`${path} belongs to another user than the data folder, so nothing is asked there`, {
      next: 'Give a data folder with a shorter path (BATON_DATA_DIR), and have that file removed.',
    });
}

type Told = Extract<z.output<typeof answerSchema>, { error: unknown }>['error'];

function failureOf({ message, exit, why, next }: Told): CliFailure {
  return new CliFailure(message, {
    ...(why === undefined ? {} : { why }),
    ...(next === undefined ? {} : { next }),
    exit: Object.values(exits).find((known) => known === exit) ?? exits.failed,
  });
}

const wasCutOff = ({ code = '' }: NodeJS.ErrnoException) => ['ECONNRESET', 'EPIPE'].includes(code);

/** It was killed, or has stopped, with the request in hand. */
const endedMeanwhile = () =>
  new CliFailure('The Baton that runs on this data folder ended before it answered', {
    why: 'What it had begun is kept, and goes on when it runs again.',
    next: 'Start it with npm start (baton.log in the data folder says how it ended), then look whether it was done before you ask again.',
  });

function exchange(socketPath: string, body: string): Promise<string> {
  return new Promise((done, failed) => {
    const call = httpRequest({ socketPath, method: 'POST', path: '/' }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => done(text));
      response.once('error', (error: NodeJS.ErrnoException) =>
        failed(wasCutOff(error) ? endedMeanwhile() : error),
      );
      response.once('close', () => {
        if (!response.complete) failed(endedMeanwhile());
      });
    });
    const ended = (error: NodeJS.ErrnoException) => failed(wasCutOff(error) ? endedMeanwhile() : error);
    call.once('error', ended);
    call.end(body);
  });
}

/** An event's bytes, which JSON has no word for. */
function encodeBytes(this: Record<string, unknown>, key: string, given: unknown): unknown {
  // A buffer arrives here as what its own toJSON made of it.
  const value = this[key] instanceof Uint8Array ? this[key] : given;
  return value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString('base64') } : value;
}

const encodedBytes = z.strictObject({ $bytes: z.base64() });

function decodeBytes(_key: string, value: unknown): unknown {
  const parsed = encodedBytes.safeParse(value);
  return parsed.success ? Buffer.from(parsed.data.$bytes, 'base64') : value;
}
