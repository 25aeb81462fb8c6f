import { z } from 'zod';
import type { SetUp } from '../../domain/set-up.ts';
import { membersIn, type SetUpAnswers } from '../../domain/set-up-questions.ts';
import { invalidInput, statusOf } from '../failures.ts';
import { membersOf } from '../lenient.ts';
import { bodyAs, type GitHub } from './client.ts';
import { repositoryPattern } from './input.ts';
import { readHooks, removeHook, webhookKind, webhookStep } from './set-up-webhook.ts';
import { heardOfPing, sendPing } from './webhook-ping.ts';

const noRepository = 'to-be-chosen/none';
const sourceNameOf = ({ source }: SetUpAnswers, connection: string) => source ?? `${connection}-events`;

/** How an account of GitHub is connected: its repositories are named, and a webhook of each leads to a source of events. */
export const setUpGitHub: SetUp<GitHub> = {
  standIns: { GITHUB_REPOSITORIES: noRepository },

  complaints: ({ GITHUB_TOKEN: token }) =>
    token === undefined || /^(gh[a-z]_|github_pat_)\w+$/.test(token) || /^[0-9a-f]{40}$/.test(token)
      ? []
      : ['GITHUB_TOKEN has not the form of a token (github_pat_…, ghp_…, ghs_…)'],

  async account(github, { GITHUB_API_URL: base = 'https://api.github.com' }, signal) {
    const place = `GitHub (${new URL(base).host})`;
    try {
      const answer = await github.get('/user', {}, signal);
      const { login } = bodyAs(answer, z.object({ login: z.string() }));
      const abilities = answer.scopes?.split(',').flatMap((scope) => scope.trim() || []) ?? [];
      return { owner: { name: login }, place, abilities };
    } catch (error) {
      // The token of an app is no user's.
      if (statusOf(error) === 403) return { owner: undefined, place };
      throw error;
    }
  },

  async choices(github, { query = '' }, signal) {
    const { names, more } = await readRepositories(github, signal);
    const found = names.filter((name) => name.toLowerCase().includes(query.toLowerCase()));
    return { lists: { repositories: found.map((name) => ({ value: name, label: name })) }, more };
  },

  async prepare(_, { answers, values }) {
    const allowed = membersIn(values.GITHUB_REPOSITORIES);
    if (allowed.length === 0)
      throw invalidInput('GitHub', 'name the repositories that Baton may use (repositories)');
    if (answers.webhook === undefined)
      throw invalidInput(
        'GitHub',
        'say whether events are to come by webhooks (webhook): repository, or none',
      );
    const named = allowed.filter((each) => repositoryPattern.test(each));
    const usual =
      answers.repository ?? values.GITHUB_REPOSITORY ?? (allowed.length === 1 ? named[0] : undefined);
    const warnings = allowed
      .filter((each) => answers.webhook !== 'none' && each.endsWith('/*'))
      .map(
        (each) =>
          `Of ${each} no repository is named, so no webhook is made: name them, or make a webhook of the organization by hand`,
      );
    return { ...(usual === undefined ? {} : { values: { GITHUB_REPOSITORY: usual } }), warnings };
  },

  webhooks: (answers, connection) =>
    answers.webhook === 'none'
      ? undefined
      : { source: { name: sourceNameOf(answers, connection), format: 'github' } },

  steps: (github, given) =>
    given.answers.webhook === 'none'
      ? []
      : membersIn(given.values.GITHUB_REPOSITORIES)
          .filter((each) => repositoryPattern.test(each))
          .map(
            (repository) => () =>
              webhookStep(github, repository, sourceNameOf(given.answers, given.connection), given),
          ),

  removal: (github, item) => ({
    inUse: async () => undefined,
    calls: [{ method: 'DELETE', path: `/repos/${item.name}/hooks/${item.id}` }],
    remove: (signal) => removeHook(github, item, signal),
  }),

  left: () => [
    'The token is valid still: delete it on GitHub under Settings, Developer settings, when nobody is to restore the connection',
  ],

  papers: async ({ rights, answers }) => [
    {
      name: 'github-permissions.txt',
      text: `${[...rights, ...(answers.webhook === 'none' ? [] : ['webhooks:write'])].sort().join('\n')}\n`,
    },
  ],

  ping: {
    kind: webhookKind,
    async leadingTo(github, { address }, signal) {
      const named = github.allowed.filter((each) => repositoryPattern.test(each) && each !== noRepository);
      const found = await Promise.all(
        named.map(async (repository) => {
          const hooks = await readHooks(github, repository, signal).catch((error: unknown) => {
            if (statusOf(error) === 403 || statusOf(error) === 404) return [];
            throw error;
          });
          return hooks.filter(({ url }) => url === address).map(({ id }) => ({ id, name: repository }));
        }),
      );
      return found.flat();
    },
    send: sendPing,
    heard: heardOfPing,
  },
};

const pageSize = 100;
const mostPages = 5;
const repositories = membersOf(z.object({ full_name: z.string() }));

/** Those that the token sees: of a user's, and of an app's. */
async function readRepositories(
  github: GitHub,
  signal: AbortSignal,
): Promise<{ names: string[]; more: boolean }> {
  const names: string[] = [];
  for (let page = 1; page <= mostPages; page += 1) {
    const query = { per_page: pageSize, page };
    const answer = await github
      .get('/user/repos', { ...query, sort: 'pushed' }, signal)
      .catch((error: unknown) => {
        if (statusOf(error) !== 403) throw error;
        return github.get('/installation/repositories', query, signal);
      });
    const list = Array.isArray(answer.body)
      ? bodyAs(answer, repositories)
      : bodyAs(answer, z.object({ repositories })).repositories;
    names.push(...list.map((each) => each.full_name));
    if (!answer.hasNext) return { names, more: false };
  }
  return { names, more: true };
}
