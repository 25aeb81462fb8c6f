import type { Providers } from '../../world.ts';
import { type Cases, next } from './case.ts';

function newIssue({ jira }: Providers): string {
  const key = `OPS-${1_000 + next()}`;
  const fields = {
    summary: 'Checkout is slow',
    description: null,
    labels: [],
    project: { key: 'OPS' },
    issuetype: { name: 'Task' },
  };
  const empty = { comments: [], links: [], properties: [], createdAt: 0 };
  jira.world.issues.push({ id: key.replace('OPS-', '9'), key, fields, status: 'To Do', ...empty });
  return key;
}

export const jiraCases: Cases = {
  addJiraComment: [
    {
      input: (world) => ({ key: newIssue(world), text: 'Looked at it' }),
      cut: 'POST /rest/api/3/issue/',
      effects: ['comment added'],
    },
  ],
  addJiraLink: [
    {
      input: (world) => ({
        key: newIssue(world),
        incidentId: 'PLINK',
        url: 'https://example.com/',
        title: 'Incident',
      }),
      cut: 'POST /rest/api/3/issue/',
      effects: ['link added'],
    },
  ],
  createJiraIssue: [
    {
      input: () => ({ incidentId: `PNEW${next()}`, summary: 'Checkout is slow' }),
      cut: 'POST /rest/api/3/issue ',
      effects: ['issue created'],
    },
  ],
  transitionJiraIssue: [
    {
      input: (world) => ({ key: newIssue(world), to: 'In Progress' }),
      cut: 'POST /rest/api/3/issue/',
      effects: ['issue moved'],
    },
  ],
  updateJiraIssue: [
    {
      input: (world) => ({ key: newIssue(world), summary: 'Checkout is slow again', addLabels: ['sev1'] }),
      cut: 'PUT /rest/api/3/issue/',
      effects: ['issue edited'],
    },
  ],
};
