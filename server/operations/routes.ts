import { z } from 'zod';
import { nearestOf } from '../../domain/nearest.ts';
import { actorOf } from '../../domain/rights.ts';
import { defaultConnection } from '../../domain/subject.ts';
import { Refusal } from '../refusal.ts';
import { checkChangeEvents, checkOwnChangeEvents } from './connection-values.ts';
import { connectionName, entryAbout, findConnection, findProvider, routeWords } from './connections.ts';
import { defineOperation, type OperationContext } from './operation.ts';

const routeKey = {
  provider: z.string().max(100),
  purpose: z
    .literal('change-events')
    .optional()
    .describe('Change events alone, which need the integration key of a service'),
  workflow: z
    .string()
    .regex(/^[\w$]{1,200}$/, 'is no name of a workflow')
    .optional(),
  service: z
    .string()
    .regex(
      /^(?:[a-z0-9-]{1,40}\/)?[A-Z0-9]{1,32}$/,
      'is neither the id of a PagerDuty service nor <connection>/<id>',
    )
    .optional()
    .describe('A PagerDuty service; of another account than that of default, <connection>/<id>'),
};
const routeShape = z.object({ ...routeKey, connection: z.string() }).meta({ id: 'Route' });

type RouteKey = Omit<z.output<typeof routeShape>, 'connection'>;

/** What is optional is either given or not there. */
const keyOf = ({ provider, purpose, workflow, service }: RouteKey) => ({
  provider,
  ...(purpose === undefined ? {} : { purpose }),
  ...(workflow === undefined ? {} : { workflow }),
  ...(service === undefined ? {} : { service }),
});

/** A route for a workflow that does not exist would never be taken, and nobody would be told. */
async function checkWorkflow(name: string | undefined, { workflows }: OperationContext): Promise<void> {
  const { names } = await workflows();
  if (name === undefined || names.includes(name)) return;
  const meant = nearestOf(name, names);
  const next = meant === undefined ? 'workflows.list tells those there are.' : `Did you mean ${meant}?`;
  throw new Refusal(422, 'No such workflow', `There is no workflow ${name}. ${next}`);
}

export const listRoutes = defineOperation({
  name: 'routes.list',
  kind: 'read',
  right: 'connections.list',
  route: 'GET /routes',
  summary: 'By which connections runs of workflows and services act, where it is not default',
  input: z.strictObject({}),
  output: z.object({ items: z.array(routeShape) }),
  run: async (_, { connections }) => ({ items: [...(await connections.look()).routes] }),
});

export const setRoute = defineOperation({
  name: 'routes.set',
  kind: 'change',
  writesOwnLine: true,
  right: 'connections.change',
  route: 'PUT /routes',
  summary:
    'Makes new runs use a connection. The most specific route counts: workflow and service, workflow, service',
  subject: ({ connection }) => `connection:${connection}`,
  input: z.strictObject({ ...routeKey, connection: connectionName }),
  output: routeShape,
  async run(input, context) {
    const { store, connections, principal } = context;
    const { connection, purpose } = input;
    const provider = findProvider(input.provider, context);
    await checkWorkflow(input.workflow, context);
    if (input.workflow === undefined && input.service === undefined)
      throw new Refusal(
        422,
        'For nothing',
        'A route is for a workflow, for a service, or for both. Name one.',
      );
    if (purpose !== undefined && provider.name !== 'pagerduty')
      throw new Refusal(
        422,
        'No such purpose',
        `Change events go to PagerDuty, and not to ${provider.title}.`,
      );
    if (connection !== defaultConnection) {
      const found = await findConnection(connection, context);
      if (found.provider !== provider.name)
        throw new Refusal(
          422,
          'Of another provider',
          `The connection ${connection} is one of ${found.provider}.`,
        );
      if (purpose !== undefined) checkChangeEvents(connection, found.values ?? {});
    } else if (purpose !== undefined) checkOwnChangeEvents(context.ownValues());
    const route = { ...keyOf(input), connection };
    const entry = entryAbout('route.set', connection, { route }, context);
    if (!(await store.setRoute(route, actorOf(principal), entry)))
      throw new Refusal(409, 'Too many', 'There are as many routes as there may be. Remove one.');
    await connections.look();
    return route;
  },
});

export const removeRoute = defineOperation({
  name: 'routes.remove',
  kind: 'change',
  writesOwnLine: true,
  right: 'connections.change',
  route: 'DELETE /routes',
  summary: 'Removes a route. New runs then use a wider route, else default',
  input: z.strictObject(routeKey),
  output: routeShape,
  async run(input, context) {
    const { store, connections } = context;
    const key = keyOf(input);
    const route = (await connections.look()).routes.find((each) => routeWords(each) === routeWords(key));
    const entry = entryAbout(
      'route.removed',
      route?.connection ?? defaultConnection,
      { route: key },
      context,
    );
    if (!route || !(await store.removeRoute(key, entry)))
      throw new Refusal(
        404,
        'No such route',
        `There is no such route: ${routeWords(key)}. routes.list tells those there are.`,
      );
    await connections.look();
    return route;
  },
});
