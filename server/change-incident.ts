import type { Principal } from '../domain/rights.ts';

/** What people do to an incident itself. */
export type IncidentDeed = 'acknowledge' | 'resolve' | 'note';

/** Changes an incident at its provider, in somebody's name. Rejects with `CouldNotChange`. */
export type ChangesIncident = (
  asked: {
    deed: IncidentDeed;
    connection: string;
    incidentId: string;
    /** The note, or why it is resolved. */
    text?: string | undefined;
    by: Principal;
    /** The same for the same request: a note is written once under it. */
    key: string;
  },
  signal: AbortSignal,
) => Promise<{ changed: boolean }>;

/** The provider has refused, or given no answer. */
export class CouldNotChange extends Error {
  override name = 'CouldNotChange';
  /** It would be refused again. */
  readonly isFinal: boolean;
  constructor(message: string, isFinal: boolean) {
    super(message);
    this.isFinal = isFinal;
  }
}
