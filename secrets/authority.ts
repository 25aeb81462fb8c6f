import { createHash, createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a run is, as its signature binds it together. */
export interface SignedRun {
  /** Temporal's workflow id. */
  runId: string;
  /** Temporal's workflow type. */
  workflow: string;
  /** The workflow's one argument, of its first history. */
  input: unknown;
  /** Why the run exists, and on whose behalf. */
  cause: unknown;
}

/**
 * Shows that a run was called for by a server of ours. Whoever reaches Temporal can start any workflow and say anything of it, but
 * has no key: without a valid signature no activity changes anything.
 */
export interface Authority {
  sign(run: SignedRun): string;
  /** Whether a holder of the same key has signed exactly this run. */
  isSigned(run: SignedRun, signature: string): boolean;
  /** By which the address of a callback is known: 256 bits that nobody guesses, the same for the same callback. */
  callbackToken(id: string): string;
}

/** The authority of those who share a secret key (see `secretKeyIn`). Its own key is derived, so no other use of the secret meets it. */
export function authorityOf(secretKey: string): Authority {
  const keyFor = (use: string) => createSecretKey(Buffer.from(hkdfSync('sha256', secretKey, '', use, 32)));
  const key = keyFor('baton/cause/v1');
  /** A worker of before there were modes would not see the mode, and make the changes. It does not know this key, and makes none. */
  const keyOfModes = keyFor('baton/cause/v1/mode');
  const keyOfCallbacks = keyFor('baton/callback/v1');
  const digest = (run: SignedRun) =>
    createHmac('sha256', hasMode(run.cause) ? keyOfModes : key)
      .update(signedText(run))
      .digest();
  return {
    sign: (run) => digest(run).toString('base64url'),
    isSigned(run, signature) {
      const expected = digest(run);
      const given = Buffer.from(signature, 'base64url');
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
    callbackToken: (id) => createHmac('sha256', keyOfCallbacks).update(id).digest('base64url'),
  };
}

const hasMode = (cause: unknown): boolean =>
  (cause as { mode?: unknown } | null | undefined)?.mode !== undefined;

/** A list, so that no part can run over into the next one. */
function signedText({ runId, workflow, input, cause }: SignedRun): string {
  return JSON.stringify([runId, workflow, digestOf(input), sorted(cause)]);
}

const digestOf = (value: unknown) => createHash('sha256').update(sorted(value)).digest('hex');

/**
 * JSON with sorted keys, of the value as JSON knows it: what the server signs is an object of its own, and what the worker looks at
 * has been to Temporal and back.
 */
function sorted(value: unknown): string {
  const plain: unknown = JSON.parse(JSON.stringify(value) ?? 'null');
  return JSON.stringify(plain, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([one], [other]) => (one < other ? -1 : 1)))
      : field,
  );
}
