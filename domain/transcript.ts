import type { KeptText } from './kept-text.ts';

/** What was said in an incident's room. */
export interface Transcript {
  /** The room's address. */
  room: string;
  /** SHA-256 of all that was said, before secrets were masked and the text was cut. */
  digest: string;
  messages: number;
  people: number;
  firstAt?: string | undefined;
  lastAt?: string | undefined;
  markdown: string;
  /** The text is only the beginning. */
  truncated: boolean;
  /** Where all that was read of it is. */
  kept?: KeptText | undefined;
}
