import { activityInfo } from '@temporalio/activity';
import { heardOf } from '../../domain/step.ts';
import { targetsIn, tellOfStep } from '../told-steps.ts';
import type { AnyLink, Surroundings } from './call.ts';
import { failureOf } from './failure.ts';

/**
 * Tells that a worker has begun a step, where somebody hears of it: whichever attempt can tell it first. What is only looked at is no step.
 */
export const toldStart =
  ({ store, scrub }: Surroundings): AnyLink =>
  async (call, next) => {
    const { shown, declaration, approval, key, runId, attempt, connection, input } = call;
    const cause = 'cause' in shown ? shown.cause : undefined;
    const { name: activity, kind } = declaration;
    const isLook = approval !== undefined && approval !== 'approved';
    const heard = isLook ? [] : heardOf(cause?.heard ?? {}, activity, kind === 'read');
    if (!cause || !heard.includes('activity.started')) return next(call);
    const scheduledAt = new Date(activityInfo().scheduledTimestampMs).toISOString();
    const facts = { activity, kind, targets: targetsIn(declaration, connection, input), key, scheduledAt };
    const at = new Date().toISOString();
    try {
      await tellOfStep('activity.started', { runId, facts, cause, at, attempt }, store);
    } catch (error) {
      throw failureOf(error, call, scrub);
    }
    return next(call);
  };
