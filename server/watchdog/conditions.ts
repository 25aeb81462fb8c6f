import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Heartbeat } from '../../domain/heartbeat.ts';
import type { PagePolicy } from '../../domain/page.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { Store } from '../../store/store.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import type { TemporalState } from '../temporal/temporal-state.ts';
import type { Condition } from './condition.ts';
import { heartbeatMissed } from './heartbeats.ts';
import { inboxBehind } from './inbox.ts';
import type { Limits } from './limits.ts';
import { runsOverdue } from './overdue.ts';
import { pagedByPolicies } from './policies.ts';
import { scheduleMissed } from './schedules.ts';
import { runStuck } from './stuck.ts';
import { subscriberUntold } from './subscribers.ts';
import { type SubscriptionOptions, subscriptionDisabled } from './subscriptions.ts';
import { temporalAway } from './temporal.ts';
import { workerUnhealthy } from './workers.ts';

export interface Watching {
  store: Store;
  client: Client;
  namespace: string;
  taskQueue: string;
  workersExpected: number;
  triggers: readonly Trigger[];
  temporal: TemporalState;
  limits: Limits;
  /** How people are paged. */
  pages: readonly PagePolicy[];
  /** The sources that are expected to be heard of. */
  heartbeats: readonly Heartbeat[];
  /** Who is told of what Baton does. */
  told: readonly Subscription[];
  log: Logger;
  /** Undefined where PagerDuty's subscriptions cannot be told from others, or be asked for. */
  subscriptions?:
    | Pick<SubscriptionOptions, 'subscriptions' | 'accounts' | 'takesWebhooks' | 'publicUrl' | 'isPulled'>
    | undefined;
}

/** All that a server watches. */
export const conditionsOf = ({ subscriptions, ...watching }: Watching): Condition[] =>
  [
    workerUnhealthy(watching),
    temporalAway(watching),
    inboxBehind(watching),
    runStuck(watching),
    runsOverdue(watching),
    scheduleMissed(watching),
    heartbeatMissed(watching),
    ...(subscriptions ? [subscriptionDisabled({ ...watching, ...subscriptions })] : []),
    subscriberUntold(watching),
  ].map((condition) => pagedByPolicies(condition, watching.pages));
