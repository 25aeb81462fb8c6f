import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import type { Act } from '../simulator.ts';
import type { Account } from './account.ts';
import { type Agent, byId, newId } from './world.ts';

const links = z.array(z.object({ href: z.string(), text: z.string().optional() })).default([]);
const alertPayload = z.object({
  summary: z.string().min(1).max(1024),
  source: z.string().min(1),
  severity: z.enum(['critical', 'error', 'warning', 'info']),
  timestamp: z.string().optional(),
  custom_details: z.unknown().optional(),
});
const alertEvent = z.discriminatedUnion('event_action', [
  z.object({
    event_action: z.literal('trigger'),
    dedup_key: z.string().max(255).optional(),
    payload: alertPayload,
    links,
  }),
  z.object({ event_action: z.enum(['acknowledge', 'resolve']), dedup_key: z.string().min(1).max(255) }),
]);
const changeEvent = z.object({
  payload: z.object({
    summary: z.string().min(1).max(1024),
    source: z.string().optional(),
    timestamp: z.string().optional(),
    custom_details: z.record(z.string(), z.unknown()).default({}),
  }),
  links,
});

const invalid = (response: Response, errors: string[]) =>
  void response.status(400).json({ status: 'invalid event', message: 'Event object is invalid', errors });

/** The Events API: it takes events in (202) and says nothing of what becomes of them. */
export function mountEvents(app: Express, { world, ...account }: Account, act: Act): void {
  /** The body as JSON and the service of its routing key; undefined once it is answered. */
  function read(request: Request, response: Response) {
    const body = parseBody(request);
    if (body === undefined) {
      const errors = ['JSON parse error'];
      const message = 'Event object format is unrecognized';
      return void response.status(400).json({ status: 'Unrecognized object', message, errors });
    }
    const { routing_key: key } = z.object({ routing_key: z.string() }).safeParse(body).data ?? {};
    if (key?.length !== 32)
      return invalid(response, ["Length of 'routing_key' is incorrect (should be 32 characters)"]);
    if (!/^[0-9a-z]+$/i.test(key))
      return invalid(response, ["'routing_key' cannot contain non-alphanumeric characters."]);
    const service = world.services.find(
      ({ routingKey, integrations = [] }) =>
        routingKey === key || integrations.some((each) => each.routingKey === key),
    );
    if (service?.disabled || (!service && world.takesUnknownKeys)) {
      const { dedup_key = newId('', 32).toLowerCase() } = body as { dedup_key?: string };
      return void response.status(202).json({ status: 'success', message: 'Event processed', dedup_key });
    }
    if (!service) return void response.status(400).type('text/plain').send('Invalid routing key');
    return { body, service };
  }

  app.post('/events/v2/enqueue', (request, response) => {
    const known = read(request, response);
    if (!known) return;
    const parsed = alertEvent.safeParse(known.body);
    if (!parsed.success) return invalid(response, messages(parsed.error));
    const event = parsed.data;
    const key = event.dedup_key ?? newId('', 32).toLowerCase();
    const by: Agent = { type: 'service', id: known.service.id };
    const open = world.alerts.find(
      (alert) => alert.serviceId === known.service.id && alert.key === key && alert.status === 'triggered',
    );
    const incident = open && byId(world.incidents, open.incidentId);

    if (event.event_action === 'trigger') {
      const { summary, severity, custom_details: details = {} } = event.payload;
      if (incident) account.logOnly(incident, 'trigger', by);
      else {
        const urgency = severity === 'critical' || severity === 'error' ? 'high' : 'low';
        const made = account.createIncidentWithAlert(
          { title: summary, service: known.service, urgency, key, priorityId: null, by },
          { key, severity, summary, details, links: event.links },
        );
        act({ effect: 'alert raised', target: made.id, key, detail: { summary, severity } });
      }
    } else if (incident && event.event_action === 'acknowledge') {
      if (account.acknowledge(incident, by)) act({ effect: 'alert acknowledged', target: incident.id, key });
    } else if (open && incident) {
      open.status = 'resolved';
      const others = world.alerts.filter(({ incidentId }) => incidentId === incident.id);
      if (others.every(({ status }) => status === 'resolved')) account.resolve(incident, by);
      act({ effect: 'alert resolved', target: incident.id, key });
    }
    response.status(202).json({ status: 'success', message: 'Event processed', dedup_key: key });
  });

  app.post('/events/v2/change/enqueue', (request, response) => {
    const known = read(request, response);
    if (!known) return;
    const parsed = changeEvent.safeParse(known.body);
    if (!parsed.success) return invalid(response, messages(parsed.error));
    const { summary, source = null, timestamp, custom_details: details } = parsed.data.payload;
    account.addChangeEvent({
      serviceId: known.service.id,
      summary,
      source,
      timestamp: timestamp ?? new Date().toISOString(),
      details,
      links: parsed.data.links,
    });
    act({ effect: 'change event added', target: known.service.id, detail: { summary, details } });
    response.status(202).json({ status: 'success', message: 'Change event processed' });
  });
}

export function parseBody(request: Request): unknown {
  try {
    return JSON.parse(String(request.body));
  } catch {
    return undefined;
  }
}

const messages = (error: z.ZodError) =>
  error.issues.map(({ path, message }) => `'${path.join('.')}' ${message}`);
