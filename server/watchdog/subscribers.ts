import type { Subscription } from '../../domain/subscription.ts';
import type { Trouble } from '../../domain/watched.ts';
import type { Store } from '../../store/store.ts';
import type { UntoldSubscriber } from '../../store/untold.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import type { Condition } from './condition.ts';

interface Options {
  store: Pick<Store, 'untoldSubscribers'>;
  /** As the files of this version list them: what none lists is told of no more, and that is meant so. */
  told: readonly Subscription[];
}

/**
 * Subscribers that are told no more: the subscription is stopped, as its receiver wanted no more, or events were given up. What was given up is over
 * once it is replayed, or a day after the last of it, where the receiver takes events again.
 */
export function subscriberUntold({ store, told }: Options): Condition {
  return {
    name: 'subscriber.untold',
    // An attempt is given up after a day; a stop is meant so.
    heldFor: 0,
    async find() {
      const found = await store.untoldSubscribers(told.map(({ name }) => name));
      return found.flatMap((each) => [...stopped(each), ...exhausted(each)]);
    },
  };
}

function stopped({ name, stopped: state }: UntoldSubscriber): Trouble[] {
  if (!state) return [];
  const { at, because } = state;
  return [
    troubleOf(name, 'Stopped', {
      summary: `The subscription ${name} is stopped since ${at}: ${because}. Its events wait. Ask whoever runs the receiver, then go on (baton subscriptions resume ${name}), or take it off the list`,
      details: { at, because },
    }),
  ];
}

function exhausted({ name, exhausted: state }: UntoldSubscriber): Trouble[] {
  if (!state) return [];
  const { count, lastAt, reason } = state;
  const what = count === 1 ? '1 event was given up' : `${count} events were given up`;
  return [
    troubleOf(name, 'GivenUp', {
      summary: `The subscriber ${name} is not told of all: ${what}, the last at ${lastAt} (${reason}). Mend the receiver or the connection, then baton subscriptions failed and baton subscriptions replay ${name}`,
      details: { count, lastAt, reason },
    }),
  ];
}

const troubleOf = (
  subscription: string,
  what: 'Stopped' | 'GivenUp',
  { summary, details }: Pick<Trouble, 'summary' | 'details'>,
): Trouble => ({
  key: keyOf('baton', 'subscription', what, subscription),
  summary,
  severity: 'error',
  component: 'subscription',
  class: what,
  group: subscription,
  details: { subscription, ...details },
});
