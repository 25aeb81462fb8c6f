import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { Principal } from '../../domain/rights.ts';
import { actorOf } from '../../domain/rights.ts';
import { canonicalJson } from '../../store/json.ts';
import type { Store } from '../../store/store.ts';
import type { AnyOperation } from '../operations/operation.ts';
import { headerOf } from '../receiving/body.ts';
import { Refusal } from '../refusal.ts';

/** The sender's own name for a request, so that it may be sent again where its answer was lost (`Idempotency-Key`). */
export function keyOf(request: Request): string | undefined {
  const key = headerOf(request, 'idempotency-key');
  if (key !== undefined && !/^[\x21-\x7e]{1,200}$/.test(key))
    throw new Refusal(
      400,
      'Bad Idempotency-Key',
      'An Idempotency-Key has 1 to 200 printable characters without spaces. A UUID will do.',
    );
  return key;
}

interface Keyed {
  key: string;
  operation: AnyOperation;
  input: unknown;
  principal: Principal;
  store: Pick<Store, 'claimAnswer' | 'answered' | 'giveUp'>;
}

/**
 * Carries out a change once under its sender's key, for 24 hours: sent again it gets the same answer. With another input, or while it is
 * being carried out, it is refused (422, 409). What was refused or failed has changed nothing, and is carried out anew. Where nobody knows
 * whether it was carried out, it is refused too, but for what makes one thing under one key by itself.
 */
export async function once(
  { key, operation, input, principal, store }: Keyed,
  carryOut: () => Promise<unknown>,
): Promise<{ answer: unknown; isRepeated: boolean }> {
  // A token may have the name of a former one, and see less than that one did.
  const text = canonicalJson([operation.name, input, principal.scope ?? null]);
  const digest = createHash('sha256').update(text).digest('base64url');
  const request = { principal: actorOf(principal), key, digest };
  const known = await store.claimAnswer(request);
  if (known === 'busy')
    throw new Refusal(
      409,
      'Under way',
      'The request of this Idempotency-Key is being carried out. Ask again soon.',
      1,
    );
  if (known === 'unknown' && !operation.isOneUnderKey)
    throw new Refusal(
      409,
      'Outcome unknown',
      'The request of this Idempotency-Key was begun, and its answer was not kept: it may have been carried out. Look first whether it was, then send it under a new key.',
    );
  if (known === 'other')
    throw new Refusal(
      422,
      'Key used before',
      'This Idempotency-Key stands for another request. Use a new one.',
    );
  if (known !== 'go' && known !== 'unknown') {
    if (known.answer === null)
      throw new Refusal(
        409,
        'Done before',
        'This was carried out before, and its answer is shown only once. Make a new one under a new Idempotency-Key.',
      );
    return { answer: JSON.parse(known.answer), isRepeated: true };
  }
  const answer = await carryOut().catch(async (error: unknown) => {
    await store.giveUp(request);
    throw error;
  });
  // It is done: where this cannot be kept the key stays taken, so that nothing is done twice.
  await store.answered(request, { status: 200, answer: operation.shownOnce ? null : JSON.stringify(answer) });
  return { answer, isRepeated: false };
}
