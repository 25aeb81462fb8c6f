import { resolveFromJira } from '../workflows/resolve-from-jira.ts';
import { defineTrigger } from './trigger.ts';

/** Jira's webhook is open only where it was given a secret (`JIRA_WEBHOOK_SECRETS`): else no such event comes. */
export const jiraResolved = defineTrigger({
  name: 'jira-resolved',
  on: 'jira.issue.updated',
  when: {
    'is the issue of an incident': ({ incidentId }) => incidentId !== undefined,
    'was moved to another status': ({ movedFrom }) => movedFrom !== undefined,
    'is done': ({ status }) => status.category === 'done',
  },
  run: resolveFromJira,
  input: ({ incidentId = '', key, site }, { agent }) => ({
    incidentId,
    key,
    site,
    by: agent?.name ?? 'somebody',
  }),
  target: ({ key }) => key,
  each: 'event',
  // Its own resolve is one.
  whenResolved: 'continue',
  forPeople: true,
});
