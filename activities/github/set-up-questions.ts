import type { SetUpForm } from '../../domain/set-up-questions.ts';

/** What setup of an account of GitHub asks. */
export const form: SetUpForm = {
  first:
    'Make a fine-grained token for the repositories that Baton may use: Settings, Developer settings, Personal access tokens. baton setup github --print prints the permissions that it needs.',
  questions: [
    {
      name: 'token',
      variable: 'GITHUB_TOKEN',
      about: 'a fine-grained token, github_pat_…, or that of an app',
      ask: 'The token, github_pat_…',
      isSecret: true,
      isCredential: true,
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'repositories',
      variable: 'GITHUB_REPOSITORIES',
      kind: 'list',
      about: 'the repositories that Baton may use, acme/shop; acme/* for all of an owner',
      ask: 'Which repositories may Baton use?',
      chosen: {},
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'repository',
      about: 'the repository where an activity names none. Left out: the only one',
    },
    {
      name: 'webhook',
      about: 'whether deployments and workflow runs of the repositories come as events',
      ask: 'Are deployments and workflow runs to come as events?',
      oneOf: [
        { value: 'repository', label: 'Yes, by a webhook of each repository' },
        { value: 'none', label: 'No' },
      ],
    },
    {
      name: 'source',
      about:
        'the source of events to which the webhooks lead; one that is not there is made. Left out: <name>-events',
    },
    { name: 'publicUrl', about: 'where GitHub reaches this Baton. Left out: BATON_PUBLIC_URL' },
    {
      name: 'replaceWebhook',
      kind: 'flag',
      about: 'give a webhook that leads here already a secret of the source, and the events beside its own',
    },
    {
      name: 'apiUrl',
      variable: 'GITHUB_API_URL',
      about: 'of GitHub Enterprise: https://github.example.com/api/v3',
      isAddress: true,
    },
  ],
  next: (connection) =>
    `Runs act by it where a route says so: baton routes set --provider github --workflow <workflow> --connection ${connection}. What its webhooks tell starts workflows by triggers on github.deployment_status and github.workflow_run.`,
};
