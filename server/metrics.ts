import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';

export type Metrics = ReturnType<typeof createMetrics>;

/** What `/metrics` shows, in Prometheus' text form. Labels come from closed sets, never from ids or texts. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const webhooks = new Counter({
    name: 'baton_webhooks_received_total',
    help: 'Requests to a webhook, by source and HTTP status of the answer',
    labelNames: ['source', 'answer'],
    registers,
  });
  const duration = new Histogram({
    name: 'baton_webhook_duration_seconds',
    help: 'Time from a webhook to its answer',
    labelNames: ['source'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers,
  });
  const events = new Counter({
    name: 'baton_events_total',
    help: 'Events by what became of them',
    labelNames: ['disposition'],
    registers,
  });
  const runs = new Counter({
    name: 'baton_runs_total',
    help: 'Runs that ended, by workflow and state',
    labelNames: ['workflow', 'outcome'],
    registers,
  });
  const activities = new Counter({
    name: 'baton_activities_total',
    help: 'Attempts at activities, by activity and outcome',
    labelNames: ['activity', 'outcome'],
    registers,
  });
  const pending = new Gauge({ name: 'baton_inbox_pending', help: 'Events not dispatched yet', registers });
  const oldest = new Gauge({
    name: 'baton_inbox_oldest_seconds',
    help: 'Age of the oldest event not dispatched yet',
    registers,
  });
  const temporalUp = new Gauge({ name: 'baton_temporal_up', help: '1 while Temporal answers', registers });
  const storeUp = new Gauge({ name: 'baton_store_up', help: '1 while the store answers', registers });
  return {
    webhook(source: 'pagerduty' | 'slack', answer: number, seconds: number) {
      webhooks.inc({ source, answer: String(answer) });
      duration.observe({ source }, seconds);
    },
    event: (disposition: string) => events.inc({ disposition }),
    run: (workflow: string, outcome: string) => runs.inc({ workflow, outcome }),
    activity: (activity: string, outcome: 'completed' | 'failed') => activities.inc({ activity, outcome }),
    /** The page, with the gauges as they are now. `backlog` undefined: the store does not answer. */
    async page(backlog: { pending: number; oldestSeconds: number } | undefined, temporalIsUp: boolean) {
      storeUp.set(backlog ? 1 : 0);
      temporalUp.set(temporalIsUp ? 1 : 0);
      if (backlog) {
        pending.set(backlog.pending);
        oldest.set(backlog.oldestSeconds);
      }
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}
