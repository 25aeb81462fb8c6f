import { createHash } from 'node:crypto';
import type { Body } from './blocks.ts';

/** What a message shows, in short: kept in its metadata, so that one that shows it already is left alone. */
export const digestOf = (body: Body): string =>
  createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22);
