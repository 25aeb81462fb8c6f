import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addJiraComment } from '../../../activities/jira/add-comment.ts';
import { addJiraLink } from '../../../activities/jira/add-link.ts';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { findJiraUser } from '../../../activities/jira/find-user.ts';
import { readJiraIssue, searchJiraIssues } from '../../../activities/jira/read-issue.ts';
import { readJiraProject } from '../../../activities/jira/read-project.ts';
import { listJiraTransitions, transitionJiraIssue } from '../../../activities/jira/transition-issue.ts';
import { updateJiraIssue } from '../../../activities/jira/update-issue.ts';
import { startSite } from './site.ts';

const file = resolve(
  import.meta.dirname,
  '../../../../shared/reference/openapi/jira-cloud-platform-v3-openapi.json',
);
const available = existsSync(file);
if (!available) console.warn('Skipped: Jira’s OpenAPI document is not here to compare requests with.');

type Json = Record<string, unknown>;

const operationSchema = z.object({
  deprecated: z.boolean().default(false),
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), required: z.boolean().optional() }))
    .default([]),
  requestBody: z
    .object({
      content: z.object({ 'application/json': z.object({ schema: z.record(z.string(), z.unknown()) }) }),
    })
    .optional(),
});

/** Puts what `$ref` names in its place. Schemas that contain themselves end in "anything". */
function inlined(document: Json, value: unknown, open: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((each) => inlined(document, each, open));
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value && typeof value.$ref === 'string') {
    const { $ref } = value;
    if (open.includes($ref)) return {};
    const target = $ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, name) => (at as Json)[name], document);
    return inlined(document, target, [...open, $ref]);
  }
  const entries = Object.entries(value).filter(([name]) => name !== 'format' && name !== 'example');
  return Object.fromEntries(entries.map(([name, each]) => [name, inlined(document, each, open)]));
}

/** Finds what the document declares for a call. A literal path such as /issue/createmeta comes before one with a key. */
function declaredBy(document: Json) {
  const paths = Object.entries(document.paths as Record<string, Json>);
  return (method: string, pathname: string) => {
    const [found] = paths
      .filter(([path]) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname))
      .toSorted(([one], [other]) => one.split('{').length - other.split('{').length);
    const operation = found?.[1][method.toLowerCase()];
    return operation === undefined ? undefined : operationSchema.parse(inlined(document, operation));
  };
}

describe.skipIf(!available)('the requests', () => {
  it('are as Jira’s OpenAPI document declares them, and none is deprecated', async () => {
    const { simulator, run } = await startSite();
    const key = 'OPS-1';
    const text = { text: 'one\ntwo', links: [{ text: 'l', url: 'https://example.com' }], code: 'log' };
    await run(createJiraIssue, {
      incidentId: 'Q1ABC',
      summary: 'slow',
      ...text,
      assignee: 'ada@example.com',
      priority: 'High',
      labels: ['a'],
    });
    await run(readJiraIssue, { key });
    await run(searchJiraIssues, { jql: 'project = OPS' });
    await run(updateJiraIssue, { key, summary: 'slower', addLabels: ['b'] });
    await run(addJiraComment, { key, ...text });
    await run(addJiraLink, { key, incidentId: 'Q1ABC', url: 'https://example.com', title: 'Incident' });
    await run(listJiraTransitions, { key });
    await run(transitionJiraIssue, { key, to: 'done', resolution: 'Done' });
    await run(findJiraUser, { email: 'ada@example.com' });
    await run(readJiraProject, {});

    const declared = declaredBy(JSON.parse(readFileSync(file, 'utf8')));
    const bodies: string[] = [];
    for (const { method, path, body } of simulator.calls) {
      const what = `${method} ${path} ${body}`;
      const { pathname, searchParams } = new URL(path, 'http://jira');
      const operation = declared(method, pathname);
      if (!operation) throw new Error(`Jira declares no ${what}`);
      expect(operation.deprecated, what).toBe(false);
      const known = operation.parameters.filter((each) => each.in === 'query').map(({ name }) => name);
      expect(known, what).toEqual(expect.arrayContaining([...searchParams.keys()]));
      expect(operation.requestBody === undefined, what).toBe(body === '');
      if (!operation.requestBody) continue;
      const { schema } = operation.requestBody.content['application/json'];
      const parsed = z.fromJSONSchema(schema, { defaultTarget: 'openapi-3.0' }).safeParse(JSON.parse(body));
      expect(parsed.error, what).toBeUndefined();
      bodies.push(`${method} ${pathname}`);
    }
    expect(new Set(bodies)).toEqual(
      new Set([
        'POST /rest/api/3/search/jql',
        'POST /rest/api/3/issue',
        'PUT /rest/api/3/issue/OPS-1',
        'POST /rest/api/3/issue/OPS-1/comment',
        'POST /rest/api/3/issue/OPS-1/remotelink',
        'POST /rest/api/3/issue/OPS-1/transitions',
      ]),
    );
  });
});
