import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { addressSetting } from '../address.ts';
import { notConnected } from '../failures.ts';
import { defineProvider, type Finding } from '../provider.ts';
import { connectGitHub, type GitHub } from './client.ts';
import { repositoryPattern } from './input.ts';
import { form } from './set-up-questions.ts';

const isAllowed = (entry: string) =>
  repositoryPattern.test(entry) || /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/\*$/.test(entry);

const settings = z.object({
  GITHUB_TOKEN: z
    .string()
    .optional()
    .describe('a fine-grained token (deploy/github-permissions.md), or that of an app'),
  GITHUB_REPOSITORIES: z
    .string()
    .refine(
      (list) => list.split(',').every((entry) => isAllowed(entry.trim())),
      'is not a list like acme/shop,acme/*',
    )
    .optional()
    .describe('the repositories that Baton may use, comma-separated; `acme/*` for all of an owner'),
  GITHUB_REPOSITORY: z
    .string()
    .regex(repositoryPattern, 'is not a repository like acme/shop')
    .optional()
    .describe('the repository where an activity names none'),
  GITHUB_API_URL: addressSetting
    .default('https://api.github.com')
    .describe('of GitHub Enterprise: https://github.example.com/api/v3'),
});

export const github = defineProvider({
  name: 'github',
  title: 'GitHub',
  settings,
  secrets: ['GITHUB_TOKEN'],
  sentTo: { GITHUB_API_URL: ['GITHUB_TOKEN'] },
  // The others are set on many machines, for other tools.
  marks: /^GITHUB_REPOSITORIES$/,
  simulated: 'when asked',
  foreign: /^GITHUB_/,
  async connect({ GITHUB_TOKEN, GITHUB_REPOSITORIES, GITHUB_REPOSITORY, GITHUB_API_URL }, env) {
    if (!GITHUB_TOKEN) throw notConnected('GitHub', 'GITHUB_TOKEN');
    if (!GITHUB_REPOSITORIES) throw notConnected('GitHub', 'GITHUB_REPOSITORIES');
    return connectGitHub({ GITHUB_TOKEN, GITHUB_REPOSITORIES, GITHUB_REPOSITORY, GITHUB_API_URL }, env);
  },
  check: async (client, signal) =>
    (await Promise.all(areas.map((area) => findingsOf(client, area, signal)))).flat(),
  setUp: { ...form, load: async () => (await import('./set-up.ts')).setUpGitHub },
});

/** What is read to see whether a right is there. `role`: GitHub tells whether the token's owner has it, as nobody else may do that. */
const areas = [
  { right: 'issues:write', path: '/issues', writes: true },
  { right: 'actions:write', path: '/actions/workflows', writes: true, role: true },
  { right: 'deployments:read', path: '/deployments' },
  { right: 'metadata:read', path: '' },
];
type Area = (typeof areas)[number];

const roleSchema = z.object({ permissions: z.object({ push: z.boolean() }) });

/**
 * Reads in each repository that is named. A classic token tells its scopes, and `repo` is the right to everything that its owner may; what
 * the owner may, GitHub tells with the repository. Of a fine-grained one the right to write cannot be told without writing. Of `owner/*` no
 * repository is known, so nothing can be told.
 */
async function findingsOf(github: GitHub, area: Area, signal: AbortSignal): Promise<Finding[]> {
  const { right: what, path, writes } = area;
  const named = github.allowed.filter((each) => !each.endsWith('/*'));
  if (named.length === 0)
    return [{ what, ok: undefined, reason: 'GITHUB_REPOSITORIES names no single repository to look into' }];
  return Promise.all(
    named.map(async (repository): Promise<Finding> => {
      try {
        const { scopes } = await github.get(`/repos/${repository}${path}`, { per_page: 1 }, signal);
        if (area.role && !(await mayPush(github, repository, signal))) {
          const reason = `whoever the token is of may not write to ${repository}; give them the role Write there`;
          return { what, ok: false, reason };
        }
        const isWhole = scopes?.split(',').some((scope) => scope.trim() === 'repo');
        if (!writes || isWhole) return { what, ok: true };
        const reason = `${repository} can be read; that it can be written to cannot be told without changing something`;
        return { what, ok: undefined, reason };
      } catch (error) {
        if (!(error instanceof ApplicationFailure)) throw error;
        if (!error.nonRetryable) return { what, ok: undefined, reason: error.message };
        return { what, ok: false, reason: `${repository}: ${error.message}; give the token ${what}` };
      }
    }),
  );
}

/** False where GitHub says so. A right that hides the repository itself is another finding. */
async function mayPush(github: GitHub, repository: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { body } = await github.get(`/repos/${repository}`, {}, signal);
    return roleSchema.safeParse(body).data?.permissions.push ?? true;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    return true;
  }
}
