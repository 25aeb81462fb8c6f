import { z } from 'zod';
import type { JiraIssueUpdate } from '../../domain/event.ts';
import type { Agent } from '../../domain/incident.ts';
import { defaultConnection, incidentOfMark, subjectOf } from '../../domain/subject.ts';
import { boundedData, boundedText } from '../receiving/bounded.ts';
import { type ReadEvent, shortly } from '../receiving/read-event.ts';

const envelope = z.object({
  webhookEvent: z.string().regex(/^[\w:-]{1,100}$/),
  timestamp: z.number().optional().catch(undefined),
  user: z
    .object({
      accountId: z.string().min(1).max(200),
      accountType: z.string().nullish().catch(null),
      displayName: z.string().nullish().catch(null),
    })
    .optional()
    .catch(undefined),
});

const update = z.object({
  issue: z.object({
    key: z.string().min(1).max(255),
    fields: z.object({
      labels: z.array(z.string()).nullish().catch(null),
      project: z.object({ key: z.string() }),
      status: z.object({ name: z.string(), statusCategory: z.object({ key: z.string() }) }),
    }),
  }),
  changelog: z
    .object({
      items: z.array(
        z.object({ field: z.string(), fieldId: z.string().optional(), fromString: z.string().nullish() }),
      ),
    })
    .optional(),
});

/** The label that `createJiraIssue` gives the issue of an incident; an issue for another purpose has another one. */
const incidentLabel = /^baton-(.+)$/;

/** An issue is about one incident: where its labels name several, about none. */
function incidentIn(labels: readonly string[]) {
  const found = labels.flatMap((label) => incidentOfMark(incidentLabel.exec(label)?.[1] ?? '') ?? []);
  return found.length === 1 ? found[0] : undefined;
}

/** `jira:issue_updated` is `jira.issue.updated`. */
const typeOf = (webhookEvent: string) =>
  `jira.${webhookEvent.replace(/^jira:/, '').replaceAll(/[_:]/g, '.')}` as const;

/**
 * Reads a Jira webhook into the envelope (https://developer.atlassian.com/cloud/jira/platform/webhooks). Jira gives an event no id, so it is given one: the
 * digest of its bytes, in which the time stands. An event of another type is passed on with its data as it came.
 */
export function readJiraEvent(json: object, connection: string, receivedAt: string, id: string): ReadEvent {
  const parsed = envelope.safeParse(json);
  if (!parsed.success) return { unreadable: shortly(parsed.error), id, type: 'jira.unknown' };
  const { webhookEvent, timestamp, user } = parsed.data;
  const type = typeOf(webhookEvent);
  const time = timeOf(timestamp) ?? receivedAt;
  const source = `/jira/${connection}`;
  const agent = user ? { agent: agentOf(user) } : {};
  if (type !== 'jira.issue.updated')
    return { event: { id, source, type, time, ...agent, data: boundedData(json) } };

  const read = update.safeParse(json);
  if (!read.success) return { unreadable: `${webhookEvent}: ${shortly(read.error)}`, id, type, time };
  const { issue, changelog } = read.data;
  const labels = issue.fields.labels ?? [];
  const incident = incidentIn(labels);
  const { name, statusCategory } = issue.fields.status;
  const moved = changelog?.items.find(({ field, fieldId }) => (fieldId ?? field) === 'status');
  const data: JiraIssueUpdate = {
    key: issue.key,
    project: issue.fields.project.key,
    labels: labels.map((label) => boundedText(label)),
    status: { name: boundedText(name), category: statusCategory.key },
    ...(moved ? { movedFrom: boundedText(moved.fromString ?? '') } : {}),
    ...(incident ? { incidentId: incident.incidentId } : {}),
    site: connection,
  };
  const ofAccount =
    incident && incident.connection !== defaultConnection ? { connection: incident.connection } : {};
  const subject = incident ? { subject: subjectOf(incident.connection, incident.incidentId) } : {};
  return { event: { id, source, type, ...ofAccount, ...subject, time, ...agent, data } };
}

function agentOf({
  accountId,
  accountType,
  displayName,
}: NonNullable<z.output<typeof envelope>['user']>): Agent {
  const kind = accountType === 'app' ? 'machine' : 'person';
  return { kind, id: accountId, name: boundedText(displayName || accountId) };
}

/** In one form, so that times of events compare as texts. */
function timeOf(milliseconds: number | undefined): string | undefined {
  const time = new Date(milliseconds ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
