/** A source that is expected to be heard of again and again: a backup, a cron job, a monitor. */
export interface Heartbeat {
  /** The name of the source: `POST /webhooks/http/<source>`. */
  source: string;
  /** From one to the next no more seconds than these. */
  everySeconds: number;
}
