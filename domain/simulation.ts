/** One change that a simulated provider has made in its world, as its ledger has it. Tests compare the ledger with the record. */
export interface SimulatedEffect {
  at: string;
  provider: string;
  /** Verb and object: `channel created`, `instance rebooted`. */
  effect: string;
  /** What it was done to: a channel id, an instance id, an incident id. */
  target: string;
  /** The key or marker that came with the request, where the provider has one. */
  key?: string;
  /** On whose behalf, where the provider is told (PagerDuty's `From`). */
  by?: string;
}

/**
 * What can be ordered of a simulated provider. `rate limit`: 429. `error`: 503. `silence`: no answer, and nothing done. `acts silently`: it
 * acts, and does not answer.
 */
export const simulatedFaults = ['rate limit', 'error', 'silence', 'acts silently'] as const;
export type SimulatedFault = (typeof simulatedFaults)[number];

/** What people may do to the simulated providers of a process. */
export interface Simulation {
  /** Each provider, with what was ordered of it and how many requests that is still to meet. */
  providers(): { provider: string; faults: { fault: string; times: number }[] }[];
  /** What they have changed, newest first. */
  ledger(limit: number): SimulatedEffect[];
  /** Raises the incident of a story, and gives its id. Undefined: PagerDuty is not simulated. */
  play?: (story: string) => Promise<string>;
  /** Raises so many incidents at once, and gives their ids. Undefined: PagerDuty is not simulated. */
  storm?: (incidents: number) => Promise<string[]>;
  /** Orders a fault for the next requests to a provider. */
  order(provider: string, fault: SimulatedFault, times: number): void;
  /** Takes back what was ordered of a provider. */
  heal(provider: string): void;
}

/** The worker of a process that can be stopped and started. */
export interface StoppableWorker {
  isRunning(): boolean;
  stop(): Promise<void>;
  start(): Promise<void>;
}
