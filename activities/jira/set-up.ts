import { z } from 'zod';
import type { SetUp } from '../../domain/set-up.ts';
import { invalidInput, statusOf, unreadable } from '../failures.ts';
import { decorative, listOf, membersOf } from '../lenient.ts';
import type { Jira } from './client.ts';
import { issueTypesOf } from './read-project.ts';

const who = z.object({ displayName: z.string(), emailAddress: decorative(z.string()) });
const project = z.object({ key: z.string(), name: z.string() });
const page = z.object({ values: membersOf(project), isLast: decorative(z.boolean()) });

/** As many as one page holds. */
const pageSize = 50;
/** A name that so many others hold is told better by its key. */
const mostPages = 20;
/** What stands for the project while it is still to be chosen. */
const noProject = 'TOBECHOSEN';

/** How a site of Jira is connected. Nothing is made there: whatever an issue needs is looked for, and what is missing is told. */
export const setUpJira: SetUp<Jira> = {
  standIns: { JIRA_PROJECT_KEY: noProject },

  complaints: ({ JIRA_API_TOKEN: token, JIRA_BASE_URL: site }) => [
    ...(token !== undefined && /\s|@/.test(token) ? ['JIRA_API_TOKEN has not the form of a token'] : []),
    ...(site !== undefined && URL.parse(site)?.pathname.startsWith('/browse')
      ? ['JIRA_BASE_URL is the address of a page; give that of the site alone']
      : []),
  ],

  async account(client, { JIRA_BASE_URL: site, JIRA_EMAIL: email }, signal) {
    const { displayName, emailAddress } = read(who, await client.api(signal).myself.getCurrentUser());
    return { owner: { name: displayName, email: emailAddress ?? email }, place: `the site ${site}` };
  },

  async choices(client, { query, answers }, signal) {
    const { values, isLast } = await findProjects(client, query, signal);
    const chosen = answers.project && (await projectOf(client, answers.project, signal));
    const types = chosen ? await issueTypesOf(client, chosen, signal) : [];
    return {
      lists: {
        project: values.map(({ key, name }) => ({ value: key, label: name, hint: key })),
        issueType: types.filter(({ subtask }) => !subtask).map(({ name }) => ({ value: name, label: name })),
      },
      more: isLast === false,
    };
  },

  async prepare(client, { answers, values }, _, signal) {
    const key =
      answers.project === undefined
        ? values.JIRA_PROJECT_KEY
        : await projectOf(client, answers.project, signal);
    if (key === undefined) throw invalidInput('Jira', 'give the project that issues go to (project)');
    const warnings = await demandedOf(client, key, values, signal);
    if (values.JIRA_WEBHOOK_SECRETS === undefined)
      warnings.push(
        'An issue that is done resolves nothing: a webhook of the site with a secret does that (Settings, System, WebHooks), which Jira has people make',
      );
    return { values: { JIRA_PROJECT_KEY: key }, warnings };
  },

  left: ({ JIRA_EMAIL: email, JIRA_WEBHOOK_SECRETS: secrets }) => [
    `The API token of ${email ?? 'the user'} is valid still: revoke it at https://id.atlassian.com/manage-profile/security/api-tokens when nobody is to restore the connection`,
    ...(secrets
      ? ['The webhook of the site is there still: delete it under Settings, System, WebHooks']
      : []),
  ],

  papers: async ({ rights }) => [
    {
      name: 'jira-permissions.txt',
      text: `${rights.join('\n')}\n`,
    },
  ],
};

function read<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw unreadable('Jira');
  return parsed.data;
}

const findProjects = async (client: Jira, query: string | undefined, signal: AbortSignal, startAt = 0) =>
  read(
    page,
    await client.api(signal).projects.searchProjects({
      startAt,
      maxResults: pageSize,
      orderBy: 'name',
      ...(query ? { query } : {}),
    }),
  );

async function projectByKey(client: Jira, asked: string, signal: AbortSignal): Promise<string | undefined> {
  if (!/^[a-z][a-z0-9_]+$/i.test(asked)) return undefined;
  try {
    const projectIdOrKey = asked.toUpperCase();
    return read(project, await client.api(signal).projects.getProject({ projectIdOrKey })).key;
  } catch (error) {
    const status = statusOf(error);
    if (status === 403 || status === 404) return undefined;
    throw error;
  }
}

/** The key of a project that is named by it, or by its name: what Jira finds holds the words anywhere. */
async function projectOf(client: Jira, asked: string, signal: AbortSignal): Promise<string> {
  const byKey = await projectByKey(client, asked, signal);
  if (byKey !== undefined) return byKey;
  const text = asked.toLowerCase();
  const seen: z.output<typeof project>[] = [];
  for (let pages = 0; pages < mostPages; pages += 1) {
    const { values: more, isLast } = await findProjects(client, asked, signal, pages * pageSize);
    const found = more.find(({ key, name }) => [key, name].some((each) => each.toLowerCase() === text));
    if (found) return found.key;
    seen.push(...more);
    if (isLast !== false) break;
  }
  const values = seen.slice(0, 10);
  const like = values.length === 0 ? '' : ` (there are ${values.map(({ key }) => key).join(', ')})`;
  throw invalidInput('Jira', `the user sees no project ${asked}${like}. Name one that is there`);
}

/** What Baton fills itself. The reporter is whoever the token is of. */
const filled = [
  'project',
  'issuetype',
  'summary',
  'description',
  'labels',
  'priority',
  'assignee',
  'reporter',
];
const fieldsSchema = z.object({
  fields: listOf(
    z.object({
      fieldId: z.string(),
      name: z.string(),
      required: decorative(z.boolean()),
      hasDefaultValue: decorative(z.boolean()),
    }),
  ),
});

/** Fields that an issue must have, and that nobody fills: each would be refused. */
async function demandedOf(
  client: Jira,
  key: string,
  { JIRA_ISSUE_TYPE: wanted = 'Task', JIRA_FIELDS: given = '{}' }: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string[]> {
  const types = (await issueTypesOf(client, key, signal)).filter(({ subtask }) => !subtask);
  const type = types.find(({ name }) => name.toLowerCase() === wanted.toLowerCase()) ?? types[0];
  if (!type) return [`The project ${key} takes no type of issue from this user`];
  const { fields } = read(
    fieldsSchema,
    await client
      .api(signal)
      .issues.getCreateIssueMetaIssueTypeId({ projectIdOrKey: key, issueTypeId: type.id }),
  );
  return fields
    .filter(({ required, hasDefaultValue }) => required && !hasDefaultValue)
    .filter(({ fieldId }) => !filled.includes(fieldId) && !given.includes(`"${fieldId}"`))
    .map(
      ({ fieldId, name }) =>
        `${key} demands ${name} of a new ${type.name}, and nobody fills it: give it in fields, {"${fieldId}": …}`,
    );
}
