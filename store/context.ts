import type { Kysely } from 'kysely';
import type { Entry } from '../domain/record.ts';
import type { LineColumns } from './record/record.ts';
import type { Tables } from './tables.ts';

/** What the parts of the store share. */
export interface Context {
  db: Kysely<Tables>;
  /** This process, as leases name it. */
  me: string;
  /** The events whose dispatch this process knows to be its own. Only their leases are prolonged. */
  held: Set<number>;
  /** Masks secrets. */
  scrub: (text: string) => string;
  makeLine: (entry: Entry) => LineColumns;
  /** To be called after a commit that made an event pending which this process does not hold. */
  onPending: () => void;
}
