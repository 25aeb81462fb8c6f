import { activityInfo } from '@temporalio/activity';
import { z } from 'zod';
import type { AnyActivity } from '../../activities/activity.ts';
import { invalidInput } from '../../activities/failures.ts';
import { actorOf, type Shown } from '../authority.ts';
import { placed, simulatedFor } from '../connection.ts';
import { digestOf, keyOf } from '../identity.ts';
import type { Call, Surroundings } from './call.ts';

/**
 * The current call, its input read by the schema of its activity. `header` tells the how-manieth call of its activity it is in its run.
 * Throws `InvalidInput`, which says what is wrong in which field.
 */
export function readCall(
  declaration: AnyActivity,
  argument: unknown,
  shown: Shown,
  header: unknown,
  { scrub, simulated }: Pick<Surroundings, 'scrub' | 'simulated'>,
): Call {
  const info = activityInfo();
  const parsed = declaration.input.safeParse(argument);
  if (!parsed.success) throw invalidInput(declaration.provider, scrub(z.prettifyError(parsed.error)));
  const runId = info.workflowExecution?.workflowId ?? 'none';
  const cause = 'cause' in shown ? shown.cause : undefined;
  // Whoever calls may name anybody: the actor comes from the cause.
  const { actor: _, ...given } = parsed.data;
  const place = placed(declaration, argument, given, cause, runId);
  return {
    ...place,
    simulated: simulatedFor(declaration, place.connection, cause, simulated),
    declaration,
    key: keyOf(header),
    digest: digestOf(argument),
    runId,
    attempt: info.attempt,
    shown,
    actor: actorOf(shown),
    mode: cause?.mode,
  };
}
