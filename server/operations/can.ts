import { z } from 'zod';
import type { Principal } from '../../domain/rights.ts';
import { Refusal } from '../refusal.ts';
import type { AnyOperation } from './operation.ts';
import { denialOf } from './perform.ts';

/** Whether whoever asks may do something now, or why not: by the same checks as when it is done. */
export type Can = true | string;

export const canShape = z
  .record(z.string(), z.union([z.literal(true), z.string()]))
  .describe('What you may do about it now: true, or why not');

/** By right alone. */
export const canOf = (
  operation: Pick<AnyOperation, 'name' | 'right' | 'within'>,
  principal: Principal,
): Can => denialOf(operation, principal)?.message ?? true;

/** By right, and then by how things stand: `check` throws what the operation itself would. */
export async function canNow(
  operation: Pick<AnyOperation, 'name' | 'right' | 'within'>,
  principal: Principal,
  check: () => Promise<unknown> | unknown,
): Promise<Can> {
  const may = canOf(operation, principal);
  if (may !== true) return may;
  try {
    await check();
    return true;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}
