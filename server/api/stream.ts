import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Action } from '../../domain/record.ts';
import { actorOf, hasRight, type Principal } from '../../domain/rights.ts';
import type { NewLine } from '../../store/record/search.ts';
import type { Store } from '../../store/store.ts';
import { denialOf } from '../operations/perform.ts';
import { Refusal } from '../refusal.ts';
import type { Authenticate } from './authenticate.ts';

interface Options {
  store: Pick<Store, 'head' | 'newLines' | 'subjectsOf'>;
  authenticate: Authenticate;
  log: Logger;
}

export interface Streams {
  /** Answers with the record's new lines as server-sent events, until one side ends it. */
  open(request: Request, response: Response): Promise<void>;
  stop(): void;
}

interface Stream {
  request: Request;
  response: Response;
  principal: Principal;
  subject: string | undefined;
  /** The last line that it was told of, or that was not for it. */
  last: number;
  /** It has caught up, and gets what the common look finds. */
  isLive: boolean;
}

const headersOfStream = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
};

const lookMs = 250;
/** A reader whose right ends without a line in the record, as that of a token that expires, is cut so soon. */
const heartbeatMs = 5_000;
const streamsAtMost = 400;
/** For each person and each token, so that nobody takes the place of all others. */
const ownStreamsAtMost = 20;
const linesAtOnce = 500;
/** For those who come back soon. */
const linesKept = 2_000;
/** Whoever has missed more reads anew. */
const caughtUpAtMost = 10_000;
/** In bytes, of what a reader has not taken yet. */
const unreadAtMost = 256 * 1024;

/** After these somebody may have less than before: tokens and people are changed by operations. */
const endsRights: ReadonlySet<string> = new Set<Action>([
  'operation.done',
  'sign-in.succeeded',
  'sign-in.ended',
]);

/** What a stream may tell whoever may not read the whole record. */
const ofIncidents = /^(event|run|activity)\./;

/**
 * The streams of one process. One look at the store feeds them all, and there is none without a stream. A line comes with its number as the
 * event's id, so `Last-Event-ID` goes on without loss; where too much was missed, a `resync` event says so.
 */
export function createStreams({ store, authenticate, log }: Options): Streams {
  const streams = new Set<Stream>();
  let kept: NewLine[] = [];
  /** Up to where the record was looked at; undefined: nobody looks. */
  let position: number | undefined;
  let looking: NodeJS.Timeout | undefined;
  let isStopped = false;
  const beating = setInterval(() => {
    for (const stream of streams) write(stream, ': still here\n\n');
    void checkAll();
  }, heartbeatMs);
  beating.unref();

  async function look(): Promise<void> {
    try {
      const lines = await store.newLines(position ?? 0, linesAtOnce);
      const last = lines.at(-1);
      if (last) {
        position = last.seq;
        // Who may read no more is told nothing of what comes after that, whichever process it was done in.
        if (lines.some(({ action }) => endsRights.has(action))) await checkAll();
        kept = [...kept, ...lines].slice(-linesKept);
        await tell(
          [...streams].filter(({ isLive }) => isLive),
          lines,
        );
      }
    } catch (error) {
      log.debug({ err: error }, 'The streams could not look for new lines');
    }
    if (streams.size > 0 && !isStopped) looking = setTimeout(look, lookMs);
    else {
      looking = undefined;
      position = undefined;
      kept = [];
    }
  }

  /** The same lines to many: what they may see is found out once for all that may see the same. */
  async function tell(readers: readonly Stream[], lines: readonly NewLine[]): Promise<void> {
    const texts = new Map<string, { seq: number; subject: string; text: string }[] | undefined>();
    for (const stream of readers) {
      const key = JSON.stringify([stream.principal.role, stream.principal.scope?.services]);
      if (!texts.has(key)) texts.set(key, await visible(stream.principal, lines).catch(() => undefined));
      const seen = texts.get(key);
      // It comes back and goes on after the last line that it got.
      if (!seen) {
        end(stream);
        continue;
      }
      const own = seen.filter(
        ({ seq, subject }) =>
          seq > stream.last && (stream.subject === undefined || subject === stream.subject),
      );
      stream.last = Math.max(stream.last, lines.at(-1)?.seq ?? 0);
      if (own.length > 0) write(stream, own.map(({ text }) => text).join(''));
    }
  }

  async function visible({ role, scope }: Principal, lines: readonly NewLine[]) {
    const mayReadAll = hasRight(role, 'record.read') && scope === undefined;
    const allowed = mayReadAll ? lines : lines.filter(({ action }) => ofIncidents.test(action));
    const mine =
      scope?.services === undefined
        ? undefined
        : new Set(
            await store.subjectsOf(scope.services, [...new Set(allowed.map(({ subject }) => subject))]),
          );
    return allowed
      .filter(({ subject }) => mine === undefined || mine.has(subject))
      .map((line) => ({ seq: line.seq, subject: line.subject, text: eventOf(line) }));
  }

  /** A reader that has not taken what it was sent before would be kept in memory for ever, and is cut. */
  function write(stream: Stream, text: string): void {
    const { response } = stream;
    if (response.writableLength <= unreadAtMost) return void response.write(text);
    log.info({ unread: response.writableLength }, 'A reader of the stream is too slow, and was cut');
    end(stream);
  }

  function end(stream: Stream): void {
    streams.delete(stream);
    stream.response.destroy();
  }

  /** Asks again whether the readers still may, once for all with the same credential. */
  async function checkAll(): Promise<void> {
    const byCredential = Map.groupBy(
      streams,
      ({ request: { headers } }) => headers.authorization ?? headers.cookie,
    );
    await Promise.all([...byCredential.values()].map(check));
  }

  async function check(same: readonly Stream[]): Promise<void> {
    const [first] = same;
    if (!first) return;
    try {
      const principal = await authenticate(first.request);
      const isDenied = denialOf(streamOperation, principal) !== undefined;
      for (const stream of same)
        if (isDenied) end(stream);
        else stream.principal = principal;
    } catch (error) {
      if (error instanceof Refusal && error.status < 500) for (const stream of same) end(stream);
    }
  }

  /** Throws where there is no room for one more stream of somebody. */
  function checkRoom(principal: Principal): void {
    if (isStopped || streams.size >= streamsAtMost)
      throw new Refusal(503, 'Too many streams', 'No more streams can be served here. Try again.', 10);
    const whose = actorOf(principal);
    const own = [...streams].filter((stream) => actorOf(stream.principal) === whose);
    if (own.length >= ownStreamsAtMost)
      throw new Refusal(
        429,
        'Too many streams of yours',
        `${whose} has ${ownStreamsAtMost} streams open here, which is the most. Close one, or read one stream for all your readers.`,
        10,
      );
  }

  async function catchUp(stream: Stream, now: number): Promise<void> {
    const [next] = await store.newLines(stream.last, 1);
    const isGap =
      stream.last > now || now - stream.last > caughtUpAtMost || (next?.seq ?? 0) > stream.last + 1;
    if (isGap) {
      stream.last = now;
      write(stream, `id: ${now}\nevent: resync\ndata: {}\n\n`);
    }
    for (;;) {
      const seen = kept;
      const isBehind = stream.last < (seen[0]?.seq ?? (position ?? 0) + 1) - 1;
      const lines = isBehind ? await store.newLines(stream.last, linesAtOnce) : seen;
      if (isBehind && lines.length === 0) throw new Error('Lines are missing from the record');
      await tell([stream], lines);
      if (isBehind) await drained(stream.response);
      // What was found meanwhile was told to the others alone.
      if (!streams.has(stream) || (!isBehind && kept === seen)) break;
    }
    stream.isLive = true;
  }

  return {
    async open(request, response) {
      const principal = await authenticate(request);
      const denial = denialOf(streamOperation, principal);
      if (denial) throw denial;
      const { subject, after } = parametersOf(request);
      // The head is all that is asked for: a stream would keep the connection for nothing.
      if (request.method === 'HEAD') return void response.writeHead(200, headersOfStream).end();
      const now = position ?? (await store.head()).seq;
      position ??= now;
      // Nothing waits from here until it is counted.
      checkRoom(principal);
      const last = after ?? now;
      response.writeHead(200, headersOfStream);
      const stream: Stream = { request, response, principal, subject, last, isLive: false };
      streams.add(stream);
      response.once('close', () => streams.delete(stream));
      response.on('error', () => streams.delete(stream));
      write(stream, `retry: 2000\n: from ${last}\n\n`);
      looking ??= setTimeout(look, lookMs);
      try {
        await catchUp(stream, now);
      } catch (error) {
        log.debug({ err: error }, 'A stream could not catch up');
        end(stream);
      }
    },
    stop() {
      isStopped = true;
      clearInterval(beating);
      clearTimeout(looking);
      for (const { response } of streams) response.end();
      streams.clear();
    },
  };
}

/** Until what was written has gone out, or the reader has gone. */
async function drained(response: Response): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return;
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
  });
}

/** As rights see it. */
export const streamOperation = {
  name: 'stream',
  right: 'incidents.read',
  within: ['services'],
} as const;

const eventOf = ({ seq, at, actor, action, subject }: NewLine) =>
  `id: ${seq}\ndata: ${JSON.stringify({ seq, at, actor, action, subject })}\n\n`;

function parametersOf(request: Request): { subject: string | undefined; after: number | undefined } {
  const { searchParams } = new URL(request.url, 'http://localhost');
  const unknown = [...searchParams.keys()].find((name) => name !== 'subject' && name !== 'after');
  if (unknown !== undefined)
    throw new Refusal(400, 'Bad input', `${unknown} is not known here. The stream takes: subject, after.`);
  const after = request.headers['last-event-id'] ?? searchParams.get('after') ?? undefined;
  if (after !== undefined && !/^\d{1,15}$/.test(String(after)))
    throw new Refusal(400, 'Bad input', 'Last-Event-ID is the number of a line. Begin without it.');
  return {
    subject: searchParams.get('subject') ?? undefined,
    after: after === undefined ? undefined : Number(after),
  };
}
