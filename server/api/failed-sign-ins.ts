import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { accountKey, type FailedSignIns, failuresWithinMinutes } from '../../store/people/sessions.ts';
import type { Store } from '../../store/store.ts';
import { peerOf } from '../peers.ts';
import { Refusal } from '../refusal.ts';

/** Within a quarter of an hour, under one account from one address, and from one address in all. */
export const mostFailures = 5;
/** In this process's memory. Each is an address, or an account that exists and an address; the oldest give way. */
const mostKeys = 10_000;

export interface FailedSignInOptions {
  store: Pick<Store, 'failedSignIns' | 'noteFailedSignIn' | 'append'>;
  log: Logger;
}

/** Who tries to sign in, by which door, and under which account that exists: a token's id, or an e-mail address. */
export interface SignInAttempt {
  request: IncomingMessage;
  via: 'api' | 'console';
  account: string | undefined;
}

export interface FailureGate {
  /**
   * Throws a 429 where too many have failed under an account from an address; `known` is what the store says of them. The caller then looks
   * at the secret and calls `fail`, and waits for nothing between: so of any number that come at once, no more than five are looked at.
   */
  check(known: FailedSignIns): void;
  /**
   * Counts and records a sign-in that failed. Throws a 429 where it was one too many, else `refusal`. `reason` is for the record alone.
   */
  fail(attempt: SignInAttempt, reason: string, refusal: Refusal): Promise<never>;
}

/**
 * Counts failed sign-ins, per account and address and per address: in memory, which holds at once, and in the store, which holds over all
 * servers and restarts. Servers that are asked at the same moment let five through each; after that they know of each other's.
 *
 * An account with too many failures is shut for the address they came from, and for no other: whoever knows a token's id, which is no
 * secret, could else shut its owner out. Guessing from many addresses is hopeless all the same: a secret has 256 random bits, and five
 * guesses from each of all addresses of IPv4 are 2^34 of them. An address is not shut: behind a balancer all have the same one, and
 * anybody could shut out everybody. From there, what fails is answered 429 and not recorded any more; what is right is let in.
 */
export function createFailureGate({ store, log }: FailedSignInOptions): FailureGate {
  const own = new Map<string, FailedSignIns & { until: number }>();

  function here(key: string): FailedSignIns {
    const found = own.get(key);
    const left = (found?.until ?? 0) - performance.now();
    return {
      key,
      count: left > 0 ? (found?.count ?? 0) : 0,
      secondsLeft: Math.ceil(Math.max(left, 0) / 1000),
    };
  }

  function count(key: string): void {
    const { count: before } = here(key);
    const until = before > 0 ? own.get(key)?.until : undefined;
    own.delete(key);
    own.set(key, {
      key,
      count: before + 1,
      secondsLeft: 0,
      until: until ?? performance.now() + failuresWithinMinutes * 60_000,
    });
    for (const oldest of own.keys()) {
      if (own.size <= mostKeys) break;
      own.delete(oldest);
    }
  }

  return {
    check(known) {
      const full = fullOf([here(known.key), known]);
      if (full.length > 0) throw tooMany(full);
    },

    async fail({ request, via, account }, reason, refusal) {
      const address = peerOf(request.socket);
      const keys = [`address:${address}`, ...(account === undefined ? [] : [accountKey(account, address)])];
      const fullHere = fullOf(keys.map(here));
      for (const key of keys) count(key);
      if (fullHere.length === keys.length) throw tooMany(fullHere);
      const full = [...fullHere, ...fullOf(await store.failedSignIns(keys))];
      await store.noteFailedSignIn(keys.filter((key) => full.every((each) => each.key !== key)));
      if (full.length > 0) throw tooMany(full);
      log.warn({ account, address, reason }, 'A sign-in failed');
      await store.append([
        {
          at: new Date().toISOString(),
          actor: 'baton',
          via,
          action: 'sign-in.failed',
          subject: account ?? address,
          detail: { reason, address },
        },
      ]);
      throw refusal;
    },
  };
}

const fullOf = (counts: readonly FailedSignIns[]) => counts.filter(({ count }) => count >= mostFailures);

const tooMany = (full: readonly FailedSignIns[]) =>
  new Refusal(
    429,
    'Too many failed sign-ins',
    `${mostFailures} sign-ins have failed within ${failuresWithinMinutes} minutes. Correct the credentials, then try again later.`,
    Math.max(1, ...full.map(({ secondsLeft }) => secondsLeft)),
  );
