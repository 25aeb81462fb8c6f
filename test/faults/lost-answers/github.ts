import type { Providers } from '../../world.ts';
import { type Cases, next } from './case.ts';

const repository = 'acme/shop';

function newIssue({ github }: Providers): number {
  const issues = github.world.repositories[0]?.issues ?? [];
  const number = issues.length + 1;
  issues.push({ number, title: 'slow', body: '', labels: [], assignees: [], comments: [], createdAt: 0 });
  return number;
}

/** A workflow of its own, so that no other case's run stands beside. */
function newWorkflow({ github }: Providers): string {
  const id = 10_000 + next();
  const file = `deploy-${id}.yml`;
  const declared = { inputs: ['baton_key'], titleInput: 'baton_key' };
  github.world.repositories[0]?.workflows.push({ id, name: 'Deploy', file, state: 'active', ...declared });
  return file;
}

export const githubCases: Cases = {
  addGitHubComment: [
    {
      input: (world) => ({ repository, number: newIssue(world), text: 'Looked at it' }),
      cut: 'POST /repos/acme/shop/issues/',
      effects: ['comment added'],
    },
  ],
  createGitHubIssue: [
    {
      input: () => ({ incidentId: `PNEW${next()}`, title: 'Checkout is slow' }),
      cut: 'POST /repos/acme/shop/issues ',
      effects: ['issue created'],
    },
  ],
  dispatchGitHubWorkflow: [
    {
      input: (world) => ({ repository, workflow: newWorkflow(world), ref: 'main' }),
      cut: '/dispatches',
      effects: ['workflow dispatched'],
    },
    {
      input: (world) => ({ repository, workflow: newWorkflow(world), ref: 'main', keyInput: 'baton_key' }),
      cut: '/dispatches',
      effects: ['workflow dispatched'],
    },
  ],
};
