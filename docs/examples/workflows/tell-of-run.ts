import { steps } from '../../../workflows/kit/activities.ts';

export interface TellOfRunInput {
  channelId: string;
  runId: string;
  workflow: string;
  target: string;
  /** `started`, `waiting`, `failed`, …; of a run that has completed, its own word. */
  outcome: string;
}

/** Tells a channel in Slack how it goes with a run. */
export async function tellOfRun({
  channelId,
  runId,
  workflow,
  target,
  outcome,
}: TellOfRunInput): Promise<string> {
  await steps.postSlackMessage({ channelId, text: `${workflow} on ${target}: ${outcome} (${runId})` });
  return 'told';
}
