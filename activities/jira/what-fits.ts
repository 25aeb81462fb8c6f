import { z } from 'zod';
import { refused } from '../failures.ts';
import type { Jira } from './client.ts';
import { type Reasons, said } from './error-body.ts';
import { issueTypesOf } from './read-project.ts';
import { refusalOf, refusedOf } from './refused-fields.ts';
import { wireId } from './wire.ts';

/** An issue to create, as far as the project takes it. */
interface Wish {
  project: string;
  /** Its first type where the project has none of this name. */
  type: string;
  fields: Record<string, unknown>;
  mark: string;
  signal: AbortSignal;
}

const created = z.object({ id: wireId, key: z.string() });

/** Without these there is no issue; all others are ours to leave out. */
const demanded: readonly string[] = ['project', 'issuetype', 'summary'];

/**
 * Creates an issue. Projects differ in their types and in what stands on their create screen
 * (https://support.atlassian.com/jira-cloud-administration/docs/manage-screens/): a field that Jira names as wrong is left out
 * where the issue can do without it, and the type is replaced. A refusal has created nothing, so the next try is safe, and each
 * has a field less, or another type.
 */
export async function createWithWhatFits(
  jira: Jira,
  { project, type, fields: wished, mark, signal }: Wish,
): Promise<{ id: string; key: string; leftOut: string[] }> {
  const leftOut: string[] = [];
  const fields = { ...wished };
  let issuetype: Record<string, string> = { name: type };
  for (;;) {
    try {
      const answer = await jira.api(signal).issues.createIssue({
        fields: { ...fields, project: { key: project }, issuetype },
        properties: [{ key: 'baton', value: { mark } }],
      });
      return { ...created.parse(answer), leftOut };
    } catch (error) {
      const reasons = refusalOf(error);
      if (!reasons) throw error;
      const about = refusedOf(reasons, [...Object.keys(fields), ...demanded]);
      const isTypeWrong = about.has('issuetype') && !('id' in issuetype);
      const dispensable = [...about].filter(([field]) => !demanded.includes(field));
      const instead = isTypeWrong ? await typeInstead(jira, project, type, signal) : undefined;
      if (dispensable.length === 0 && !instead) dispensable.push(...leastNeeded(fields, reasons));
      if (dispensable.length === 0 && !instead) throw explained(reasons, project);
      for (const [field, reason] of dispensable) {
        delete fields[field];
        leftOut.push(`${field}: ${reason}`);
      }
      if (instead) {
        leftOut.push(...instead.told);
        issuetype = { id: instead.id };
      }
    }
  }
}

/** Where Jira names no field of ours: what the issue can best do without. Labels find it again, and the description is its text. */
function leastNeeded(fields: Record<string, unknown>, reasons: Reasons): [field: string, reason: string][] {
  if (Object.keys(reasons.fields).length > 0) return [];
  const names = Object.keys(fields).filter((field) => !demanded.includes(field));
  const others = names.filter((field) => field !== 'labels' && field !== 'description');
  const field = others.find((name) => name === 'assignee') ?? others[0] ?? names.toSorted().at(-1);
  return field === undefined ? [] : [[field, `Jira names no field: ${said(reasons)}`]];
}

/** The type by its id, which is its own in each project, else one that needs no parent and so stands by itself. */
async function typeInstead(jira: Jira, project: string, type: string, signal: AbortSignal) {
  const types = (await issueTypesOf(jira, project, signal)).filter(
    ({ subtask, level }) => !subtask && level === 0,
  );
  const same = types.find(({ name }) => name.toLowerCase() === type.toLowerCase());
  if (same) return { id: same.id, told: [] };
  const [first] = types;
  if (!first) return undefined;
  const all = types.map(({ name }) => name).join(', ');
  const told = `type ${type}: the project has ${all}; taken: ${first.name} (JIRA_ISSUE_TYPE sets it)`;
  return { id: first.id, told: [told] };
}

const explained = (reasons: Reasons, project: string) =>
  refused('Jira', `${said(reasons)}. No issue was made; ${whatNext(reasons, project)}`, 400);

/** What the team has to do, as no part of the issue can be left out any more. */
function whatNext(reasons: Reasons, project: string): string {
  const about = refusedOf(reasons, demanded);
  if (about.has('issuetype'))
    return `set JIRA_ISSUE_TYPE to a type of the project ${project} that stands by itself`;
  if (about.has('project'))
    return `see that JIRA_PROJECT_KEY is right, and that the account of JIRA_EMAIL may create issues in ${project}`;
  const [other = 'customfield_10042'] = Object.keys(reasons.fields).filter((field) => !about.has(field));
  return (
    `see what the create screen of the project ${project} demands. Fields that the project demands are set by JIRA_FIELDS, a ` +
    `JSON object such as {"${other}": …}`
  );
}
