import { describe, expect, it } from 'vitest';
import { createJiraIssue } from '../../../activities/jira/create-issue.ts';
import { failureOf } from '../run.ts';
import { startReplying } from './site.ts';

type Fields = Record<string, unknown>;
interface No {
  status?: number;
  body: unknown;
}

/** A project that says no to some fields, in words of its own, and takes the rest. */
async function startProject(
  no: (fields: Fields) => No | undefined,
  users: unknown = [],
  env: NodeJS.ProcessEnv = {},
) {
  const tried: Fields[] = [];
  const json = (status: number, body: unknown) => ({
    status,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const run = await startReplying((call, body) => {
    if (call.startsWith('POST /rest/api/3/search')) return json(200, { issues: [] });
    if (call.includes('/user/search')) return json(200, users);
    if (call.includes('/createmeta/'))
      return json(200, {
        issueTypes: [null, { id: 7, name: 'Incident' }, { id: '8', name: 'Task' }, { name: 'x' }],
      });
    const { fields } = body as { fields: Fields };
    tried.push(fields);
    const answer = no(fields);
    return answer ? json(answer.status ?? 400, answer.body) : json(201, { id: '10001', key: 'OPS-1' });
  }, env);
  return { run, tried };
}

const wish = {
  incidentId: 'Q1ABC',
  summary: 'Checkout is slow',
  text: 'Slow',
  assignee: 'acc-ada',
  labels: ['shop'],
  priority: 'High',
};
const offScreen = (field: string) =>
  `Field '${field}' cannot be set. It is not on the appropriate screen, or unknown.`;
/** Says no as long as the field is there. */
const noTo =
  (field: string, body: unknown, status = 400) =>
  (fields: Fields) =>
    field in fields ? { status, body } : undefined;
const general = (...errorMessages: unknown[]) => ({ errorMessages, errors: {} });

describe('a field that Jira refuses', () => {
  it.each([
    ['labels', general(offScreen('labels'))],
    ['priority', general(offScreen('priority'))],
    ['description', general(offScreen('description'))],
    ['labels', { errorMessages: offScreen('labels') }],
    ['labels', { errorMessages: [null, { message: offScreen('labels') }, 7] }],
    ['labels', { message: offScreen('labels') }],
    ['labels', { errors: [{ message: offScreen('labels') }] }],
    ['labels', general('Das Feld „labels“ kann nicht festgelegt werden.')],
    ['labels', general("The label 'a b' is not allowed in this project.")],
    ['labels', general("The label 'a b' contains spaces which is invalid.")],
    ['assignee', general("User 'q' cannot be assigned issues.")],
    ['description', general('Die Beschreibung ist in project OPS zu lang.')],
    ['assignee', general('Der Benutzer „q“ kann keinen Vorgängen zugewiesen werden.')],
    ['priority', general('The priority selected is invalid.')],
    ['priority', general('La priorité sélectionnée n’est pas valide.')],
    ['priority', { errors: { 'priority.name': 'Unknown' } }],
    ['priority', { errors: { 'fields.priority': 'Unknown' } }],
    ['priority', { errors: { Priority: 'Unknown' } }],
    ['labels', { errors: { 'labels[0]': 'Too long' } }],
    ['assignee', { errors: { assignee: null } }],
    ['assignee', { errors: { assignee: ['No such user', 'or a hidden one'] } }],
    ['assignee', { errors: { assignee: { message: 'No such user' } } }],
    ['assignee', { errors: { assignee: { reason: { text: 'No such user' } } } }],
    ['assignee', { errorMessages: null, errors: { assignee: 7 } }],
  ])('is left out and told, and nothing else is: %s by %j', async (field, body) => {
    for (const status of [400, 422]) {
      const { run, tried } = await startProject(noTo(field, body, status));
      const issue = await run(createJiraIssue, wish);
      expect(issue).toMatchObject({ created: true, key: 'OPS-1' });
      expect(issue.leftOut).toEqual([expect.stringMatching(new RegExp(`^${field}: .`))]);
      expect(tried).toHaveLength(2);
      expect(Object.keys(tried[0] ?? {}).filter((name) => !(name in (tried[1] ?? {})))).toEqual([field]);
    }
  });

  it('may be one of the settings, by a part of it', async () => {
    for (const [key, settings] of [
      ['customfield_10010.value', '{"customfield_10010":{"value":"High"}}'],
      ['customfield_10010', '{"customfield_10010":"x"}'],
      ['components[0].name', '{"components":[{"name":"Shop"}]}'],
    ] as const) {
      const field = key.split(/\W/)[0] ?? '';
      const { run } = await startProject(noTo(field, { errors: { [key]: 'Not valid' } }), [], {
        JIRA_FIELDS: settings,
      });
      expect((await run(createJiraIssue, wish)).leftOut).toEqual([`${field}: Not valid`]);
    }
  });

  it('is found although Jira names none: what is needed least goes first', async () => {
    for (const body of [general('Нельзя.'), {}, '', '<html>Blocked</html>', 'null', [], { errors: 'no' }]) {
      const { run, tried } = await startProject(noTo('labels', body));
      const { leftOut } = await run(createJiraIssue, wish);
      expect(leftOut.map((line) => line.split(':')[0])).toEqual(['assignee', 'priority', 'labels']);
      expect(tried.at(-1)).toMatchObject({ summary: wish.summary, description: expect.anything() });
    }
  });

  it('comes with others, one after the other', async () => {
    const { run } = await startProject((fields) => {
      const [first] = ['labels', 'priority', 'description', 'assignee'].filter((field) => field in fields);
      return first ? { body: general(offScreen(first)) } : undefined;
    });
    expect((await run(createJiraIssue, wish)).leftOut).toHaveLength(4);
  });

  it('is no field by the name of something that every object has', async () => {
    const { run, tried } = await startProject(() => ({
      body: { errors: { constructor: 'no', __proto__: 'no' } },
    }));
    expect(await failureOf(run(createJiraIssue, wish))).toMatchObject({ type: 'ProviderRefused' });
    expect(tried).toHaveLength(1);
  });
});

describe('a type that Jira refuses', () => {
  it.each([
    general('The issue type selected is invalid.'),
    general('valid issue type is required'),
    general('Der ausgewählte Vorgangstyp ist ungültig.'),
    { errors: { issuetype: null } },
    { errors: { 'issuetype.name': 'Unknown' } },
    { errors: { 'Issue Type': 'Unknown' } },
  ])('is replaced, and told: %j', async (body) => {
    const { run, tried } = await startProject(({ issuetype }) =>
      (issuetype as Fields).id === '7' ? undefined : { body },
    );
    const { leftOut } = await run(createJiraIssue, { ...wish, type: 'Bug' });
    expect(leftOut).toEqual([
      'type Bug: the project has Incident, Task; taken: Incident (JIRA_ISSUE_TYPE sets it)',
    ]);
    expect(tried.at(-1)).toMatchObject({ labels: ['baton-Q1ABC', 'shop'], priority: { name: 'High' } });
  });

  it('is taken by its id where the name alone does not say whose it is', async () => {
    const { run } = await startProject(({ issuetype }) =>
      (issuetype as Fields).id === '8' ? undefined : { body: general('The issue type selected is invalid.') },
    );
    expect(await run(createJiraIssue, wish)).toMatchObject({ created: true, leftOut: [] });
  });
});

describe('a refusal that nothing can be left out for', () => {
  it.each([
    [
      'the field that the project demands',
      { errors: { customfield_10042: 'Severity is required.' } },
      ['customfield_10042: Severity is required.', 'JIRA_FIELDS', '{"customfield_10042": …}'],
      1,
    ],
    [
      'a project that it may not write to',
      general('You do not have permission to create issues in this project.'),
      ['do not have permission', 'JIRA_PROJECT_KEY', 'OPS'],
      5,
    ],
    ['its type', general('The issue type selected is invalid.'), ['issue type', 'JIRA_ISSUE_TYPE'], 6],
    ['nothing', general(), ['no reason given', 'create screen of the project OPS', 'JIRA_FIELDS'], 5],
  ])('says what, why and what next: it names %s', async (_, body, parts, tries) => {
    const { run, tried } = await startProject(() => ({ body }));
    const failure = await failureOf(run(createJiraIssue, wish));
    expect(failure).toMatchObject({ type: 'ProviderRefused', nonRetryable: true });
    for (const part of [...parts, 'No issue was made']) expect(failure.message).toContain(part);
    expect(tried).toHaveLength(tries);
  });

  it('is no refusal of the fields: nothing is tried again', async () => {
    for (const status of [401, 403, 404, 413]) {
      const { run, tried } = await startProject(() => ({ status, body: general(offScreen('labels')) }));
      expect(await failureOf(run(createJiraIssue, wish))).toMatchObject({ type: 'ProviderRefused' });
      expect(tried).toHaveLength(1);
    }
  });
});

describe('odd answers besides', () => {
  it('of the search for people leave the issue without an assignee', async () => {
    for (const users of [null, {}, 'none', [null], [{ accountId: null }], '<html>']) {
      const { run } = await startProject(() => undefined, users);
      const issue = await run(createJiraIssue, { ...wish, assignee: 'ada@example.com' });
      expect(issue.leftOut).toEqual([expect.stringMatching(/^assignee: /)]);
    }
  });
});
