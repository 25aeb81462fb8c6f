import { setTimeout as pause } from 'node:timers/promises';
import { withoutSlashAtEnd } from '../activities/address.ts';
import type { KeptText, TextToKeep } from '../domain/kept-text.ts';
import type { Store } from '../store/store.ts';

interface Options {
  store: Pick<Store, 'keepText'>;
  /** Baton's own address, where it is known. */
  publicUrl?: (() => string | undefined) | undefined;
}

/** Keeps a text of a subject, and tells where it is read. Undefined where so much is kept of the subject that there is no more room. */
export async function keepText(
  subject: string,
  text: TextToKeep,
  { store, publicUrl }: Options,
): Promise<KeptText | undefined> {
  const kept = await store.keepText(subject, text);
  const address = publicUrl?.();
  if (!kept || address === undefined) return kept;
  return { ...kept, url: `${withoutSlashAtEnd(address)}/api/v1/texts/${kept.digest}` };
}

/** A read has two seconds in the worker itself. */
const withinMilliseconds = 1_200;

/** The same for a result that has a part of the text: nothing, where it was not kept in time. */
export async function keepBeside(
  subject: string,
  text: TextToKeep,
  options: Options,
): Promise<{ kept?: KeptText }> {
  const ended = new AbortController();
  const late = pause(withinMilliseconds, undefined, { signal: ended.signal }).catch(() => undefined);
  const keeping = keepText(subject, text, options).catch(() => undefined);
  const kept = await Promise.race([keeping, late]);
  ended.abort();
  return kept ? { kept } : {};
}
