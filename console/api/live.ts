import { signal } from '@preact/signals';
import { request } from './ask.ts';

/** What the stream says of a new line of the record. */
export interface News {
  seq: number;
  at: string;
  actor: string;
  action: string;
  subject: string;
}

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'offline';

export const liveState = signal<LiveState>('connecting');
/** When the stream last stood: what is shown is at least so new. */
export const liveSince = signal<number | undefined>(undefined);
/** Another build of the console is served than the one that runs here. */
export const isOutdated = signal(false);

type Listener = (news: News | 'all') => void;
const listeners = new Set<Listener>();

/** Is told of each new line, and of `all` where some may have been missed. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = (news: News | 'all') => {
  for (const listener of listeners) listener(news);
};

type Message = { line: News } | { state: LiveState } | { resync: true } | { hello: true };

const silenceMs = 40_000;
const beatMs = 10_000;
const againMs = 2_000;
/** Nobody waits longer for the stream before a page is read. */
const readyMs = 400;

let last: number | undefined;
let source: EventSource | undefined;
let channel: BroadcastChannel | undefined;
let isReader = false;
/** What ends all that `startLive` has begun. */
let ending = new AbortController();
let heardAt = Date.now();
let hasOpened = false;
let isLate = false;
let markReady = () => {};

/** The stream stands, so that nothing that is read from now on can be missed; or that takes too long. */
export const ready = new Promise<void>((resolve) => {
  markReady = resolve;
});

/** One stream for the whole browser: whoever has the lock reads it and hands it on, and the next one goes on where it stopped. */
export function startLive(): void {
  setTimeout(() => {
    isLate = true;
    markReady();
  }, readyMs);
  ending = new AbortController();
  const { signal } = ending;
  addEventListener('online', () => reconnect(), { signal });
  addEventListener('offline', () => show('offline'), { signal });
  if (!('locks' in navigator) || !('BroadcastChannel' in globalThis)) {
    open();
    return;
  }
  channel = new BroadcastChannel('baton-live');
  channel.onmessage = ({ data }: MessageEvent<Message>) => hear(data);
  channel.postMessage({ hello: true } satisfies Message);
  const beats = setInterval(() => {
    hand({ state: liveState.value });
    if (!isReader && !source && Date.now() - heardAt > silenceMs) open();
  }, beatMs);
  signal.addEventListener('abort', () => clearInterval(beats));
  const read = () => {
    isReader = true;
    open();
    // Kept until the page goes, or nobody is signed in here.
    return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  };
  // It is refused where that comes before its turn.
  navigator.locks.request('baton-live', { signal }, read).catch(() => undefined);
}

/** Nobody is signed in here any more: another tab may read. */
export function stopLive(): void {
  ending.abort();
  channel?.close();
  channel = undefined;
  isReader = false;
  source?.close();
  source = undefined;
  listeners.clear();
  liveState.value = 'connecting';
}

function hand(message: Message): void {
  if (isReader) channel?.postMessage(message);
}

function hear(message: Message): void {
  if ('hello' in message) {
    hand({ state: liveState.value });
    return;
  }
  if (isReader) return;
  heardAt = Date.now();
  // It reads for all again.
  if (source) {
    source.close();
    source = undefined;
  }
  if ('line' in message) take(message.line);
  else if ('resync' in message) tell('all');
  else show(message.state);
}

function take(line: News): void {
  if (last !== undefined && line.seq <= last) return;
  last = line.seq;
  liveSince.value = Date.now();
  tell(line);
}

function show(state: LiveState): void {
  const before = liveState.value;
  liveState.value = state;
  if (state !== 'live') return;
  liveSince.value = Date.now();
  // What was read before the stream stood, or while it did not, may lack what came between.
  if (before === 'reconnecting' || before === 'offline' || (!hasOpened && isLate)) tell('all');
  hasOpened = true;
  markReady();
}

function open(): void {
  source?.close();
  const stream = new EventSource(`/api/v1/stream${last === undefined ? '' : `?after=${last}`}`);
  source = stream;
  stream.onopen = () => {
    if (source !== stream) return;
    if (liveState.value === 'reconnecting') void lookForNewBuild();
    show('live');
    hand({ state: 'live' });
  };
  stream.onmessage = ({ data }: MessageEvent<string>) => {
    const line = JSON.parse(data) as News;
    take(line);
    hand({ line });
  };
  stream.addEventListener('resync', ({ lastEventId }) => {
    if (lastEventId !== '') last = Number(lastEventId);
    tell('all');
    hand({ resync: true });
  });
  stream.onerror = () => {
    if (source !== stream) return;
    const state = navigator.onLine ? 'reconnecting' : 'offline';
    show(state);
    hand({ state });
    if (stream.readyState !== EventSource.CLOSED) return;
    // The server has refused it: perhaps because whoever reads is signed out.
    setTimeout(() => {
      if (source !== stream) return;
      request('GET', '/api/v1/me').catch(() => undefined);
      open();
    }, againMs);
  };
}

function reconnect(): void {
  if (isReader || source) open();
}

async function lookForNewBuild(): Promise<void> {
  const text = await fetch('/', { headers: { accept: 'text/html' } })
    .then((answer) => (answer.ok ? answer.text() : ''))
    .catch(() => '');
  const served = /\/assets\/index-[\w-]+\.js/.exec(text)?.[0];
  const own = document.querySelector<HTMLScriptElement>('script[type=module]')?.src;
  if (served && own && !own.endsWith(served)) isOutdated.value = true;
}
