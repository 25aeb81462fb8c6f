import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { isPlanned, issueKey, issuePath, oneLine } from './input.ts';
import { requireProject } from './projects.ts';

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
  onlyTells: true,
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
  inverse: { activity: 'addJiraLink' },
  async look({ connection, key, incidentId, url, title }, { jira: connect, attempt: { signal } }) {
    const jira = await connect(connection);
    requireProject(jira, key);
    const links = jira.api(signal).issueRemoteLinks;
    const globalId = globalIdOf(incidentId);
    const all = isPlanned(key) ? [] : wireLinks.parse(await links.getRemoteIssueLinks({ issueIdOrKey: key }));
    const same = all.find((link) => link.globalId === globalId);
    if (same?.object?.url === url && same.object.title === title)
      return { done: { changed: false, linkId: same.id } };
    const before =
      same?.object?.url && same.object.title ? { url: same.object.url, title: same.object.title } : undefined;
    return {
      plan: {
        summary: `Links ${key} to the incident ${incidentId}`,
        calls: [
          `POST ${issuePath(key)}/remotelink globalId=${globalId} url=${url} title=${JSON.stringify(title)}`,
        ],
        values: {},
        ...(before ? { before } : {}),
        after: { url, title },
        inverse: before
          ? { activity: 'addJiraLink', input: { connection, key, incidentId, ...before } }
          : { none: 'no activity removes a link' },
        output: { changed: true, linkId: same?.id ?? 0 },
      },
    };
  },
  async act(_, { connection, key, incidentId, url, title }, { jira: connect, attempt: { signal } }) {
    const links = (await connect(connection)).api(signal).issueRemoteLinks;
    const answer = await links.createOrUpdateRemoteIssueLink({
      issueIdOrKey: key,
      globalId: globalIdOf(incidentId),
      application: { type: 'com.pagerduty', name: 'PagerDuty' },
      relationship: 'responds to',
      object: { url, title },
    });
    return { changed: true, linkId: z.object({ id: z.number() }).parse(answer).id };
  },
});

const globalIdOf = (incidentId: string) => `pagerduty:${incidentId}`;
