import { createHash } from 'node:crypto';
import type { HttpFormat } from '../../domain/http-event.ts';
import type { ReadEvent } from '../receiving/read-event.ts';

/** The delivery that an event is read from. */
export interface ReadBy {
  connection: string;
  receivedAt: string;
  /** Of the delivery: the sender's, else by its words. It is that of what has none of its own, and of what cannot be read. */
  id: string;
}

/** How the JSON of one kind of sender is read. */
export interface Format {
  name: HttpFormat;
  /** What a delivery is about, where several of one thing follow each other and may have the same words. */
  aboutIn?(json: object): string | undefined;
  /** Its events have ids in their bytes, so it is not asked whether the words were said before. Left out: they have none. */
  hasOwnIds?(json: object): boolean;
  /** The events in one delivery. What cannot be read is `unreadable`: it is kept, and parked with the reason. */
  read(json: object, by: ReadBy): ReadEvent[];
}

/** Longer ones stand in no run's id. */
const longestKey = 200;

/** What an event is filed under: never what an incident is filed under, whatever a sender writes. */
export const subjectFrom = (connection: string, about: string): string =>
  `http/${connection}/${keyFrom(about)}`;

/** An id as it is, or its digest where it is too long. */
export const keyFrom = (id: string): string =>
  id.length <= longestKey ? id : `sha256:${createHash('sha256').update(id).digest('hex')}`;

/** In one form, so that times of events compare as texts. Undefined for what is none. */
export function timeFrom(text: string | null | undefined): string | undefined {
  const time = new Date(text ?? Number.NaN);
  // Monitors write the year 1 for a time that is not there.
  return Number.isNaN(time.getTime()) || time.getUTCFullYear() < 2000 ? undefined : time.toISOString();
}
