import { setTimeout as pause } from 'node:timers/promises';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import { type Output, printable } from './output.ts';

const lookEveryMilliseconds = 1_000;

/** Says where a user of the provider consents, and waits until they have. Gives what names their consent. */
export async function consentBy(
  ask: Ask,
  about: { provider: string; name: string; answers: Record<string, string> },
  output: Output,
): Promise<string> {
  const { consent, address, redirectUri, minutes } = await ask('setup.consent', about);
  output.note(`The app has to allow this redirect address: ${printable(redirectUri)}`);
  output.note(`Open this address in a browser within ${minutes} minutes, and let Baton in:`);
  output.note(printable(address));
  for (;;) {
    const { state, reason = '' } = await ask('setup.consented', { consent });
    if (state === 'granted') return consent;
    if (state === 'refused')
      throw new CliFailure('There is no consent', {
        why: `${printable(reason)}.`,
        next: 'Do the same once more, as somebody who may let the app in.',
        exit: exits.failed,
      });
    await pause(lookEveryMilliseconds);
  }
}
