import { CancelledFailure, cancellationSignal } from '@temporalio/activity';
import { scrubValue } from '../../secrets/scrub.ts';
import { actorOfChange, notAuthorized } from '../authority.ts';
import type { AnyLink, Surroundings } from './call.ts';
import { refused } from './entry.ts';
import { asFailure, attemptMilliseconds } from './failure.ts';

/** A change is made only where a signed cause calls for it, and in the name of whom that one names. */
export const authorized =
  (options: Surroundings): AnyLink =>
  async (call, next) => {
    const { declaration, shown } = call;
    const { clients, scrub } = options;
    if (cancellationSignal().aborted) throw new CancelledFailure('The run is to end, so this is not begun');
    if ('refusal' in shown) throw await refused(call, notAuthorized(declaration, shown.refusal), options);
    const identified = actorOfChange(shown, declaration, clients, attemptMilliseconds);
    const actor = await identified.catch((error: unknown) => {
      throw asFailure(error, declaration.provider, scrub);
    });
    // Titles and logs of others hold secrets at times, which must not go on to a provider.
    const clean = scrubValue(call.input, scrub) as Record<string, unknown>;
    // Whoever has only started the run is in the record, and not named to a provider.
    const isTheirs = 'cause' in shown && shown.cause.by !== undefined;
    return next({ ...call, actor, input: isTheirs ? { ...clean, actor } : clean });
  };
