/** A line for the record. `subject` is the incident id, or what else it is about. */
export interface Entry {
  at: string;
  /** `trigger:ec2-unhealthy`, `person:ada@example.com`, `baton`, `pagerduty`. */
  actor: string;
  /** `webhook`, `dispatch`, `worker`, `slack`, `cli`, `schedule`. */
  via: string;
  /** Dotted: `event.received`, `event.answered`, `run.started`, `activity.intended`, `activity.completed`, … */
  action: string;
  subject: string;
  detail: Record<string, unknown>;
}

export interface RecordRow extends Entry {
  /** Undefined while unlinked. */
  seq?: number;
  previous?: string;
  hash?: string;
}
