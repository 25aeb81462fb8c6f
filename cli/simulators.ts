/** The simulated providers of one process. */
export interface RunningSimulators {
  /** The settings that connect Baton to them. */
  env: Record<string, string>;
  /**
   * Raises the example incident in the simulated PagerDuty (an EC2 instance of the service Checkout fails its status check) and
   * returns its id; undefined where PagerDuty is not simulated.
   */
  play?: () => Promise<string>;
  close(): Promise<void>;
}

export type StartSimulators = (options: {
  providers: readonly string[];
  /** Where their worlds and ledgers are kept over restarts. */
  stateDir: string;
  /** Where the simulated PagerDuty sends its webhooks. */
  webhookUrl: string;
}) => Promise<RunningSimulators>;
