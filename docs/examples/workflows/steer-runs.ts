import { cancelRun, signalRun, startRun } from '../../../workflows/kit/runs.ts';
import { pagerdutyProductionIncidentPolicy } from '../../../workflows/pagerduty-production-incident-policy.ts';

export interface SteerRunsInput {
  incidentId: string;
  /** A run that waits for this: `await awaitSignal('failed over')`. */
  waiting: string;
  /** A run that would be in the way. */
  other: string;
}

/** Tells a run to go on, stops another, and starts a third. */
export async function steerRuns({ incidentId, waiting, other }: SteerRunsInput): Promise<string> {
  const isTold = await signalRun(waiting, 'failed over', { to: 'eu-central-1' });
  const isStopped = await cancelRun(other, 'the traffic has moved');
  const reason = 'people are to know';
  const { id } = await startRun(pagerdutyProductionIncidentPolicy, { incidentId }, { reason });
  return `${isTold ? 'told' : 'not told'}, ${isStopped ? 'stopped' : 'not stopped'}, started ${id}`;
}
