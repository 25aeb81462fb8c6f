import { wholeKept } from '../../../domain/kept-text.ts';
import { steps } from '../../../workflows/kit/activities.ts';
import { keepText } from '../../../workflows/kit/keep-text.ts';
import { healthy } from '../../../workflows/kit/run.ts';

export interface GatherWarningsInput {
  incidentId: string;
  namespaces: string[];
}

/** Gathers what the cluster warns of in many namespaces, and says in a note where all of it is. */
export async function gatherWarnings({ incidentId, namespaces }: GatherWarningsInput): Promise<string> {
  const lines: string[] = [];
  for (const namespace of namespaces) {
    const { events } = await steps.listKubernetesEvents({ namespace, type: 'Warning' });
    lines.push(...events.map(({ at, reason, message }) => `${at} ${namespace} ${reason}: ${message}`));
  }
  const kept = await keepText('Warnings of the cluster', lines.join('\n'));
  await steps.addPagerDutyNote({ incidentId, note: `${lines.length} warnings. ${wholeKept(kept)}` });
  return healthy('gathered');
}
