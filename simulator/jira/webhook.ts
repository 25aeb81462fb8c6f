import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Simulator } from '../simulator.ts';
import { categoryOf, type JiraWorld, type SimulatedIssue } from './world.ts';

interface Mover {
  accountId: string;
  displayName: string;
}

const tries = 5;
const pauseMilliseconds = 200;

/** A person moves an issue to another status. */
export function moveIssueAs(
  { world }: Pick<Simulator<JiraWorld>, 'world'>,
  key: string,
  status: string,
  accountId: string,
): void {
  const issue = world.issues.find((each) => each.key === key);
  const person = world.people.find((each) => each.accountId === accountId);
  if (!issue || !person) throw new Error(`The simulated Jira has no issue ${key}, or nobody ${accountId}`);
  const from = issue.status;
  issue.status = status;
  moved(world, issue, from, person);
}

/** Tells the webhook of a move, as Jira does: signed, and again after what may pass. Goes on by itself. */
export function moved({ webhook }: JiraWorld, issue: SimulatedIssue, from: string, by: Mover): void {
  if (!webhook || issue.status === from) return;
  const body = movedBody(issue, from, by);
  void send(webhook, body).catch(() => {});
}

/** A `jira:issue_updated` webhook. */
export function movedBody(issue: SimulatedIssue, from: string, { accountId, displayName }: Mover): string {
  const { id, key, fields, status } = issue;
  return JSON.stringify({
    timestamp: Date.now(),
    webhookEvent: 'jira:issue_updated',
    issue_event_type_name: 'issue_generic',
    user: { accountId, displayName, accountType: 'atlassian', active: true },
    issue: {
      id,
      key,
      fields: { ...fields, status: { name: status, statusCategory: { key: categoryOf(status) } } },
    },
    changelog: {
      id: '10001',
      items: [{ field: 'status', fieldId: 'status', fieldtype: 'jira', fromString: from, toString: status }],
    },
  });
}

/** The headers of a webhook that is signed with the secret. */
export const jiraHeaders = (secret: string, body: string): Record<string, string> => ({
  'content-type': 'application/json; charset=UTF-8',
  'x-hub-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  'x-atlassian-webhook-identifier': randomUUID(),
});

async function send({ url, secret }: { url: string; secret: string }, body: string): Promise<void> {
  const headers = jiraHeaders(secret, body);
  for (let count = 1; count <= tries; count += 1) {
    const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer && answer.status < 500 && answer.status !== 429) return;
    await pause(pauseMilliseconds, undefined, { ref: false });
  }
}
