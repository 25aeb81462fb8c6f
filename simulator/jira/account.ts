import type { JiraWorld } from '../jira.ts';
import { JiraError, type Route } from './route.ts';

/** Whom the token belongs to. */
export const ourselves = { accountId: 'acc-baton', displayName: 'Baton', active: true };

/** Who Baton's account is, and what it may do. */
export function accountRoutes(world: JiraWorld, get: (path: string, handle: Route) => void): void {
  const projectOf = (key: unknown) => {
    const found = world.projects.find((project) => project.key === key);
    if (!found) throw new JiraError(404, `No project could be found with key '${key}'.`);
    return found;
  };

  get('/myself', () => ({ body: ourselves }));

  get('/project/search', (request) => {
    const query = String(request.query.query ?? '').toLowerCase();
    const seen = world.denied?.includes('BROWSE_PROJECTS') ? [] : world.projects;
    const startAt = Number(request.query.startAt ?? 0);
    const maxResults = Math.min(Number(request.query.maxResults ?? 50), 50);
    const found = seen
      .filter(({ key, name }) => [key, name].some((text) => text.toLowerCase().includes(query)))
      .map(({ key, name }, index) => ({ id: String(10_000 + index), key, name }));
    const values = found.slice(startAt, startAt + maxResults);
    const isLast = startAt + values.length >= found.length;
    return { body: { values, startAt, maxResults, total: found.length, isLast } };
  });

  get('/issue/createmeta/:project/issuetypes/:type', (request) => {
    projectOf(request.params.project);
    const required = Object.keys(world.demandedFields).map((fieldId) => ({
      fieldId,
      name: world.fieldNames?.[fieldId] ?? fieldId,
      required: true,
      hasDefaultValue: false,
    }));
    const summary = { fieldId: 'summary', name: 'Summary', required: true, hasDefaultValue: false };
    const fields = [summary, ...required];
    return { body: { fields, startAt: 0, maxResults: 50, total: fields.length } };
  });

  get('/project/:project', (request) => {
    const { key, name } = projectOf(
      world.denied?.includes('BROWSE_PROJECTS') ? undefined : request.params.project,
    );
    return { body: { id: '10000', key, name } };
  });

  get('/mypermissions', (request) => {
    const { projectKey, permissions = '' } = request.query;
    if (projectKey !== undefined) projectOf(projectKey);
    const keys = String(permissions).split(',');
    const unknown = keys.find((key) => !/^[A-Z_]+$/.test(key));
    if (unknown !== undefined) throw new JiraError(400, `Unrecognized permission: ${unknown}`);
    const had = keys.map((key) => [key, { key, havePermission: !world.denied?.includes(key) }]);
    return { body: { permissions: Object.fromEntries(had) } };
  });
}
