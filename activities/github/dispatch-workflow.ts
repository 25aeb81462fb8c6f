import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { type Attempt, actor, connectionName, defineActivity } from '../activity.ts';
import { conflict, notYet } from '../failures.ts';
import { decorative, listOf } from '../lenient.ts';
import { type Answer, bodyAs, type GitHub } from './client.ts';
import { repository } from './input.ts';

/** How long a run may be missing from GitHub's list. */
const listLagSeconds = 30;
const lookAgainSeconds = 3;
/** By how much GitHub's clock and ours may differ. */
const skewMilliseconds = 5_000;

const inverse = {
  none: 'what a workflow has done is not taken back; its run can be cancelled at GitHub',
} as const;

/**
 * Runs a workflow of GitHub Actions: whatever the team has put into it, so this is destructive.
 *
 * GitHub knows no key for it. An attempt after an unknown outcome lists the runs of the workflow since then. With `keyInput` the run
 * is ours whose title has the effect's key: the workflow declares that input and shows it (`run-name: Deploy ${{ inputs.baton_key }}`).
 * Without it, it is the only run that somebody dispatched on that ref since. Where there is none, or are several, it is a `Conflict` for
 * a person. It is never dispatched a second time unseen.
 */
export const dispatchGitHubWorkflow = defineActivity({
  name: 'dispatchGitHubWorkflow',
  kind: 'destructive',
  provider: 'github',
  summary: 'Runs a workflow of GitHub Actions',
  permissions: ['actions:write', 'metadata:read'],
  example: { repository: 'acme/shop', workflow: 'deploy.yml', ref: 'main', inputs: { version: '4.1.2' } },
  targets: (input) => [`github:${(input.repository ?? '').toLowerCase()}/workflows/${input.workflow}`],
  input: z.object({
    connection: connectionName,
    actor,
    repository,
    workflow: z
      .string()
      .regex(
        /^(?!\.)[\w.-]{1,200}\.ya?ml$|^\d{1,15}$/,
        'must be the name of a file such as deploy.yml, or an id',
      ),
    ref: z.string().regex(/^[^\s~^:?*[\\\p{Cc}]{1,250}$/u, 'must be a branch or a tag'),
    /** The workflow declares each. GitHub takes 25, in 64 KB together. */
    inputs: z
      .record(z.string().regex(/^[A-Za-z_][\w-]{0,99}$/), z.string().max(10_000))
      .refine((inputs) => Object.keys(inputs).length <= 24, 'must be at most 24')
      .default({}),
    keyInput: z
      .string()
      .regex(/^[A-Za-z_][\w-]{0,99}$/)
      .optional()
      .describe('The input of the workflow that takes the key of the effect and is shown in its run-name'),
  }),
  output: z.object({
    changed: z.boolean(),
    /** True: an earlier attempt of unknown outcome was found to have done it. */
    adopted: z.boolean(),
    /** Missing in plan mode, and where an older GitHub Enterprise does not tell. */
    runId: z.number().optional(),
    /** The page of the run, else of the workflow. */
    url: z.string(),
  }),
  inverse,
  async look(input, { github: connect, attempt }) {
    const github = await connect(input.connection);
    const path = `/repos/${github.repository(input.repository)}/actions/workflows/${input.workflow}`;
    const { ref, keyInput } = input;
    if (attempt.uncertainSince !== undefined) {
      const run = await earlierRun(github, path, input, attempt, attempt.uncertainSince);
      return { done: { changed: true, adopted: true, ...run } };
    }
    const workflow = bodyAs(await github.get(path, {}, attempt.signal), wireWorkflow);
    if (workflow.state !== 'active')
      throw conflict('GitHub', `the workflow ${input.workflow} is ${workflow.state}; enable it there first`);
    const inputs = { ...input.inputs, ...(keyInput === undefined ? {} : { [keyInput]: attempt.key }) };
    return {
      plan: {
        summary: `Runs the workflow ${workflow.name} (${input.workflow}) of ${github.repository(input.repository)} on ${ref}`,
        calls: [`POST ${path}/dispatches ref=${ref} inputs=${JSON.stringify(inputs)}`],
        values: { path, ref, inputs },
        after: { ref, inputs },
        inverse,
        output: { changed: true, adopted: false, url: workflow.html_url },
      },
    };
  },
  async act({ values: { path, ref, inputs }, output }, { connection }, { github: connect, attempt }) {
    const github = await connect(connection);
    const answer = await dispatch(github, `${path}/dispatches`, { ref, inputs }, attempt.signal);
    if (answer.body === undefined) return output;
    const { workflow_run_id, html_url } = bodyAs(answer, wireDispatched);
    return { ...output, runId: workflow_run_id, url: html_url };
  },
});

const wireWorkflow = z.object({ name: z.string(), state: z.string(), html_url: z.string().catch('') });

/** https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event, with `return_run_details` */
const wireDispatched = z.object({ workflow_run_id: z.number(), html_url: z.string().catch('') });

/** An older GitHub Enterprise does not know that it can tell the run, and refuses before it does anything. */
async function dispatch(github: GitHub, path: string, body: object, signal: AbortSignal): Promise<Answer> {
  return github.post(path, { ...body, return_run_details: true }, signal).catch((error: unknown) => {
    const isUnknown = error instanceof ApplicationFailure && error.message.includes('return_run_details');
    if (!isUnknown) throw error;
    return github.post(path, body, signal);
  });
}

const wireRuns = z.object({
  workflow_runs: listOf(
    z.object({
      id: z.number(),
      html_url: z.string().catch(''),
      display_title: decorative(z.string()),
      head_branch: decorative(z.string()),
      created_at: z.iso.datetime({ offset: true }),
    }),
  ),
});

/** The run that an earlier attempt has begun. Throws where that cannot be told, or not yet. */
async function earlierRun(
  github: GitHub,
  path: string,
  { workflow, ref, keyInput }: { workflow: string; ref: string; keyInput?: string | undefined },
  { key, signal }: Attempt,
  since: string,
): Promise<{ runId: number; url: string }> {
  const from = Date.parse(since) - skewMilliseconds;
  const created = `>=${new Date(from).toISOString().slice(0, 19)}Z`;
  const answer = await github.get(
    `${path}/runs`,
    { event: 'workflow_dispatch', created, per_page: 100 },
    signal,
  );
  const branch = ref.replace(/^refs\/(heads|tags)\//, '');
  const ours = bodyAs(answer, wireRuns).workflow_runs.filter((run) =>
    keyInput === undefined
      ? run.head_branch === branch && Date.parse(run.created_at) >= from
      : run.display_title?.includes(key),
  );
  const [run, another] = ours;
  if (run && !another) return { runId: run.id, url: run.html_url };
  const passed = ((Date.now() - Date.parse(since)) / 1000) * github.timeScale;
  if (!run && passed < listLagSeconds)
    throw notYet(
      'GitHub',
      'its list may not show yet what was dispatched',
      lookAgainSeconds / github.timeScale,
    );
  const found = run ? `${ours.length} runs of it began since` : 'no run of it is to be seen';
  throw conflict(
    'GitHub',
    `${workflow} was dispatched on ${ref} at ${since}, perhaps, and ${found}; look at its runs before another one`,
  );
}
