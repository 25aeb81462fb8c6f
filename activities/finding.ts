import { ApplicationFailure } from '@temporalio/common';
import type { Finding } from './provider.ts';

/** A finding about each of these rights that tells, in the same words, why it could not be found out. */
export const untold = (rights: readonly string[], reason: string): Finding[] =>
  rights.map((what) => ({ what, ok: undefined, reason }));

/**
 * What a harmless call tells about a right: it went through, or the provider said no (`next` says what to do then). Whatever else kept it
 * from an answer tells nothing. An error that is no failure of the provider is a bug, and is thrown.
 */
export async function findingOf(what: string, call: () => Promise<unknown>, next: string): Promise<Finding> {
  try {
    await call();
    return { what, ok: true };
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    const isNo = error.type === 'ProviderRefused' || error.type === 'NotConnected';
    return isNo
      ? { what, ok: false, reason: `${error.message}; ${next}` }
      : { what, ok: undefined, reason: error.message };
  }
}
