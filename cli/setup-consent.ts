import { setTimeout as pause } from 'node:timers/promises';
import { isNobodyThere } from '../processes/control.ts';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import { type Output, printable } from './output.ts';

const lookEveryMilliseconds = 1_000;

/** Says where a user of the provider consents, and waits until they have. Gives what names their consent. */
export async function consentBy(
  ask: Ask,
  about: { provider: string; name: string; answers: Record<string, string> },
  output: Output,
  untilNextLook: () => Promise<unknown> = () => pause(lookEveryMilliseconds),
): Promise<string> {
  const { consent, address, redirectUri, minutes } = await ask('setup.consent', about);
  output.note(`The app has to allow this redirect address: ${printable(redirectUri)}`);
  output.note(`Open this address in a browser within ${minutes} minutes, and let Baton in:`);
  output.note(printable(address));
  const end = Date.now() + minutes * 60_000;
  /** The user is in a browser meanwhile, so a Baton that is away for a moment, or begins anew, is asked again. */
  const unlessAway = (error: unknown) => {
    if (!isAway(error) || Date.now() >= end) throw error;
    return { state: 'asked' as const, reason: '' };
  };
  for (;;) {
    const { state, reason = '' } = await ask('setup.consented', { consent }).catch(unlessAway);
    if (state === 'granted') return consent;
    if (state === 'refused')
      throw new CliFailure('There is no consent', {
        why: `${printable(reason)}.`,
        next: 'Do the same once more, as somebody who may let the app in.',
        exit: exits.failed,
      });
    await untilNextLook();
  }
}

/** There was no answer, or one that tells of a fault that may be over soon. */
const isAway = (error: unknown) =>
  isNobodyThere(error) ||
  (error instanceof CliFailure && (error.exit === exits.failed || error.exit === exits.timedOut));
