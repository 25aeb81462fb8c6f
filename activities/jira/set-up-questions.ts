import type { SetUpForm } from '../../domain/set-up-questions.ts';

/** What setup of a site of Jira asks. */
export const form: SetUpForm = {
  questions: [
    {
      name: 'site',
      variable: 'JIRA_BASE_URL',
      about: 'the address of the site, https://acme.atlassian.net',
      ask: 'The address of the site, https://acme.atlassian.net',
      isCredential: true,
      isAddress: true,
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'email',
      variable: 'JIRA_EMAIL',
      about: 'the address of the user to whom the token belongs',
      ask: 'The address of the user in whose name Baton writes',
      isCredential: true,
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'token',
      variable: 'JIRA_API_TOKEN',
      about: 'an API token of that user: id.atlassian.com, Security, API tokens',
      ask: 'An API token of that user (id.atlassian.com, Security, API tokens)',
      isSecret: true,
      isCredential: true,
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'project',
      about: 'key or name of the project that issues go to',
      ask: 'To which project do issues go?',
      chosen: {},
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'issueType',
      variable: 'JIRA_ISSUE_TYPE',
      about: 'the type of new issues. Left out: Task, else the project’s first',
      ask: 'Of which type are they?',
      chosen: { of: 'project' },
      mayBe: 'empty',
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'fields',
      variable: 'JIRA_FIELDS',
      about: 'fields that the project demands of new issues, as a JSON object',
    },
    {
      name: 'onlyProjects',
      variable: 'JIRA_PROJECTS',
      kind: 'list',
      about: 'the keys of the projects that the connection is limited to',
    },
    {
      name: 'webhookSecret',
      variable: 'JIRA_WEBHOOK_SECRETS',
      about: 'the secret of a webhook of the site, by which an issue that is done resolves its incident',
      isSecret: true,
    },
  ],
  next: (connection) =>
    `Runs write issues by it where a route says so: baton routes set --provider jira --workflow <workflow> --connection ${connection}`,
};
