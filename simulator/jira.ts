import type { Express, Request, Response } from 'express';
import { accountRoutes, ourselves } from './jira/account.ts';
import { type Body, JiraError, type Route } from './jira/route.ts';
import { moved } from './jira/webhook.ts';
import {
  categoryOf,
  type JiraWorld,
  type SimulatedIssue,
  type SimulatedTransition,
  statuses,
} from './jira/world.ts';
import { defineSimulator, startUnhurried } from './provider.ts';
import { newSecret } from './secret.ts';
import type { Act, Simulation } from './simulator.ts';

export { moveIssueAs } from './jira/webhook.ts';
export type { JiraWorld, SimulatedTransition } from './jira/world.ts';

const email = 'baton@example.com';
const token = newSecret();
const credentials = `Basic ${Buffer.from(`${email}:${token}`).toString('base64')}`;

/** Jira Cloud's REST API, version 3, as far as an incident needs it. */
export function jiraSimulation(): Simulation<JiraWorld> {
  const person = (accountId: string, displayName: string, emailAddress: string) => ({
    accountId,
    displayName,
    emailAddress,
    active: true,
    accountType: 'atlassian',
  });
  return {
    provider: 'jira',
    world: {
      projects: [{ key: 'OPS', name: 'Operations', types: ['Task', 'Bug'] }],
      people: [
        person('acc-ada', 'Ada Lopez', 'ada@example.com'),
        person('acc-ben', 'Ben Okafor', 'ben@example.com'),
      ],
      issues: [],
      refusedFields: {},
      demandedFields: {},
      searchLagMilliseconds: 0,
      nextId: 1,
    },
    routes: mount,
    errorBody: (status) => ({ errorMessages: [`An ordered error ${status}`], errors: {} }),
  };
}

/** The settings that connect Baton to the simulator at `url`. */
export function jiraEnvironment(url: string): Record<string, string> {
  return { JIRA_BASE_URL: url, JIRA_EMAIL: email, JIRA_API_TOKEN: token, JIRA_PROJECT_KEY: 'OPS' };
}

export const simulatedJira = defineSimulator({
  provider: 'jira',
  start: (options) => startUnhurried(jiraSimulation(), options, jiraEnvironment),
});

function mount(app: Express, world: JiraWorld, act: Act): void {
  const base = '/rest/api/3';
  const route = (method: 'get' | 'post' | 'put', path: string, handle: Route) =>
    app[method](`${base}${path}`, (request: Request, response: Response) =>
      answer(request, response, handle),
    );

  accountRoutes(world, (path, handle) => route('get', path, handle));

  const issueOf = (request: Request): SimulatedIssue => {
    const wanted = String(request.params.issue);
    const found = world.issues.find(({ id, key }) => id === wanted || key === wanted);
    if (!found) throw new JiraError(404, 'Issue does not exist or you do not have permission to see it.');
    return found;
  };
  const nextId = () => {
    world.nextId += 1;
    return world.nextId;
  };

  route('post', '/issue', (_, { fields = {}, properties = [] }) => {
    const project = world.projects.find(({ key }) => key === fields.project?.key);
    const errors: Record<string, string> = {};
    for (const [field, reason] of Object.entries(world.refusedFields))
      if (fields[field] !== undefined) errors[field] = reason;
    for (const [field, reason] of Object.entries(world.demandedFields))
      if (fields[field] === undefined) errors[field] = reason;
    if (!project) errors.project = 'valid project is required';
    const typeIds = (project?.types ?? []).map((name, index) => ({ id: String(10_001 + index), name }));
    const type = typeIds.find(
      ({ id, name }) => id === fields.issuetype?.id || name === fields.issuetype?.name,
    );
    if (!type) errors.issuetype = 'Specify a valid issue type';
    if (typeof fields.summary !== 'string' || fields.summary.trim() === '')
      errors.summary = 'You must specify a summary of the issue.';
    else if (fields.summary.length > 255) errors.summary = 'Summary must be less than 255 characters.';
    else if (/[\r\n]/.test(fields.summary))
      errors.summary = 'The summary is invalid because it contains newline characters.';
    const wrongText = documentError(fields.description);
    if (fields.description !== undefined && wrongText) errors.description = wrongText;
    if ((fields.labels ?? []).some((label: string) => /\s/.test(label)))
      errors.labels = "The label can't contain spaces.";
    if (fields.assignee && !world.people.some(({ accountId }) => accountId === fields.assignee.id))
      errors.assignee = 'User does not exist';
    if (Object.keys(errors).length > 0) throw new JiraError(400, '', errors);
    const number = world.issues.length + 1;
    const issue: SimulatedIssue = {
      id: String(10_000 + nextId()),
      key: `${fields.project.key}-${number}`,
      fields: {
        summary: fields.summary,
        description: fields.description ?? null,
        labels: fields.labels ?? [],
        project: { key: fields.project.key },
        issuetype: { name: type?.name ?? '' },
        ...(fields.priority ? { priority: fields.priority } : {}),
        ...(fields.assignee ? { assignee: { accountId: fields.assignee.id } } : {}),
      },
      status: 'To Do',
      comments: [],
      links: [],
      createdAt: Date.now(),
      properties,
    };
    world.issues.push(issue);
    const [key] = issue.fields.labels;
    act({
      effect: 'issue created',
      target: issue.key,
      ...(key === undefined ? {} : { key }),
      detail: { summary: issue.fields.summary },
    });
    return { status: 201, body: { id: issue.id, key: issue.key, self: `${base}/issue/${issue.id}` } };
  });

  route('post', '/search/jql', (_, { jql, maxResults = 50, nextPageToken, properties = [] }) => {
    const found = world.issues.filter(matcherOf(String(jql ?? ''))).filter(isIndexed(world));
    const start = Number(nextPageToken ?? 0);
    const page = found.slice(start, start + maxResults);
    const isLast = start + maxResults >= found.length;
    return {
      body: {
        issues: page.map((issue) => ({ ...shown(issue), ...(properties.length ? propertiesOf(issue) : {}) })),
        isLast,
        ...(isLast ? {} : { nextPageToken: String(start + maxResults) }),
      },
    };
  });

  route('get', '/issue/createmeta/:project/issuetypes', (request) => {
    const project = world.projects.find(({ key }) => key === request.params.project);
    if (!project) throw new JiraError(404, 'No project could be found');
    const issueTypes = project.types.map((name, index) => ({
      id: String(10_001 + index),
      name,
      subtask: false,
    }));
    return { body: { issueTypes, maxResults: 50, startAt: 0, total: issueTypes.length } };
  });
  route('get', '/issue/:issue', (request) => ({ body: shown(issueOf(request)) }));
  route('put', '/issue/:issue', (request, { fields = {}, update = {} }) => {
    const issue = issueOf(request);
    const added = (update.labels ?? []).flatMap(({ add }: { add?: string }) => add ?? []);
    const before = JSON.stringify(issue.fields);
    if (fields.summary) issue.fields.summary = fields.summary;
    issue.fields.labels = [...new Set([...issue.fields.labels, ...added])];
    if (JSON.stringify(issue.fields) !== before)
      act({ effect: 'issue edited', target: issue.key, detail: { fields, update } });
    return { status: 204 };
  });

  route('get', '/issue/:issue/comment', (request) => {
    const { comments } = issueOf(request);
    const startAt = Number(request.query.startAt ?? 0);
    const maxResults = Number(request.query.maxResults ?? 50);
    const isFull = String(request.query.expand ?? '').includes('properties');
    const page = comments.slice(startAt, startAt + maxResults).map(({ properties, ...comment }) => ({
      ...comment,
      ...(isFull ? { properties } : {}),
    }));
    return { body: { comments: page, startAt, maxResults, total: comments.length } };
  });
  route('post', '/issue/:issue/comment', (request, { body, properties = [] }) => {
    const issue = issueOf(request);
    const wrong = documentError(body);
    if (wrong) throw new JiraError(400, '', { comment: wrong });
    const comment = { id: String(nextId()), body, properties, created: new Date().toISOString() };
    issue.comments.push(comment);
    const key = properties.find((property: { key: string }) => property.key === 'baton.key')?.value;
    act({
      effect: 'comment added',
      target: issue.key,
      ...(typeof key === 'string' ? { key } : {}),
      detail: { body },
    });
    return { status: 201, body: comment };
  });

  route('get', '/issue/:issue/transitions', (request) => {
    const { status } = issueOf(request);
    if (world.transitions) return { body: { transitions: world.transitions } };
    const transitions = statuses
      .filter(({ name }) => name !== status)
      .map((to, index) => ({
        id: String(11 + index * 10),
        name: to.name,
        to: { id: String(index + 1), name: to.name, statusCategory: { key: to.category } },
        isAvailable: true,
        fields: {},
      }));
    return { body: { transitions } };
  });
  route('post', '/issue/:issue/transitions', (request, { transition, fields = {} }) => {
    const issue = issueOf(request);
    const from = issue.status;
    if (world.transitions) {
      const answer = moveAlong(world.transitions, issue, transition?.id, fields, act);
      moved(world, issue, from, ourselves);
      return answer;
    }
    const others = statuses.filter(({ name }) => name !== issue.status);
    const to = others[(Number(transition?.id) - 11) / 10];
    if (!to) throw new JiraError(400, `Transition id '${transition?.id}' is not valid for this issue.`);
    issue.status = to.name;
    if (fields.resolution) issue.fields.resolution = fields.resolution;
    act({ effect: 'issue moved', target: issue.key, detail: { to: to.name } });
    moved(world, issue, from, ourselves);
    return { status: 204 };
  });

  route('get', '/issue/:issue/remotelink', (request) => ({ body: issueOf(request).links }));
  route('post', '/issue/:issue/remotelink', (request, { globalId, object }) => {
    const issue = issueOf(request);
    if (!object?.url || !object?.title)
      throw new JiraError(400, '', { object: 'url and title are required' });
    const same = globalId === undefined ? undefined : issue.links.find((link) => link.globalId === globalId);
    const isSame = JSON.stringify(same?.object) === JSON.stringify(object);
    if (same) same.object = object;
    else issue.links.push({ id: nextId(), globalId, object });
    const link = same ?? issue.links.at(-1);
    if (!isSame)
      act({ effect: same ? 'link changed' : 'link added', target: issue.key, key: globalId, detail: object });
    return {
      status: same ? 200 : 201,
      body: { id: link?.id, self: `${base}/issue/${issue.key}/remotelink/${link?.id}` },
    };
  });

  route('get', '/user/search', (request) => {
    const query = String(request.query.query ?? '').toLowerCase();
    const found = world.people.filter(({ displayName, emailAddress }) =>
      [displayName, emailAddress].some((text) => text?.toLowerCase().includes(query)),
    );
    return { body: query === '' ? [] : found };
  });
  app.use((_, response) => void response.status(404).json({ errorMessages: ['No such route'], errors: {} }));
}

function answer(request: Request, response: Response, handle: Route): void {
  try {
    if (request.headers.authorization !== credentials)
      throw new JiraError(401, 'Client must be authenticated to access this resource.');
    const text = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
    const { status = 200, body } = handle(request, text === '' ? {} : JSON.parse(text));
    if (body === undefined) response.status(status).end();
    else response.status(status).json(body);
  } catch (error) {
    if (!(error instanceof JiraError)) throw error;
    const errorMessages = error.message === '' ? [] : [error.message];
    response.status(error.status).json({ errorMessages, errors: error.errors });
  }
}

/** What is wrong with a rich text: a plain one is refused by version 3, and a text node must not be empty. */
function documentError(document: unknown): string | undefined {
  const { type, version, content } = (document ?? {}) as Body;
  if (type !== 'doc' || version !== 1 || !Array.isArray(content))
    return 'Operation value must be an Atlassian Document (see the Atlassian Document Format)';
  const hasEmpty = (nodes: Body[]): boolean =>
    nodes.some((node) => (node.type === 'text' && !node.text) || hasEmpty(node.content ?? []));
  return hasEmpty(content) ? 'INVALID_INPUT' : undefined;
}

const isIndexed = (world: JiraWorld) => (issue: SimulatedIssue) =>
  Date.now() - issue.createdAt >= world.searchLagMilliseconds;

/** The JQL that Baton writes: `project = "…" AND labels = "…"`, and single equalities. Unbounded JQL is refused. */
function matcherOf(jql: string): (issue: SimulatedIssue) => boolean {
  const [conditions = ''] = jql.split(/\s+ORDER BY\s+/i);
  const tests = conditions.split(/\s+AND\s+/i).map((condition) => {
    if (/^\s*(creator = currentUser\(\)|created >= "-1d")\s*$/.test(condition)) return () => true;
    const [, field, quoted, bare] = /^\s*(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))\s*$/.exec(condition) ?? [];
    const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? bare;
    switch (field) {
      case 'project':
        return ({ fields }: SimulatedIssue) => fields.project.key === value;
      case 'labels':
        return ({ fields }: SimulatedIssue) => fields.labels.includes(value ?? '');
      case 'key':
        return ({ key }: SimulatedIssue) => key === value;
      case 'status':
        return ({ status }: SimulatedIssue) => status === value;
      default:
        throw new JiraError(400, 'Unbounded JQL queries are not allowed here, or the field is not known.');
    }
  });
  return (issue) => tests.every((test) => test(issue));
}

/** A transition with a screen: what it demands must be there, and what it lacks must not. */
function moveAlong(
  transitions: SimulatedTransition[],
  issue: SimulatedIssue,
  id: unknown,
  given: Body,
  act: Act,
): { status: number } {
  const found = transitions.find((transition) => transition.id === id);
  if (!found) throw new JiraError(400, `Transition id '${id}' is not valid for this issue.`);
  const errors: Record<string, string> = {};
  for (const [field, { required, hasDefaultValue, allowedValues }] of Object.entries(found.fields)) {
    const value = given[field];
    if (required && !hasDefaultValue && value === undefined) errors[field] = `${field} is required.`;
    if (value !== undefined && allowedValues && !allowedValues.some(({ name }) => name === value.name))
      errors[field] = `The ${field} selected is invalid.`;
  }
  for (const field of Object.keys(given))
    if (!(field in found.fields))
      errors[field] = `Field '${field}' cannot be set. It is not on the appropriate screen, or unknown.`;
  if (Object.keys(errors).length > 0) throw new JiraError(400, '', errors);
  issue.status = found.to.name;
  if (given.resolution) issue.fields.resolution = given.resolution;
  act({ effect: 'issue moved', target: issue.key, detail: { to: found.to.name } });
  return { status: 204 };
}

const propertiesOf = ({ properties }: SimulatedIssue) => ({
  properties: Object.fromEntries(properties.map(({ key, value }) => [key, value])),
});

function shown({ id, key, fields, status }: SimulatedIssue): Record<string, unknown> {
  return {
    id,
    key,
    self: `/rest/api/3/issue/${id}`,
    fields: { ...fields, status: { name: status, statusCategory: { key: categoryOf(status) } } },
  };
}
