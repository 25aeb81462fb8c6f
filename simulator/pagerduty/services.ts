import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import { newSecret } from '../secret.ts';
import type { Act } from '../simulator.ts';
import type { Account } from './account.ts';
import { invalid, page, queryOf } from './page.ts';
import { RestError } from './rest-error.ts';
import { byId, newId, type Service } from './world.ts';

const newService = z.object({
  service: z.object({
    type: z.literal('service'),
    name: z.string().min(1),
    description: z.string().nullish(),
    escalation_policy: z.object({ id: z.string(), type: z.literal('escalation_policy_reference') }),
    alert_creation: z.literal('create_alerts_and_incidents').optional(),
  }),
});
const newIntegration = z.object({
  integration: z.object({ type: z.literal('events_api_v2_inbound_integration'), name: z.string().min(1) }),
});

const notFound = () => new RestError(404, 2100, 'Not Found');

/** Services with their integrations, escalation policies and teams. There is no way to delete an integration. */
export function mountServices(
  app: Express,
  { world, shape }: Account,
  act: Act,
  body: <Schema extends z.ZodType>(request: Request, schema: Schema) => z.output<Schema>,
): void {
  const included = (request: Request) => queryOf(request).getAll('include[]');
  const named = (request: Request) => {
    const part = (queryOf(request).get('query') ?? '').toLowerCase();
    return ({ name }: { name: string }) => name.toLowerCase().includes(part);
  };
  const serviceOf = ({ params }: Request): Service => {
    const found = byId(world.services, String(params.id));
    if (!found) throw notFound();
    return found;
  };

  app.get('/services', (request, response) => {
    const found = world.services.filter(named(request));
    page(request, response, 'services', found, ({ id }) => shape.service(id, included(request)));
  });
  app.get('/services/:id', (request, response) => {
    response.json({ service: shape.service(serviceOf(request).id, included(request)) });
  });
  app.post('/services', (request, response) => {
    const { name, description, escalation_policy } = body(request, newService).service;
    if (world.services.some((each) => each.name.toLowerCase() === name.toLowerCase()))
      throw invalid('Name has already been taken');
    if (!byId(world.policies, escalation_policy.id))
      throw new RestError(400, 1014, 'Escalation Policy Not Found');
    const made = {
      id: newId('P', 7),
      name,
      ...(description ? { description } : {}),
      policyId: escalation_policy.id,
      integrationId: '',
      routingKey: '',
    };
    world.services.push(made);
    act({ effect: 'service made', target: made.id, detail: { name } });
    response.status(201).json({ service: shape.service(made.id) });
  });
  app.delete('/services/:id', (request, response) => {
    const { id } = serviceOf(request);
    world.services = world.services.filter((each) => each.id !== id);
    act({ effect: 'service deleted', target: id });
    response.status(204).end();
  });

  app.post('/services/:id/integrations', (request, response) => {
    const service = serviceOf(request);
    const { name } = body(request, newIntegration).integration;
    const made = { id: newId('P', 7), name, routingKey: newSecret() };
    service.integrations = [...(service.integrations ?? []), made];
    act({ effect: 'integration made', target: made.id, detail: { name, service: service.id } });
    response.status(201).json({ integration: shape.integration(made) });
  });
  app.get('/services/:id/integrations/:integration', (request, response) => {
    const all = shape.integrationsOf(serviceOf(request));
    const found = all.find(({ id }) => id === request.params.integration);
    if (!found) throw notFound();
    response.json({ integration: found });
  });

  const showPolicies = (request: Request, response: Response) =>
    page(request, response, 'escalation_policies', world.policies.filter(named(request)), ({ id }) =>
      shape.policy(id),
    );
  app.get('/escalation_policies', showPolicies);
  app.get('/escalation_policies/:id', (request, response) => {
    if (!byId(world.policies, request.params.id)) throw notFound();
    response.json({ escalation_policy: shape.policy(request.params.id) });
  });
  app.get('/teams', (request, response) => {
    page(request, response, 'teams', (world.teams ?? []).filter(named(request)), ({ id }) => shape.team(id));
  });
  app.get('/teams/:id', (request, response) => {
    if (!byId(world.teams ?? [], request.params.id)) throw notFound();
    response.json({ team: shape.team(request.params.id) });
  });
}
