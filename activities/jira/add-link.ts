import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { issueKey, oneLine } from './input.ts';

const wireLinks = z.array(
  z.object({
    id: z.number(),
    globalId: z.string().nullish(),
    object: z.object({ url: z.string().nullish(), title: z.string().nullish() }).nullish(),
  }),
);

/** A remote link is one per `globalId` in Jira, so a repeat changes the same one. Equal ones are left alone. */
export const addJiraLink = defineActivity({
  name: 'addJiraLink',
  kind: 'change',
  provider: 'jira',
  summary: 'Links an issue to its incident',
  permissions: ['BROWSE_PROJECTS', 'LINK_ISSUES'],
  input: z.object({
    connection: connectionName,
    actor,
    key: issueKey,
    incidentId: z.string().min(1).max(200),
    url: z.url({ protocol: /^https?$/ }),
    title: oneLine,
  }),
  output: z.object({ changed: z.boolean(), linkId: z.number() }),
  example: {
    key: 'OPS-1',
    incidentId: 'Q1ABC',
    url: 'https://acme.pagerduty.com/incidents/Q1ABC',
    title: 'PagerDuty #7',
  },
  async run({ connection, key, incidentId, url, title }, { jira: connect, attempt: { signal } }) {
    const links = (await connect(connection)).api(signal).issueRemoteLinks;
    const globalId = `pagerduty:${incidentId}`;
    const all = wireLinks.parse(await links.getRemoteIssueLinks({ issueIdOrKey: key }));
    const same = all.find((link) => link.globalId === globalId);
    if (same?.object?.url === url && same.object.title === title) return { changed: false, linkId: same.id };
    const answer = await links.createOrUpdateRemoteIssueLink({
      issueIdOrKey: key,
      globalId,
      application: { type: 'com.pagerduty', name: 'PagerDuty' },
      relationship: 'responds to',
      object: { url, title },
    });
    return { changed: true, linkId: z.object({ id: z.number() }).parse(answer).id };
  },
});
