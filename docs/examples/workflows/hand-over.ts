import { steps } from '../../../workflows/kit/activities.ts';
import { orPark } from '../../../workflows/kit/park.ts';
import { healthy } from '../../../workflows/kit/run.ts';

/** Makes an issue for those who take over, and says in a note where it is, or why there is none. */
export async function handOver({ incidentId }: { incidentId: string }): Promise<string> {
  await steps.addPagerDutyNote({ incidentId, note: 'An issue follows.' });
  const issue = { incidentId, purpose: 'hand-over', summary: 'Take over', text: 'All that is known.' };
  const made = await orPark('createJiraIssue', issue, { expiresIn: '4 hours' });
  const note = 'result' in made ? `Take over by ${made.result.key}.` : `No issue: ${made.skipped}.`;
  await steps.addPagerDutyNote({ incidentId, note });
  return healthy('handed over');
}
