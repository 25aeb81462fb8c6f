import { steps } from './kit/activities.ts';
import { issueOf } from './kit/made-issue.ts';
import { record } from './kit/record.ts';
import { healthy } from './kit/run.ts';

export interface TellIssueInput {
  incidentId: string;
  text: string;
  /** Lines that stand as they are, such as a timeline. */
  code?: string;
  /** Another issue than the one that Baton has made for the incident: `OPS-12`. */
  issue?: string;
}

/** Comments on the Jira issue of an incident: on the one that is named, else on the one that Baton has made for it. */
export async function tellIssue({ incidentId, text, code, issue }: TellIssueInput): Promise<string> {
  const key = issue ?? (await issueOf(incidentId));
  if (key === undefined) {
    await record('Baton has made no issue for the incident, and none was named: nothing is written.');
    return 'no issue';
  }
  await steps.addJiraComment({ key, text, ...(code === undefined ? {} : { code }) });
  return healthy('told');
}
