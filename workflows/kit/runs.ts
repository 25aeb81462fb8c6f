/** What a run does to other runs. Each is kept, shown and recorded as any run, and what it does is once, however often it is tried. */
import type { Duration } from '@temporalio/common';
import {
  ApplicationFailure,
  getExternalWorkflowHandle,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import { steps } from './activities.ts';
import { nextNumber } from './call-number.ts';
import { record } from './record.ts';
import { isLooking, laterEvents, nextEvent } from './run.ts';

const signalType = 'run.signalled';

/** What one run has told another. */
interface Signal {
  name: string;
  /** The run that told it. */
  from: string;
  data?: unknown;
}

/**
 * Starts a workflow that people can start by hand (`triggers/by-hand`), with the input that they would give. Its id follows from this run and the
 * how-manieth start it is. What it does that cannot be taken back harmlessly it asks for before. Throws where it is refused.
 */
export async function startRun(
  workflow: (input: never) => Promise<unknown>,
  input: Readonly<Record<string, unknown>>,
  { reason, subject }: { reason: string; subject?: string },
): Promise<{ id: string }> {
  const texts = Object.entries(input).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const { runId, refusal } = await steps.startBatonRun({
    workflow: workflow.name,
    input: Object.fromEntries(texts),
    reason,
    ...(subject === undefined ? {} : { subject }),
  });
  if (runId === undefined)
    throw ApplicationFailure.nonRetryable(`${workflow.name} was not started: ${refusal}`, 'ProviderRefused');
  return { id: runId };
}

/** Stops a run: what has begun at a provider is made to its end. False: it had ended, or there is none, and nothing was done. */
export async function cancelRun(id: string, reason: string): Promise<boolean> {
  const { changed } = await steps.stopBatonRun({ runId: id, reason });
  return changed;
}

/** Tells a live run something, which it takes by `awaitSignal`. False: there is no live run with this id. */
export async function signalRun(id: string, name: string, data?: unknown): Promise<boolean> {
  if (isLooking()) {
    await record(`Would tell the run ${id}: ${name}.`);
    return true;
  }
  const from = workflowInfo().workflowId;
  const signal: Signal = { name, from, ...(data === undefined ? {} : { data }) };
  // The same after a reset: a run takes each event once.
  const eventId = `${signalType}/${from}/${nextNumber(signalType)}`;
  const time = new Date().toISOString();
  try {
    await getExternalWorkflowHandle(id).signal(laterEvents, [
      { eventId, type: signalType, time, echo: false, data: signal },
    ]);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
  await record(`Told the run ${id}: ${name}.`);
  return true;
}

/** The signals that this history of the run has taken. */
const taken = new Set<string>();

/** Waits for what another run tells this one by `signalRun`, each once; undefined when the time is over. */
export async function awaitSignal(name: string, timeout?: Duration): Promise<Signal | undefined> {
  const event = await nextEvent(
    ({ eventId, type, data }) => type === signalType && (data as Signal).name === name && !taken.has(eventId),
    timeout === undefined ? {} : { timeout },
  );
  if (event) taken.add(event.eventId);
  return event?.data as Signal | undefined;
}
