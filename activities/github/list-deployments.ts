import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { decorative, membersOf } from '../lenient.ts';
import { bodyAs } from './client.ts';
import { repository } from './input.ts';

const deployment = z.object({
  id: z.number(),
  environment: z.string(),
  ref: z.string(),
  sha: z.string(),
  creator: z.string(),
  description: z.string().optional(),
  createdAt: z.string(),
  /** The latest status: `success`, `failure`, `in_progress` and the like; missing where there is none yet. */
  state: z.string().optional(),
  stateAt: z.string().optional(),
  /** Where the deployment, or its log, is to be seen. */
  url: z.string().optional(),
});

const login = decorative(z.object({ login: z.string() }));
const wireDeployment = z.object({
  id: z.number(),
  environment: z.string().catch(''),
  ref: z.string().catch(''),
  sha: z.string().catch(''),
  creator: login,
  description: decorative(z.string()),
  created_at: z.string().catch(''),
});
const wireStatus = z.object({
  state: z.string(),
  created_at: decorative(z.string()),
  environment_url: decorative(z.string()),
  log_url: decorative(z.string()),
});

/** The newest deployments of a repository, newest first. Each has its latest status, for which GitHub is asked once more. */
export const listGitHubDeployments = defineActivity({
  name: 'listGitHubDeployments',
  kind: 'read',
  provider: 'github',
  summary: 'Lists the newest deployments of a repository with their latest status',
  permissions: ['deployments:read', 'metadata:read'],
  example: { repository: 'acme/shop', environment: 'production' },
  input: z.object({
    connection: connectionName,
    repository,
    environment: z.string().min(1).max(255).optional(),
    ref: z.string().min(1).max(250).optional(),
    limit: z.number().int().min(1).max(50).default(10),
  }),
  output: z.object({
    deployments: z.array(deployment),
    /** True: there are older ones. */
    truncated: z.boolean(),
  }),
  async run(
    { connection, repository: named, environment, ref, limit },
    { github: connect, attempt: { signal } },
  ) {
    const github = await connect(connection);
    const path = `/repos/${github.repository(named)}/deployments`;
    const answer = await github.get(path, { environment, ref, per_page: limit }, signal);
    const listed = bodyAs(answer, membersOf(wireDeployment)).slice(0, limit);
    const deployments = await Promise.all(
      listed.map(async ({ id, creator, description, created_at, ...rest }) => {
        const statuses = await github.get(`${path}/${id}/statuses`, { per_page: 1 }, signal);
        const [latest] = bodyAs(statuses, membersOf(wireStatus));
        const url = latest?.environment_url || latest?.log_url;
        return {
          id,
          ...rest,
          creator: creator?.login ?? '',
          ...(description ? { description: description.slice(0, 500).toWellFormed() } : {}),
          createdAt: created_at,
          ...(latest ? { state: latest.state } : {}),
          ...(latest?.created_at ? { stateAt: latest.created_at } : {}),
          ...(url ? { url } : {}),
        };
      }),
    );
    return { deployments, truncated: answer.hasNext };
  },
});
