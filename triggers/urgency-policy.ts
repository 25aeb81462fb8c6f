import type { Incident } from '../domain/incident.ts';
import type { Urgency } from '../domain/urgency.ts';

interface Declaration {
  /** In words, as `baton policies list` tells it. */
  when: string;
  /** Pure. An incident is as its last event told it. */
  is(incident: Incident): boolean;
}

/** Declares which incidents are urgent; throws where the words are missing. One for which `is` fails is not urgent, and is handled as any other. */
export function defineUrgency({ when, is }: Declaration): Urgency {
  if (when.trim() === '')
    throw new Error('The urgency policy says nothing. Say in `when` which incidents are urgent, in words.');
  return {
    when,
    isUrgent(incident) {
      try {
        return is(incident) === true;
      } catch {
        return false;
      }
    },
  };
}
