import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { type FailureDetail, refused } from '../failures.ts';
import type { Jira } from './client.ts';
import { issueTypesOf } from './read-project.ts';

/** An issue to create, as far as the project takes it. */
interface Wish {
  project: string;
  /** Undefined: Task, else the first type that the project has. */
  type: string | undefined;
  fields: Record<string, unknown>;
  mark: string;
  signal: AbortSignal;
}

const created = z.object({ id: z.string(), key: z.string() });

/** Without these there is no issue; all others are ours to leave out. */
const demanded = new Set(['project', 'issuetype', 'summary', 'properties']);
/** Each try leaves out at least one field or changes the type. */
const mostTries = 6;

/** A final no of Jira's. */
export const isRefusal = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.type === 'ProviderRefused';

/**
 * Creates an issue. Projects differ in their types and in what stands on their create screen
 * (https://support.atlassian.com/jira-cloud-administration/docs/manage-screens/): a field that Jira names as wrong is left out
 * where the issue can do without it, and the type is replaced. A refusal has created nothing, so the next try is safe.
 */
export async function createWithWhatFits(
  jira: Jira,
  { project, type, fields: wished, mark, signal }: Wish,
): Promise<{ id: string; key: string; leftOut: string[] }> {
  const leftOut: string[] = [];
  const fields = { ...wished };
  let issuetype: Record<string, string> = { name: type ?? 'Task' };
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await jira.api(signal).issues.createIssue({
        fields: { ...fields, project: { key: project }, issuetype },
        properties: [{ key: 'baton', value: { mark } }],
      });
      return { ...created.parse(answer), leftOut };
    } catch (error) {
      const reasons = fieldsOf(error);
      if (!reasons || tries === mostTries) throw error;
      const dispensable = Object.keys(reasons).filter((field) => field in fields && !demanded.has(field));
      for (const field of dispensable) {
        delete fields[field];
        leftOut.push(`${field}: ${reasons[field]}`);
      }
      if ('issuetype' in reasons && !('id' in issuetype)) {
        const { id, name, all } = await typeInstead(jira, project, signal);
        leftOut.push(
          `type ${issuetype.name}: the project has ${all}; taken: ${name} (JIRA_ISSUE_TYPE sets it)`,
        );
        issuetype = { id };
      } else if (dispensable.length === 0) throw explained(error, reasons);
    }
  }
}

/** Jira's reasons by field, where it refused the fields. */
function fieldsOf(error: unknown): Record<string, string> | undefined {
  if (!isRefusal(error)) return undefined;
  const detail = error.details?.[0] as FailureDetail | undefined;
  return detail?.status === 400 ? detail.fields : undefined;
}

/** A type that needs no parent, and so stands by itself. */
async function typeInstead(jira: Jira, project: string, signal: AbortSignal) {
  const types = (await issueTypesOf(jira, project, signal)).filter(
    ({ subtask, level }) => !subtask && level === 0,
  );
  const all = types.map(({ name }) => name).join(', ');
  const [first] = types;
  if (!first) throw refused('Jira', `the project ${project} has no type of issue that stands by itself`, 400);
  return { ...first, all };
}

/** What the team has to do: a field that the project demands is for the team to fill. */
function explained(error: unknown, reasons: Record<string, string>): unknown {
  const [field] = Object.keys(reasons);
  if (!isRefusal(error) || field === undefined) return error;
  return refused(
    'Jira',
    `${said(reasons)}. Fields that the project demands are set by JIRA_FIELDS, a JSON object such as {"${field}": …}`,
    400,
  );
}

const said = (reasons: Record<string, string>) =>
  Object.entries(reasons)
    .map(([field, reason]) => `${field}: ${reason}`)
    .join('; ')
    .slice(0, 500);
