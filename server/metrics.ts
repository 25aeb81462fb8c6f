import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';

export type Metrics = ReturnType<typeof createMetrics>;

/** What the store knows of the gauges. */
export interface StoredGauges {
  pending: number;
  oldestSeconds: number;
  headSeq: number;
}

/** The classes of failure that an attempt is counted by. A bug's class is its error's name, of which there is no end: `other`. */
const failureClasses: readonly string[] = [
  'RateLimited',
  'ProviderUnavailable',
  'AnswerUnreadable',
  'ProviderRefused',
  'Conflict',
  'Held',
  'NotConnected',
  'InvalidInput',
  'Busy',
  'StoreUnavailable',
];

function classOf(failure: unknown): string {
  if (failure instanceof CancelledFailure) return 'cancelled';
  const type = failure instanceof ApplicationFailure ? failure.type : (failure as Error).name;
  return type && failureClasses.includes(type) ? type : 'other';
}

/**
 * What `/metrics` shows, in Prometheus' text form. Labels come from closed sets, never from ids or texts. `more` reads what else belongs
 * on the page: the metrics of Temporal's SDK, where the process has a worker. Without them the rest is shown.
 */
export function createMetrics(more: () => Promise<string> = async () => '') {
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
  // An attempt may make several requests, or none when an earlier one has done the work: so this counts attempts.
  const attempts = new Counter({
    name: 'baton_provider_attempts_total',
    help: 'Attempts at activities, by provider and outcome: completed, or the class of the failure',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const approvals = new Counter({
    name: 'baton_approvals_total',
    help: 'Approvals that were asked for, reminders of them, and those that ended, by how',
    labelNames: ['outcome'],
    registers,
  });
  const questions = new Counter({
    name: 'baton_questions_total',
    help: 'Questions that runs asked people, reminders of them, and those that ended, by how',
    labelNames: ['outcome'],
    registers,
  });
  const pending = new Gauge({ name: 'baton_inbox_pending', help: 'Events not dispatched yet', registers });
  const oldest = new Gauge({
    name: 'baton_inbox_oldest_seconds',
    help: 'Age of the oldest event not dispatched yet',
    registers,
  });
  const temporalUp = new Gauge({ name: 'baton_temporal_up', help: '1 while Temporal answers', registers });
  const temporalFailures = new Counter({
    name: 'baton_temporal_failures_total',
    help: 'Calls that Temporal did not answer, or refused for what we are and not for what was asked, by gRPC code',
    labelNames: ['code'],
    registers,
  });
  const recordHead = new Gauge({
    name: 'baton_record_head_seq',
    help: 'Number of the last linked line of the record',
    registers,
  });
  const stuckRuns = new Gauge({
    name: 'baton_runs_stuck',
    help: 'Live runs that cannot go on, by reason',
    labelNames: ['reason'],
    registers,
  });
  const troubles = new Gauge({
    name: 'baton_troubles',
    help: 'What the watchdog has found wrong and tells people of, by condition',
    labelNames: ['condition'],
    registers,
  });
  const pullAge = new Gauge({
    name: 'baton_pagerduty_pull_age_seconds',
    help: 'Time since the log of PagerDuty was last read to its end, by connection',
    labelNames: ['connection'],
    registers,
  });
  // Put on the page with its first value: only some servers have a socket.
  const slackSocketUp = new Gauge({
    name: 'baton_slack_socket_up',
    help: '1 while Slack is connected by Socket Mode',
    registers: [],
  });
  const storeUp = new Gauge({ name: 'baton_store_up', help: '1 while the store answers', registers });
  return {
    webhook(source: 'pagerduty' | 'slack' | 'jira' | 'http', answer: number, seconds: number) {
      webhooks.inc({ source, answer: String(answer) });
      duration.observe({ source }, seconds);
    },
    temporalFailure: (code: string) => temporalFailures.inc({ code }),
    slackSocket(up: boolean) {
      registry.registerMetric(slackSocketUp);
      slackSocketUp.set(up ? 1 : 0);
    },
    event: (disposition: string) => events.inc({ disposition }),
    /** `approval.approved`, `question.answered`: what was asked of people, that it still waits, or how it ended. */
    asked(type: string) {
      const [kind, outcome = ''] = type.split('.');
      (kind === 'question' ? questions : approvals).inc({ outcome });
    },
    run: (workflow: string, outcome: string) => runs.inc({ workflow, outcome }),
    /** An attempt at an activity. With a `failure` it failed. */
    activity({ name, provider }: { name: string; provider: string }, failure?: unknown) {
      const failed = failure !== undefined;
      activities.inc({ activity: name, outcome: failed ? 'failed' : 'completed' });
      attempts.inc({ provider, outcome: failed ? classOf(failure) : 'completed' });
    },
    /** The page, with the gauges as they are now. `stored` undefined: the store does not answer. */
    async page(
      stored: StoredGauges | undefined,
      temporalIsUp: boolean,
      stuck?: Record<string, number>,
      pulls?: Record<string, { ageSeconds: number | null }>,
      wrong?: Record<string, number>,
    ) {
      storeUp.set(stored ? 1 : 0);
      temporalUp.set(temporalIsUp ? 1 : 0);
      for (const [reason, count] of Object.entries(stuck ?? {})) stuckRuns.set({ reason }, count);
      for (const [condition, count] of Object.entries(wrong ?? {})) troubles.set({ condition }, count);
      pullAge.reset();
      for (const [connection, { ageSeconds }] of Object.entries(pulls ?? {}))
        if (ageSeconds !== null) pullAge.set({ connection }, ageSeconds);
      if (stored) {
        pending.set(stored.pending);
        oldest.set(stored.oldestSeconds);
        recordHead.set(stored.headSeq);
      }
      const [own, others] = await Promise.all([registry.metrics(), more().catch(() => '')]);
      return { type: registry.contentType, text: own.endsWith('\n') ? own + others : `${own}\n${others}` };
    },
  };
}
