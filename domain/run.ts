export const runStates = ['starting', 'running', 'completed', 'failed', 'timed out', 'cancelled'] as const;
export type RunState = (typeof runStates)[number];

/** The code cannot follow its history; its next step fails for another reason, as an unknown workflow; nobody takes it. */
export const stuckReasons = ['NonDeterminism', 'WorkflowTaskFailed', 'NoWorker'] as const;

export interface RunRow {
  /** `<trigger>/<incident id>[/2]`: Temporal's workflow id. */
  id: string;
  trigger: string;
  workflow: string;
  subject?: string;
  target: string;
  /** The event that called for it. */
  eventSeq: number;
  state: RunState;
  /** Said at its end: `completed`, `resolved elsewhere`, … */
  outcome?: string;
  failure?: { class: string; message: string; activity?: string };
  /** Set while it cannot go on. */
  stuck?: RunStuck;
  createdAt: string;
  endedAt?: string;
}

/** Why a live run cannot go on. */
export interface RunStuck {
  reason: (typeof stuckReasons)[number];
  message: string;
  since: string;
  /** People know. */
  paged?: boolean;
  /** When a process began to tell them. */
  pagingSince?: string;
  /** It goes on, and the page is still to be taken back. */
  over?: boolean;
}
