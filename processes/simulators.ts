/** The simulated providers of one process. */
export interface RunningSimulators {
  /** The settings that connect Baton to them. */
  env: Record<string, string>;
  /** The incidents that can be played; the first is the one that a first start plays. */
  stories: readonly string[];
  /** Raises a story's incident in the simulated PagerDuty and returns its id; undefined where PagerDuty is not simulated. */
  play?(story?: string): Promise<string>;
  close(): Promise<void>;
}

export type StartSimulators = (options: {
  providers: readonly string[];
  /** Where their worlds and ledgers are kept over restarts. */
  stateDir: string;
  /** Where the simulated PagerDuty sends its webhooks. */
  webhookUrl: string;
}) => Promise<RunningSimulators>;
