import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { getGlobalDispatcher } from 'undici';
import type { AnswerTo } from './respond.ts';
import type { TakeFromSlack } from './said.ts';
import { openConnection } from './socket-connection.ts';
import { NotOpened } from './socket-opening.ts';

const usualApi = 'https://slack.com/api/';
/** Where Slack's sockets are: how the network reaches it is asked before Slack names one. */
const usualSocket = 'https://wss-primary.slack.com/';
/** A connection that lived for less has failed: the next one waits. */
const livesAtLeastMs = 10_000;
const firstWaitMs = 500;
const longestWaitMs = 60_000;

export interface SocketState {
  up: boolean;
  since: string;
  /** Why it is down. */
  reason?: string;
}

export interface SlackSocket {
  state(): SocketState;
  /** Finishes what is at hand and closes, within 6 s. */
  stop(): Promise<void>;
}

export interface SlackSocketOptions extends AnswerTo {
  appToken: string;
  take: TakeFromSlack;
  log: Logger;
}

/**
 * Takes what Slack says over Socket Mode, from now until it is stopped: over one connection, and over another as soon as that one ends.
 * Never throws: while there is none, `state` and the log say why, and it tries again, at most once a minute.
 */
export function startSlackSocket({
  appToken,
  take,
  log,
  apiUrl,
  wayToSlack,
}: SlackSocketOptions): SlackSocket {
  const stopping = new AbortController();
  const { signal } = stopping;
  const api = new URL(apiUrl || usualApi);
  const closing = new Set<Promise<void>>();
  let state: SocketState = { up: false, since: new Date().toISOString(), reason: 'not connected yet' };
  const kept = keep();

  async function keep(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let waitMs = 0;
      const began = performance.now();
      try {
        const way = async (address: string) => (await wayToSlack?.(address)) ?? getGlobalDispatcher();
        const ways = { api: await way(api.href), socket: await way(apiUrl ? api.href : usualSocket) };
        const { ended, closed } = await openConnection({ appToken, api, ways, take, log, signal });
        const isGone = closed.finally(() => closing.delete(isGone));
        closing.add(isGone);
        tellUp();
        const { reason, isPlanned } = await ended;
        if (!isPlanned) tellDown(reason);
        failures = performance.now() - began < livesAtLeastMs ? failures + 1 : 0;
      } catch (error) {
        failures += 1;
        if (error instanceof NotOpened) {
          tellDown(error.message);
          waitMs = (error.waitSeconds ?? 0) * 1000;
        } else {
          tellDown('a fault of Baton’s');
          log.error({ err: error }, 'Socket Mode: a fault');
        }
      }
      await pause(waitMs || waitAfter(failures), undefined, { signal }).catch(() => {});
    }
  }

  function tellUp(): void {
    if (state.up) return;
    log.info('Socket Mode: Slack is connected');
    state = { up: true, since: new Date().toISOString() };
  }

  function tellDown(reason: string): void {
    if (signal.aborted || (!state.up && state.reason === reason)) return;
    log.warn({ reason }, 'Socket Mode: Slack is not connected, so its buttons reach nobody by this way');
    state = { up: false, since: state.up ? new Date().toISOString() : state.since, reason };
  }

  return {
    state: () => state,
    async stop() {
      stopping.abort();
      await kept;
      await Promise.all(closing);
    },
  };
}

/** Nothing after none, then longer and longer; by chance up to half of it less, so that several servers do not come at once. */
function waitAfter(failures: number): number {
  if (failures === 0) return 0;
  return Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1)) * (1 - Math.random() / 2);
}
