import { cancellationSignal } from '@temporalio/activity';
import type { AnyChange } from '../../activities/activity.ts';
import { ongoingMaintenance } from '../../activities/maintenance.ts';
import { boundedSignal } from '../../domain/bounded-signal.ts';
import { defaultConnection } from '../../domain/subject.ts';
import type { Call, Link, Surroundings } from './call.ts';
import { asFailure, attemptMilliseconds } from './failure.ts';
import { held } from './guard.ts';

/** Nothing is destroyed by itself while people maintain the service of the run's incident, unless they have approved just that. */
export const outsideOfMaintenance =
  (options: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { declaration, approvedBy, shown } = call;
    const cause = 'cause' in shown ? shown.cause : undefined;
    const service = cause?.incident?.service.id;
    if (declaration.kind !== 'destructive' || service === undefined || approvedBy?.overridesGuards)
      return next(call);
    const at = { connection: cause?.connection ?? defaultConnection, service };
    const signal = boundedSignal(cancellationSignal(), attemptMilliseconds);
    const window = await ongoingMaintenance(at, options.clients, signal).catch((error: unknown) => {
      throw asFailure(error, 'pagerduty', options.scrub);
    });
    const isUncertain = call.attempt > 1;
    if (window) throw await held(call, { by: { guard: 'maintenance', ...window }, isUncertain }, options);
    return next(call);
  };
