import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Checkpoint, isHeadSigned, isSegmentSigned, type ToldHead } from '../store/record/heads.ts';

/** A head as it is compared: one that a person gave has no time and no signature. */
export interface ComparedHead {
  seq: number;
  hash: string;
}

const toldHead = z.object({
  seq: z.number().int().min(0),
  hash: z.string(),
  at: z.string(),
  signature: z.string().optional(),
});

/** What is wrong with signatures, one sentence each, and how many could not be checked. */
export interface Signatures {
  wrong: string[];
  unsigned: number;
  signed: number;
}

/** The heads that were written to the file of a folder, oldest first, and what is to be said about it. */
export function readHeadFile(
  folder: string,
  secretKeys: readonly string[],
): { heads: (ToldHead & { signature?: string | undefined })[]; signatures: Signatures } {
  const path = join(folder, 'record-heads.jsonl');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const heads: (ToldHead & { signature?: string | undefined })[] = [];
  const unreadable: string[] = [];
  lines.forEach((line, index) => {
    if (line === '') return;
    const parsed = toldHead.safeParse(jsonOf(line));
    if (parsed.success) heads.push(parsed.data);
    else unreadable.push(`${path}, line ${index + 1}, is no head of the record`);
  });
  const signatures = checkSignatures(
    heads.map((head) => ({
      name: `the head of line ${head.seq} in ${path}`,
      signature: head.signature,
      mustBeSigned: false,
      isGood: (key: string, signature: string) => isHeadSigned(key, head, signature),
    })),
    secretKeys,
  );
  return { heads, signatures: { ...signatures, wrong: [...unreadable, ...signatures.wrong] } };
}

/**
 * The signatures of what was pruned. `heads`: as the file tells them. A line is pruned after it was the head, so where one of these lines
 * was told with a signature there was a key when they went, and a checkpoint without a signature was put there by somebody else.
 */
export const checkCheckpoints = (
  checkpoints: readonly Checkpoint[],
  heads: readonly (ToldHead & { signature?: string | undefined })[],
  secretKeys: readonly string[],
): Signatures => {
  const firstSigned = Math.min(
    ...heads.filter(({ signature }) => signature !== undefined).map(({ seq }) => seq),
  );
  return checkSignatures(
    checkpoints.map((checkpoint) => ({
      name: `the checkpoint of lines ${checkpoint.firstSeq} to ${checkpoint.lastSeq}`,
      signature: checkpoint.signature,
      mustBeSigned: checkpoint.lastSeq >= firstSigned,
      isGood: (key: string, signature: string) => isSegmentSigned(key, checkpoint, signature),
    })),
    secretKeys,
  );
};

interface Signed {
  name: string;
  signature: string | undefined;
  /** Also where it is the first. */
  mustBeSigned: boolean;
  isGood(secretKey: string, signature: string): boolean;
}

/**
 * By any of these keys, today's and former ones; without one, none is checked. Once one is signed, all later ones have to be: else
 * whoever cannot sign would leave the signature out.
 */
function checkSignatures(all: readonly Signed[], secretKeys: readonly string[]): Signatures {
  const found: Signatures = { wrong: [], unsigned: 0, signed: 0 };
  for (const { name, signature, mustBeSigned, isGood } of all) {
    if (secretKeys.length === 0) found.unsigned += 1;
    else if (signature === undefined && found.signed === 0 && !mustBeSigned) found.unsigned += 1;
    else if (signature === undefined)
      found.wrong.push(`${name} is not signed, though there was a key before it`);
    else if (secretKeys.some((key) => isGood(key, signature))) found.signed += 1;
    else
      found.wrong.push(
        `${name} was not signed with this BATON_SECRET_KEY (one from before belongs into BATON_FORMER_SECRET_KEYS)`,
      );
  }
  return found;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The key as it is set, else the one in the data folder of an embedded Baton; then those that were in use before. */
export function readSecretKeys(settings: {
  secretKey: string | undefined;
  formerSecretKeys: readonly string[];
  databaseUrl: string | undefined;
  dataDir: string;
}): string[] {
  const { secretKey, formerSecretKeys, databaseUrl, dataDir } = settings;
  const path = join(dataDir, 'secret.key');
  const isEmbedded = secretKey === undefined && databaseUrl === undefined && existsSync(path);
  const current = isEmbedded ? readFileSync(path, 'utf8').trim() : secretKey;
  return current === undefined ? [...formerSecretKeys] : [current, ...formerSecretKeys];
}
