import type { RunMode } from './mode.ts';

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
  /** The code that carries it out, or that ended it. Missing: no worker has said so yet. */
  worker?: WorkerBuild;
  createdAt: string;
  endedAt?: string;
}

/** The code of a worker. */
export interface WorkerBuild {
  /** Of the workflows: the same sources have the same one on any machine. */
  build: string;
  /** Of the sources, where it is known. As git says it: with `-dirty` where they have changes beside it. */
  commit?: string;
}

/** What began a run, and on whose behalf. */
export interface RunBeginning {
  /** The event that called for it. */
  event?: { id: string; type: string };
  /** The operation by which somebody began it. */
  operation?: string;
  /** `trigger:ec2-unhealthy`, `person:Ada Lopez`, `token:ci`. */
  actor: string;
}

/** A run as it is shown. What began it is missing where the run is so old that it was not kept. */
export interface ShownRun extends RunRow, Partial<RunBeginning> {
  /** How far it may go. Missing: a person or a program has started it. */
  mode?: RunMode;
  /** By which connections its calls go, by provider, where that is not `default`. */
  connections?: Record<string, string>;
}

/** What becomes of a run that has not ended in the time that its trigger gives it: it is told, people are paged, or it is stopped and they are. */
export const whenOverdue = ['warn', 'page', 'cancel'] as const;
export type WhenOverdue = (typeof whenOverdue)[number];

/** Why a live run cannot go on. */
export interface RunStuck {
  reason: (typeof stuckReasons)[number];
  message: string;
  since: string;
}
