import { closeSync, fchmodSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Head } from '../../store/record/chain.ts';
import { signHead } from '../../store/record/heads.ts';

export interface HeadOptions {
  /** Signs heads. Undefined: they stand without a signature. */
  secretKey?: string | undefined;
  /** Where the file of heads is kept. Undefined: they go to the log alone. */
  headsDir?: string | undefined;
}

/**
 * Tells the head of the record to the log and to `record-heads.jsonl`: whoever rewrites the store cannot rewrite what is kept elsewhere,
 * and who does not have the key cannot sign another head.
 */
export function tellHead(head: Head, log: Logger, { secretKey, headsDir }: HeadOptions): void {
  const told = { seq: head.seq, hash: head.hash, at: new Date().toISOString() };
  const signed = { ...told, ...(secretKey !== undefined && { signature: signHead(secretKey, told) }) };
  log.info(signed, 'Head of the record');
  if (headsDir === undefined) return;
  try {
    appendTo(headsDir, `${JSON.stringify(signed)}\n`);
  } catch (error) {
    log.warn({ err: error }, 'The head of the record could not be written to its file');
  }
}

/** In one piece, so that processes that share the folder do not mix their lines. For this user alone. */
function appendTo(folder: string, line: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = openSync(join(folder, 'record-heads.jsonl'), 'a', 0o600);
  try {
    fchmodSync(file, 0o600);
    writeSync(file, line);
  } finally {
    closeSync(file);
  }
}
