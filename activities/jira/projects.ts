import { z } from 'zod';
import { invalidInput } from '../failures.ts';

const key = /^[A-Z][A-Z0-9_]{1,254}$/;
const keysIn = (list: string) => list.split(',').map((each) => each.trim());

/** The projects that a connection may reach. */
export const projectSettings = {
  JIRA_PROJECTS: z
    .string()
    .refine(
      (list) => keysIn(list).every((each) => key.test(each)),
      'is not a list of project keys like SHOP,OPS',
    )
    .transform((list): ReadonlySet<string> => new Set(keysIn(list)))
    .optional()
    .describe(
      'the projects, comma-separated, that issues are read and written in (unset: all that the user may)',
    ),
};

interface Limited {
  projects: ReadonlySet<string> | undefined;
}

const projectOf = (named: string) => named.replace(/-\d+$/, '').toUpperCase();

/** Whether an issue (`SHOP-12`) or a project (`SHOP`) is one of the connection's. */
export const isOfProjects = ({ projects }: Limited, named: string): boolean =>
  projects === undefined || projects.has(projectOf(named));

/** Refuses an issue (`SHOP-12`) or a project (`SHOP`) that is none of the connection's, before anything is asked of Jira. */
export function requireProject(jira: Limited, named: string): void {
  if (isOfProjects(jira, named)) return;
  throw invalidInput(
    'Jira',
    `${named} is not in the projects of this connection (${[...(jira.projects ?? [])].join(', ')}): add ${projectOf(named)} to its ` +
      'JIRA_PROJECTS, or use another connection',
  );
}
