import type { Express, Request, Response } from 'express';
import { type Call, GitHubError, invalid, type Method, type Reply } from './github/call.ts';
import { hookRoutes, type SimulatedHook } from './github/hooks.ts';
import { defineSimulator, startUnhurried } from './provider.ts';
import { newSecret } from './secret.ts';
import type { Act, Simulation } from './simulator.ts';

interface SimulatedIssue {
  number: number;
  title: string;
  body: string;
  labels: string[];
  assignees: string[];
  comments: { id: number; body: string }[];
  createdAt: number;
}

interface SimulatedWorkflow {
  id: number;
  name: string;
  /** `deploy.yml`, in `.github/workflows`. */
  file: string;
  state: string;
  /** The inputs that it declares. */
  inputs: string[];
  /** The input that its `run-name` shows. */
  titleInput?: string;
}

interface SimulatedRun {
  id: number;
  workflowId: number;
  title: string;
  branch: string;
  createdAt: number;
}

interface SimulatedDeployment {
  id: number;
  environment: string;
  ref: string;
  sha: string;
  creator: string;
  description: string | null;
  created_at: string;
  /** Newest first, as GitHub lists them. */
  statuses: { state: string; created_at: string; log_url: string; environment_url: string }[];
}

export interface SimulatedRepository {
  /** `owner/name`. */
  name: string;
  branches: string[];
  issues: SimulatedIssue[];
  workflows: SimulatedWorkflow[];
  runs: SimulatedRun[];
  deployments: SimulatedDeployment[];
  hooks?: SimulatedHook[];
}

export interface GitHubWorld {
  repositories: SimulatedRepository[];
  people: string[];
  /** What the token may set on an issue: without it GitHub drops labels and assignees silently. */
  mayPush: boolean;
  /** The permissions that a fine-grained token lacks: `issues:write`. */
  denied?: string[];
  /** The scopes that a classic token tells; undefined for a fine-grained one. */
  scopes?: string;
  /** For how long the lists do not show what is new. */
  listLagMilliseconds: number;
  /** False: as an older GitHub Enterprise, which answers a dispatch with 204 and nothing. */
  tellsRuns: boolean;
  nextId: number;
}

const token = newSecret('github_pat_');

/** GitHub's REST API as far as an incident needs it: issues, comments, workflows and deployments. */
export function githubSimulation(): Simulation<GitHubWorld> {
  return {
    provider: 'github',
    world: {
      repositories: [
        {
          name: 'acme/shop',
          branches: ['main'],
          issues: [],
          workflows: [
            {
              id: 501,
              name: 'Deploy',
              file: 'deploy.yml',
              state: 'active',
              inputs: ['version', 'baton_key'],
              titleInput: 'baton_key',
            },
          ],
          runs: [],
          deployments: [deployment(901, '4.1.3', 'failure'), deployment(900, '4.1.2', 'success')],
        },
      ],
      people: ['ada-lopez', 'ben-okafor'],
      mayPush: true,
      listLagMilliseconds: 0,
      tellsRuns: true,
      nextId: 1000,
    },
    routes: mount,
    errorBody: (status) => ({
      message: `An ordered error ${status}`,
      documentation_url: 'https://docs.github.com/rest',
    }),
  };
}

const deployment = (id: number, version: string, state: string): SimulatedDeployment => ({
  id,
  environment: 'production',
  ref: `v${version}`,
  sha: `${id}`.padEnd(40, 'a'),
  creator: 'ada-lopez',
  description: `Release ${version}`,
  created_at: `2026-11-${id === 901 ? 26 : 25}T08:30:00Z`,
  statuses: [
    {
      state,
      created_at: `2026-11-${id === 901 ? 26 : 25}T08:34:00Z`,
      log_url: `https://ci.example.com/deployments/${id}`,
      environment_url: '',
    },
  ],
});

/** The settings that connect Baton to the simulator at `url`. */
export function githubEnvironment(url: string): Record<string, string> {
  return {
    GITHUB_API_URL: url,
    GITHUB_TOKEN: token,
    GITHUB_REPOSITORIES: 'acme/*',
    GITHUB_REPOSITORY: 'acme/shop',
  };
}

export const simulatedGitHub = defineSimulator({
  provider: 'github',
  start: (options) => startUnhurried(githubSimulation(), options, githubEnvironment),
});

function mount(app: Express, world: GitHubWorld, act: Act): void {
  const route = (method: Method, path: string, handle: (call: Call) => Reply) =>
    app[method](`/repos/:owner/:name${path}`, (request: Request, response: Response) => {
      try {
        answer(request, response, handle(callOf(request)));
      } catch (error) {
        if (!(error instanceof GitHubError)) throw error;
        response.status(error.status).json({ message: error.message, errors: error.errors });
      }
    });
  const callOf = (request: Request): Call => {
    if (request.headers.authorization !== `Bearer ${token}`) throw new GitHubError(401, 'Bad credentials');
    if (!request.headers['user-agent'])
      throw new GitHubError(403, 'Request forbidden by administrative rules.');
    const wanted = `${request.params.owner}/${request.params.name}`.toLowerCase();
    const repository = world.repositories.find(({ name }) => name.toLowerCase() === wanted);
    const [, area = 'metadata'] = /^\/repos\/[^/]+\/[^/]+\/(\w+)/.exec(request.path) ?? [];
    if (!repository || (world.denied ?? []).some((right) => right.startsWith(`${area}:`)))
      throw new GitHubError(
        repository ? 403 : 404,
        repository ? 'Resource not accessible by personal access token' : 'Not Found',
      );
    const text = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
    return { repository, request, body: text === '' ? {} : JSON.parse(text) };
  };
  const answer = (request: Request, response: Response, { status = 200, body, list }: Reply) => {
    if (world.scopes !== undefined) response.setHeader('x-oauth-scopes', world.scopes);
    if (list) response.json(pageOf(list, request, response));
    else if (body === undefined) response.status(status).end();
    else response.status(status).json(body);
  };
  const nextId = () => {
    world.nextId += 1;
    return world.nextId;
  };
  const isListed = ({ createdAt }: { createdAt: number }) =>
    Date.now() - createdAt >= world.listLagMilliseconds;
  const issueOf = ({ repository, request }: Call): SimulatedIssue => {
    const found = repository.issues.find(({ number }) => String(number) === request.params.number);
    if (!found) throw new GitHubError(404, 'Not Found');
    return found;
  };

  route('get', '', ({ repository }) => ({
    body: { full_name: repository.name, permissions: { pull: true, push: world.mayPush } },
  }));
  route('get', '/issues', ({ repository, request }) => {
    const label = request.query.labels;
    const found = repository.issues
      .filter((issue) => isListed(issue) && (label === undefined || issue.labels.includes(String(label))))
      .toReversed();
    return { list: found.map((issue) => shown(issue, repository, request)) };
  });
  route('get', '/issues/:number', (call) => ({ body: shown(issueOf(call), call.repository, call.request) }));
  route('post', '/issues', ({ repository, request, body }) => {
    const { title, body: text = '', labels = [], assignees = [] } = body;
    if (typeof title !== 'string' || title.trim() === '')
      throw invalid({ resource: 'Issue', field: 'title', code: 'missing_field' });
    if (title.length > 256)
      throw invalid({ message: 'title is too long (maximum is 256 characters)', field: 'title' });
    if (text.length > 65_536)
      throw invalid({ message: 'body is too long (maximum is 65536 characters)', field: 'body' });
    if (assignees.some((login: string) => !world.people.includes(login)))
      throw invalid({ resource: 'Issue', field: 'assignees', code: 'invalid' });
    const issue: SimulatedIssue = {
      number: repository.issues.length + 1,
      title,
      body: text,
      labels: world.mayPush ? labels : [],
      assignees: world.mayPush ? assignees : [],
      comments: [],
      createdAt: Date.now(),
    };
    repository.issues.push(issue);
    act({
      effect: 'issue created',
      target: `${repository.name}#${issue.number}`,
      detail: { title, labels: issue.labels },
    });
    return { status: 201, body: shown(issue, repository, request) };
  });

  route('get', '/issues/:number/comments', (call) => ({
    list: issueOf(call).comments.map((comment) => shownComment(comment, call)),
  }));
  route('post', '/issues/:number/comments', (call) => {
    const issue = issueOf(call);
    const { body } = call.body;
    if (typeof body !== 'string' || body.trim() === '')
      throw invalid({ resource: 'IssueComment', field: 'body', code: 'missing_field' });
    const comment = { id: nextId(), body };
    issue.comments.push(comment);
    act({ effect: 'comment added', target: `${call.repository.name}#${issue.number}`, detail: { body } });
    return { status: 201, body: shownComment(comment, call) };
  });

  const workflowOf = ({ repository, request }: Call): SimulatedWorkflow => {
    const found = repository.workflows.find(({ id, file }) =>
      [String(id), file].includes(String(request.params.workflow)),
    );
    if (!found) throw new GitHubError(404, 'Not Found');
    return found;
  };
  route('get', '/actions/workflows', ({ repository }) => ({
    body: { total_count: repository.workflows.length, workflows: repository.workflows },
  }));
  route('get', '/actions/workflows/:workflow', (call) => {
    const { id, name, file, state } = workflowOf(call);
    const html_url = `${pageUrl(call)}/actions/workflows/${file}`;
    return { body: { id, name, path: `.github/workflows/${file}`, state, html_url } };
  });
  route('post', '/actions/workflows/:workflow/dispatches', (call) => {
    const { repository, body } = call;
    const { ref, inputs = {}, return_run_details, ...others } = body;
    const workflow = workflowOf(call);
    const unknown = Object.keys(others);
    if (!world.tellsRuns && return_run_details !== undefined) unknown.push('return_run_details');
    if (unknown.length > 0)
      throw new GitHubError(422, `Invalid request.\n\n"${unknown.join('", "')}" is not a permitted key.`);
    if (workflow.state !== 'active') throw new GitHubError(422, 'Cannot trigger a disabled workflow');
    const branch = String(ref).replace(/^refs\/(heads|tags)\//, '');
    if (!repository.branches.includes(branch)) throw new GitHubError(422, `No ref found for: ${ref}`);
    const unexpected = Object.keys(inputs).filter((name) => !workflow.inputs.includes(name));
    if (unexpected.length > 0)
      throw new GitHubError(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
    const key = workflow.titleInput === undefined ? undefined : inputs[workflow.titleInput];
    const title = key === undefined ? workflow.name : `${workflow.name} ${key}`;
    const run = { id: nextId(), workflowId: workflow.id, title, branch, createdAt: Date.now() };
    repository.runs.push(run);
    act({
      effect: 'workflow dispatched',
      target: `${repository.name}/${workflow.file}`,
      detail: { ref, inputs },
    });
    if (!return_run_details) return { status: 204 };
    const { id } = run;
    return { body: { workflow_run_id: id, run_url: '', html_url: `${pageUrl(call)}/actions/runs/${id}` } };
  });
  route('get', '/actions/workflows/:workflow/runs', (call) => {
    const { id: workflowId } = workflowOf(call);
    const since = Date.parse(String(call.request.query.created ?? '').replace(/^>=/, '')) || 0;
    const found = call.repository.runs.filter(
      (run) => run.workflowId === workflowId && isListed(run) && run.createdAt >= since,
    );
    const workflow_runs = found.toReversed().map(({ id, title, branch, createdAt }) => ({
      id,
      html_url: `${pageUrl(call)}/actions/runs/${id}`,
      display_title: title,
      head_branch: branch,
      event: 'workflow_dispatch',
      created_at: new Date(createdAt).toISOString(),
    }));
    return { body: { total_count: workflow_runs.length, workflow_runs } };
  });

  route('get', '/deployments', ({ repository, request }) => {
    const { environment, ref } = request.query;
    const found = repository.deployments.filter(
      (each) =>
        (environment === undefined || each.environment === environment) &&
        (ref === undefined || each.ref === ref),
    );
    return {
      list: found.map(({ statuses: _, creator, ...each }) => ({ ...each, creator: { login: creator } })),
    };
  });
  route('get', '/deployments/:id/statuses', ({ repository, request }) => {
    const found = repository.deployments.find(({ id }) => String(id) === request.params.id);
    if (!found) throw new GitHubError(404, 'Not Found');
    return { list: found.statuses };
  });
  hookRoutes(route, act, nextId);

  const ofUser = (path: string, body: () => unknown) =>
    app.get(path, (request, response) => {
      if (request.headers.authorization !== `Bearer ${token}`)
        return void response.status(401).json({ message: 'Bad credentials' });
      if (world.scopes !== undefined) response.setHeader('x-oauth-scopes', world.scopes);
      response.json(body());
    });
  ofUser('/user', () => ({ login: 'baton-bot', type: 'User' }));
  ofUser('/user/repos', () => world.repositories.map(({ name }) => ({ full_name: name })));
  app.use((_, response) => void response.status(404).json({ message: 'Not Found' }));
}

/** A page of a list. That there are more is told by a `Link` header. */
function pageOf(list: readonly object[], request: Request, response: Response): readonly object[] {
  const size = Math.min(Number(request.query.per_page ?? 30), 100);
  const page = Number(request.query.page ?? 1);
  if (page * size < list.length)
    response.setHeader(
      'link',
      `<http://${request.headers.host}${request.path}?page=${page + 1}>; rel="next"`,
    );
  return list.slice((page - 1) * size, page * size);
}

const pageUrl = ({ repository, request }: Pick<Call, 'repository' | 'request'>) =>
  `http://${request.headers.host}/${repository.name}`;

const shown = (issue: SimulatedIssue, repository: SimulatedRepository, request: Request) => ({
  number: issue.number,
  title: issue.title,
  body: issue.body,
  state: 'open',
  labels: issue.labels.map((name) => ({ name })),
  assignees: issue.assignees.map((login) => ({ login })),
  html_url: `${pageUrl({ repository, request })}/issues/${issue.number}`,
  created_at: new Date(issue.createdAt).toISOString(),
});

const shownComment = ({ id, body }: { id: number; body: string }, call: Call) => ({
  id,
  body,
  html_url: `${pageUrl(call)}/issues/${call.request.params.number}#issuecomment-${id}`,
});
