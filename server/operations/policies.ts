import { z } from 'zod';
import { journalScopeFor, journalScopes } from '../../domain/journal.ts';
import { pageRulesFor } from '../../domain/page.ts';
import type { Policies } from '../../domain/policies.ts';
import { defaultConnection } from '../../domain/subject.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import { defineOperation } from './operation.ts';

const times = ['always', 'not those that people start', 'never'] as const;

/** The trigger that pages by the policies. */
const pager = 'run-failed';

/** By what people are paged of something that is listed. */
const paging = {
  pagedBy: z.string().optional().describe('The connection; left out: nobody is'),
  key: z.string().describe('The dedup key of its alert'),
};

export const listPolicies = defineOperation({
  name: 'policies.list',
  kind: 'read',
  itemsAreOneOf: true,
  right: 'incidents.read',
  route: 'GET /policies',
  summary:
    'The policies: how failed runs of each workflow page, which of its changes PagerDuty hears of, what is urgent, which deployments, heartbeats and monitors are watched, and who is told by HTTP',
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
    deployments: z
      .array(z.object({ service: z.string(), source: z.string(), ...paging }))
      .describe('Whose deployments and tests are told of'),
    heartbeats: z
      .array(z.object({ source: z.string(), everySeconds: z.number(), ...paging }))
      .describe('Which sources are expected to be heard of'),
    monitors: z
      .array(z.object({ name: z.string(), from: z.string(), ...paging }))
      .describe('Which conditions are kept as alerts'),
    subscriptions: z
      .array(z.object({ name: z.string(), types: z.array(z.string()), connection: z.string() }))
      .describe('Who is told of what Baton does, by HTTP; subscriptions.list tells how it goes'),
  }),
  async run(_, { policies, workflows, triggers, principal }) {
    const all = await policies();
    const { pages, journal, urgent } = all;
    const { names } = await workflows();
    const within = principal.scope?.workflows;
    // What pages for others by these never does for itself. Other triggers may listen to failures too.
    const pagers = (await triggers()).flatMap(({ name, workflow }) => (name === pager ? [workflow] : []));
    return {
      urgent: urgent?.when ?? 'none',
      // What is watched by itself is of no workflow or service that somebody could be limited to.
      ...(principal.scope
        ? { deployments: [], heartbeats: [], monitors: [], subscriptions: [] }
        : listsIn(all)),
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

/** What is watched, and how it pages. */
function listsIn({ pages, deployments = [], heartbeats = [], monitors = [], subscriptions = [] }: Policies) {
  const { page, connection = defaultConnection } = pageRulesFor('all', pages);
  return {
    deployments: deployments.map(({ service, source, connection: pagedBy }) => ({
      service,
      source,
      pagedBy,
      key: keyOf('baton', 'deploymentFailed', service, '<stage>'),
    })),
    heartbeats: heartbeats.map((heartbeat) => ({
      ...heartbeat,
      ...(page ? { pagedBy: connection } : {}),
      key: keyOf('baton', 'heartbeat', 'Silent', heartbeat.source),
    })),
    monitors: monitors.map(({ name, from, connection: pagedBy }) => ({
      name,
      from:
        'source' in from
          ? `the source ${from.source}`
          : `read: ${from.reads.map(({ target }) => target).join(', ')}`,
      pagedBy,
      key: keyOf('baton', 'mirrorAlert', name, ...('source' in from ? ['<condition>'] : [])),
    })),
    subscriptions: subscriptions.map(({ name, types, connection: by }) => ({
      name,
      types: [...types],
      connection: by,
    })),
  };
}
