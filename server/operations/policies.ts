import { z } from 'zod';
import { journalScopeFor, journalScopes } from '../../domain/journal.ts';
import { pageRulesFor, severities } from '../../domain/page.ts';
import { defineOperation } from './operation.ts';

const connection = z.string().optional().describe('Left out: by routes and the account of the incident');

export const listPolicies = defineOperation({
  name: 'policies.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /policies',
  summary: 'How failed runs of each workflow page, and of which of its changes PagerDuty is told',
  within: ['workflows', 'services'],
  input: z.strictObject({}),
  output: z.object({
    items: z.array(
      z.object({
        workflow: z.string(),
        page: z.object({
          page: z.boolean().describe('False: no failed run of it pages'),
          severity: z
            .record(z.string(), z.enum(severities))
            .describe('By class of failure; `default`: all that are not named'),
          whenStartedByPeople: z
            .literal(false)
            .optional()
            .describe('Set: a run that a person has started pages nobody'),
          connection,
        }),
        journal: z.object({
          changes: z
            .enum(journalScopes)
            .describe('`all`: also what is harmless or reversible, but for what only tells people'),
          connection,
        }),
      }),
    ),
  }),
  async run(_, { policies, workflows, principal }) {
    const { pages, journal } = await policies();
    const { names } = await workflows();
    const within = principal.scope?.workflows;
    return {
      items: names
        .filter((name) => within === undefined || within.includes(name))
        .map((workflow) => ({
          workflow,
          page: { ...pageRulesFor(workflow, pages), severity: { ...pageRulesFor(workflow, pages).severity } },
          journal: journalScopeFor(workflow, journal),
        })),
    };
  },
});
