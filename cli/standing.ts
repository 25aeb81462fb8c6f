import type { RunStuck } from '../domain/run.ts';
import { printable } from './output.ts';

/** Why a run does not go on, and what helps, in one line. */
export function standing({ reason, message, since }: RunStuck): string {
  return printable(`stands still since ${since}: ${message} ${next[reason]}`);
}

const next: Record<RunStuck['reason'], string> = {
  NonDeterminism: '(bring back the code that it began with, or cancel it in Temporal)',
  WorkflowTaskFailed: '(correct the workflow and deploy, or cancel it in Temporal)',
  NoWorker: '(start a worker with the code that it began with)',
};
