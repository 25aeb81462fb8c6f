import type { AnyActivity } from '../../activities/activity.ts';
import type { AnyLink } from './call.ts';

/** Counts each attempt for the metrics, with its failure where it has one. */
export const counted =
  (
    count: (activity: Pick<AnyActivity, 'name' | 'provider'>, failure?: unknown) => void = () => {},
  ): AnyLink =>
  async (call, next) => {
    try {
      const outcome = await next(call);
      count(call.declaration);
      return outcome;
    } catch (error) {
      count(call.declaration, error);
      throw error;
    }
  };
