import { isSameCall } from './same-call.ts';

/** A step that has failed for good, as its run knows it. */
export interface FailedStep {
  activity: string;
  /** With what the runbook calls it, and with what it was tried, which may be another one by then. */
  called: unknown;
  input: unknown;
  /** The how-manieth call of its activity it is, under which it is tried again. A read has none. */
  number?: number;
  /** By which approvals it was tried with this input. */
  approvals: readonly string[];
  failure: { class: string; message: string };
}

/** Those about which people are to decide, or have decided that they are tried again. */
let parked: FailedStep[] = [];

/** Keeps a step until it is done with, in place of what it was. */
export function keepParked(step: FailedStep, before?: FailedStep): void {
  doneWith(before);
  // One that an earlier history has left is there.
  if (!parked.includes(step)) parked.push(step);
}

export function doneWith(step: FailedStep | undefined): void {
  parked = parked.filter((each) => each !== step);
}

/** What a run takes along to its next history, which tries none of them anew by itself. */
export const parkedSteps = (): readonly FailedStep[] => parked;

/** Those that an earlier history has left. */
let left: FailedStep[] = [];

export function leaveParked(steps: readonly FailedStep[]): void {
  left = [...steps];
  parked = [...steps];
}

/** The step that an earlier history has left at this very call. */
export function takeLeft(activity: string, input: unknown): FailedStep | undefined {
  const step = left.find((each) => each.activity === activity && isSameCall(each.called, input));
  left = left.filter((each) => each !== step);
  return step;
}
