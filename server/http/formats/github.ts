import { z } from 'zod';
import type { GitHubDeployment, GitHubWorkflowRun } from '../../../domain/http-event.ts';
import { boundedData, boundedText } from '../../receiving/bounded.ts';
import { type ReadEvent, shortly } from '../../receiving/read-event.ts';
import { type Format, keyFrom, type ReadBy, subjectFrom, timeFrom } from '../format.ts';

const repository = z.object({ full_name: z.string().min(1) });
const login = z.object({ login: z.string() }).nullish().catch(null);
const text = z.string().nullish().catch(null);

const deploymentStatus = z.object({
  deployment_status: z.object({
    id: z.number(),
    state: z.string(),
    description: text,
    environment: text,
    target_url: text,
    log_url: text,
    created_at: text,
    creator: login,
  }),
  deployment: z.object({ id: z.number(), sha: z.string(), ref: z.string(), environment: z.string() }),
  repository,
});

const workflowRun = z.object({
  action: z.string(),
  workflow_run: z.object({
    id: z.number(),
    run_attempt: z.number().catch(1),
    name: text,
    status: z.string(),
    conclusion: text,
    head_branch: text,
    head_sha: z.string(),
    event: z.string(),
    html_url: z.string(),
    updated_at: text,
    actor: login,
  }),
  repository,
});

const known: readonly { key: string; read(json: object, by: ReadBy): ReadEvent }[] = [
  { key: 'deployment_status', read: readDeployment },
  { key: 'workflow_run', read: readWorkflowRun },
];

/**
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads. What it is about is read from its bytes, which are signed; the header
 * X-GitHub-Event is not.
 */
export const github: Format = {
  name: 'github',
  hasOwnIds: (json) => known.some(({ key }) => key in json),
  read(json, by) {
    const { connection, receivedAt, id } = by;
    const found = known.find(({ key }) => key in json);
    if (found) return [found.read(json, by)];
    const type = 'zen' in json ? 'github.ping' : 'github.other';
    const source = `/http/${connection}`;
    return [{ event: { id, source, type, time: receivedAt, data: boundedData(json) } }];
  },
};

function readDeployment(json: object, { connection, receivedAt, id }: ReadBy): ReadEvent {
  const type = 'github.deployment_status';
  const parsed = deploymentStatus.safeParse(json);
  if (!parsed.success) return { unreadable: shortly(parsed.error), id, type };
  const { deployment, deployment_status: status, repository: repo } = parsed.data;
  const environment = boundedText(status.environment || deployment.environment);
  const url = status.log_url || status.target_url;
  const data: GitHubDeployment = {
    repository: boundedText(repo.full_name),
    deploymentId: deployment.id,
    environment,
    state: boundedText(status.state),
    ref: boundedText(deployment.ref),
    sha: boundedText(deployment.sha),
    ...(status.description ? { description: boundedText(status.description) } : {}),
    ...(url ? { url: boundedText(url) } : {}),
    ...(status.creator ? { by: boundedText(status.creator.login) } : {}),
  };
  return {
    event: {
      id: keyFrom(`deployment_status/${repo.full_name}/${status.id}`),
      source: `/http/${connection}`,
      type,
      subject: subjectFrom(connection, `${repo.full_name}/deployments/${environment}`),
      time: timeFrom(status.created_at) ?? receivedAt,
      data,
    },
  };
}

function readWorkflowRun(json: object, { connection, receivedAt, id }: ReadBy): ReadEvent {
  const type = 'github.workflow_run';
  const parsed = workflowRun.safeParse(json);
  if (!parsed.success) return { unreadable: shortly(parsed.error), id, type };
  const { action, workflow_run: run, repository: repo } = parsed.data;
  const workflow = boundedText(run.name || String(run.id));
  const data: GitHubWorkflowRun = {
    repository: boundedText(repo.full_name),
    runId: run.id,
    attempt: run.run_attempt,
    workflow,
    status: boundedText(run.status),
    ...(run.conclusion ? { conclusion: boundedText(run.conclusion) } : {}),
    ...(run.head_branch ? { branch: boundedText(run.head_branch) } : {}),
    sha: boundedText(run.head_sha),
    event: boundedText(run.event),
    url: boundedText(run.html_url),
    ...(run.actor ? { by: boundedText(run.actor.login) } : {}),
  };
  return {
    event: {
      id: keyFrom(`workflow_run/${repo.full_name}/${run.id}/${run.run_attempt}/${action}`),
      source: `/http/${connection}`,
      type,
      subject: subjectFrom(connection, `${repo.full_name}/workflows/${workflow}/${run.head_branch ?? ''}`),
      time: timeFrom(run.updated_at) ?? receivedAt,
      data,
    },
  };
}
