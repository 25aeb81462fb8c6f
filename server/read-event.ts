import type { z } from 'zod';
import type { Event } from '../domain/event.ts';

/** An event that was read, or what is known of one that could not be. */
export type ReadEvent =
  | { event: Event }
  | { unreadable: string; id?: string; type: string; subject?: string; time?: string };

/** What is wrong with data of another shape, in a line. */
export const shortly = (error: z.ZodError) =>
  error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
    .join('; ');
