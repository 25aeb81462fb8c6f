import { z } from 'zod';
import { journalScopeFor, journalScopes } from '../../domain/journal.ts';
import { pageRulesFor } from '../../domain/page.ts';
import { defineOperation } from './operation.ts';

const times = ['always', 'not those that people start', 'never'] as const;

/** The trigger that pages by the policies. */
const pager = 'run-failed';

export const listPolicies = defineOperation({
  name: 'policies.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /policies',
  summary:
    'How failed runs of each workflow page, of which of its changes PagerDuty is told, and what is urgent',
  within: ['workflows', 'services'],
  input: z.strictObject({}),
  output: z.object({
    items: z.array(
      z.object({
        workflow: z.string(),
        pages: z.enum(times),
        pagedBy: z.string().optional().describe('The connection; left out: by routes and the run’s incident'),
        severity: z.array(z.string()).describe('By class of failure; `default`: all that are not named'),
        tells: z
          .enum(journalScopes)
          .describe(
            'Which changes; `all`: also what is harmless or reversible, but for what only tells people',
          ),
        toldBy: z
          .string()
          .optional()
          .describe(
            'The connection; left out: by the route for change events, else on the incident’s service',
          ),
      }),
    ),
    urgent: z.string().describe('Which incidents go before all others, in words'),
  }),
  async run(_, { policies, workflows, triggers, principal }) {
    const { pages, journal, urgent } = await policies();
    const { names } = await workflows();
    const within = principal.scope?.workflows;
    // What pages for others by these never does for itself. Other triggers may listen to failures too.
    const pagers = (await triggers()).flatMap(({ name, workflow }) => (name === pager ? [workflow] : []));
    return {
      urgent: urgent?.when ?? 'none',
      items: names
        .filter((name) => within === undefined || within.includes(name))
        .map((workflow) => {
          const { page, severity, connection, whenStartedByPeople } = pageRulesFor(workflow, pages);
          const told = journalScopeFor(workflow, journal);
          const isPaged = page && !pagers.includes(workflow);
          return {
            workflow,
            pages: whenPaged(isPaged, whenStartedByPeople),
            ...(isPaged && connection !== undefined ? { pagedBy: connection } : {}),
            severity: isPaged ? Object.entries(severity).map(([name, value]) => `${name}: ${value}`) : [],
            tells: told.changes,
            ...(told.connection === undefined ? {} : { toldBy: told.connection }),
          };
        }),
    };
  },
});

function whenPaged(isPaged: boolean, whenStartedByPeople: false | undefined): (typeof times)[number] {
  if (!isPaged) return 'never';
  return whenStartedByPeople === false ? 'not those that people start' : 'always';
}
