import type { DeploymentRule } from './deployment.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { JournalPolicy } from './journal.ts';
import type { PagePolicy } from './page.ts';
import { defaultConnection } from './subject.ts';
import type { Subscription } from './subscription.ts';
import type { Urgency } from './urgency.ts';

/** What follows from runs, incidents and events without that any trigger or workflow says so, as reviewed files have it. */
export interface Policies {
  /** How failed runs are paged for. */
  pages: readonly PagePolicy[];
  /** Which changes PagerDuty is told of. */
  journal: readonly JournalPolicy[];
  /** Whose deployments and tests are told of. Left out: none. */
  deployments?: readonly DeploymentRule[];
  /** Which sources are expected to be heard of. Left out: none. */
  heartbeats?: readonly Heartbeat[] | undefined;
  /** Which conditions are kept as alerts. Left out: none. */
  monitors?: readonly ListedMonitor[];
  /** Who is told of what Baton does, by HTTP. Left out: nobody. */
  subscriptions?: readonly Subscription[];
  /** Which incidents go before all others. Left out: none. */
  urgent?: Urgency | undefined;
}

/** A condition that is kept as an alert, as far as whoever does not keep it has to know it. */
export interface ListedMonitor {
  name: string;
  connection: string;
  from: { source: string } | { reads: readonly { target: string; by?: string; query?: string }[] };
}

/** What names a connection, and what that one has to have. */
export interface Naming {
  connection: string;
  /** In words: `the subscription board`. */
  what: string;
  provider: string;
  title: string;
  /** Settings. Of those that stand together one is enough. */
  needs: readonly (readonly string[])[];
}

/** By it pages and change events are sent. */
const pagerDuty = { provider: 'pagerduty', title: 'PagerDuty', needs: [['PAGERDUTY_ROUTING_KEY']] };
/** Where subscribers are told, and what signs it. */
const subscriber = {
  provider: 'http',
  title: 'HTTP',
  needs: [['HTTP_SUBSCRIBER_URL'], ['HTTP_SUBSCRIBER_SECRETS']],
};
/** What shows that a delivery is from a source. */
const source = {
  provider: 'http',
  title: 'HTTP',
  needs: [['HTTP_WEBHOOK_SECRETS', 'HTTP_WEBHOOK_TOKENS']],
};
const prometheus = { provider: 'prometheus', title: 'Prometheus', needs: [['PROMETHEUS_URL']] };
const http = { provider: 'http', title: 'HTTP', needs: [] };

/** What the policies and the lists name connections for. */
export function namingsIn({
  pages,
  journal,
  deployments = [],
  heartbeats = [],
  monitors = [],
  subscriptions = [],
}: Policies): Naming[] {
  const said = (kind: string, policies: readonly { workflow: string; connection?: string }[]) =>
    policies.flatMap(({ workflow, connection }): Naming[] => {
      const what = `the ${kind} policy of ${workflow === 'all' ? 'all workflows' : workflow}`;
      return connection === undefined ? [] : [{ connection, what, ...pagerDuty }];
    });
  return [
    ...said('page', pages),
    ...said('journal', journal),
    ...deployments.flatMap((rule): Naming[] => {
      const what = `the deployments of ${rule.service}`;
      return [
        { connection: rule.connection, what, ...pagerDuty },
        { connection: rule.source, what, ...source },
      ];
    }),
    ...heartbeats.map((each) => ({
      connection: each.source,
      what: `the heartbeat of ${each.source}`,
      ...source,
    })),
    ...monitors.flatMap(({ name, connection, from }): Naming[] => {
      const what = `the monitor ${name}`;
      const read = 'source' in from ? [] : from.reads;
      const readBy = new Map(
        read.map(({ by = defaultConnection, query }) => {
          const of = query === undefined ? http : prometheus;
          return [`${of.provider} ${by}`, { connection: by, what, ...of }];
        }),
      );
      const told = 'source' in from ? [{ connection: from.source, what, ...source }] : [];
      return [{ connection, what, ...pagerDuty }, ...told, ...readBy.values()];
    }),
    ...subscriptions.map(({ name, connection }) => ({
      connection,
      what: `the subscription ${name}`,
      ...subscriber,
    })),
  ];
}
