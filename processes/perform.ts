import { operations } from '../server/operations/index.ts';
import type { AnyOperation, World } from '../server/operations/operation.ts';
import { perform } from '../server/operations/perform.ts';
import { Refusal } from '../server/refusal.ts';
import type { Perform } from '../worker/baton.ts';

/** The operations as the worker's own activities ask for them, in the name of people in Slack, or of a run. */
export function performFromSlack(world: World): Perform {
  return async (name, input, principal, idempotencyKey) => {
    const operation = (operations as readonly AnyOperation[]).find((each) => each.name === name);
    if (!operation) throw new Error(`There is no operation ${name}`);
    try {
      return {
        output: await perform(operation, input, {
          ...world,
          principal,
          via: principal.run ? 'worker' : 'slack',
          idempotencyKey,
        }),
      };
    } catch (error) {
      // Refused by us for now, as while Temporal is away: it is asked again.
      if (error instanceof Refusal && error.status < 500) return { refusal: error.message };
      throw error;
    }
  };
}
