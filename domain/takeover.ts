/** That a person has taken an incident in hand: acknowledged it, or reassigned it to themselves. */
export interface Takeover {
  how: 'acknowledged' | 'reassigned';
  /** The person's name. */
  by: string;
  /** ISO time. */
  at: string;
}

/** What a trigger may say of it: `pause`, its runs then leave to people what is destructive. Left out: they go on. */
export type WhenAcknowledged = 'pause';

/** So people read it. */
export const takenOverInWords = ({ how, by, at }: Takeover): string =>
  `${by} ${how === 'acknowledged' ? 'acknowledged the incident' : 'took the incident over'} at ${at}`;
