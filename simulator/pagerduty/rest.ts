import type { Express, NextFunction, Request, Response } from 'express';
import { z } from 'zod';
import type { WebhookSender } from '../pagerduty-webhooks.ts';
import type { Act } from '../simulator.ts';
import type { Account } from './account.ts';
import { parseBody } from './events.ts';
import { rightsOf } from './identity.ts';
import { mountLists } from './lists.ts';
import { mountOtherIncidents } from './other-incidents.ts';
import { invalid, page, queryOf } from './page.ts';
import type { Past } from './past.ts';
import { RestError } from './rest-error.ts';
import { mountServices } from './services.ts';
import { mountSubscriptions } from './subscriptions.ts';
import { updateFields, updateIncident } from './update.ts';
import { byId, type Incident, type MaintenanceWindow, newId, type User } from './world.ts';

const maxNotes = 2000;

/** `/users/me` needs none. */
function scopeOf({ method, path }: Request): string | undefined {
  const [, first = ''] = path.split('/');
  const resource = { log_entries: 'incidents', maintenance_windows: 'services' }[first] ?? first;
  return path === '/users/me' ? undefined : `${resource}.${method === 'GET' ? 'read' : 'write'}`;
}

const notFound = () => new RestError(404, 2100, 'Not Found');

const newIncident = z.object({
  incident: z.object({
    type: z.literal('incident'),
    title: z.string().min(1),
    service: z.object({ id: z.string() }),
    urgency: z.enum(['high', 'low']).default('high'),
    incident_key: z.string().optional(),
    priority: z.object({ id: z.string() }).nullish(),
  }),
});
const newSnooze = z.object({ duration: z.int().min(1).max(604_800) });
/** Subject and text of an e-mail of its own, or neither. */
const newStatusUpdate = z
  .object({
    message: z.string().min(1),
    subject: z.string().optional(),
    html_message: z.string().optional(),
  })
  .refine(
    ({ subject, html_message: html }) => (subject === undefined) === (html === undefined),
    'subject and html_message go together',
  );
const newNote = z.object({ note: z.object({ content: z.string().min(1) }) });
const responderRequest = z.object({
  requester_id: z.string(),
  message: z.string(),
  responder_request_targets: z
    .array(z.object({ responder_request_target: z.object({ id: z.string(), type: z.string() }) }))
    .min(1),
});

/** The REST API, as far as Baton uses it. `past`: what was before the first start, if anything. */
export function mountRest(
  app: Express,
  account: Account,
  act: Act,
  { past, webhooks }: { past: () => Past | undefined; webhooks: Pick<WebhookSender, 'sendTo'> },
): void {
  const { world, shape } = account;

  app.use((request, _, next) => {
    const rights = rightsOf(request, world);
    if (!rights) throw new RestError(401, 2006, 'Authentication failed');
    const scope = scopeOf(request);
    if (rights.scopes && scope !== undefined && !rights.scopes.includes(scope))
      throw new RestError(403, 2010, 'Access Denied', [`The token lacks the scope ${scope}`]);
    next();
  });

  const incidentOf = (request: Request): Incident => {
    const { id } = request.params;
    const found = world.incidents.find((each) => each.id === id || `${each.number}` === id);
    if (!found) throw notFound();
    return found;
  };
  const body = <Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> => {
    const parsed = schema.safeParse(parseBody(request));
    if (!parsed.success)
      throw invalid(...parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
    return parsed.data;
  };
  /** The user whose e-mail is in `From`; an account's key needs one for every write. */
  const requester = (request: Request): User => {
    const { from } = request.headers;
    if (!from) throw new RestError(400, 2011, 'You must specify a requester_id to perform this action');
    const user = world.users.find(({ email }) => email.toLowerCase() === from.toLowerCase());
    if (!user) throw new RestError(400, 1008, 'Requester User Not Found');
    return user;
  };
  mountLists(app, account, { incidentOf, past });

  app.get('/incidents/:id', (request, response) => {
    const incident = shape.incident(incidentOf(request), queryOf(request).getAll('include[]'));
    response.json({ incident });
  });

  app.post('/incidents', (request, response) => {
    const user = requester(request);
    const { incident: wanted } = body(request, newIncident);
    const service = byId(world.services, wanted.service.id);
    if (!service) throw new RestError(404, 5002, 'Service Not Found');
    const key = wanted.incident_key ?? newId('', 32).toLowerCase();
    const isOpen = (it: Incident) =>
      it.key === key && it.serviceId === service.id && it.status !== 'resolved';
    if (world.incidents.some(isOpen))
      throw invalid('Open incident already exists on this service with incident_key');
    const incident = account.createIncident({
      title: wanted.title,
      service,
      urgency: wanted.urgency,
      key,
      priorityId: wanted.priority?.id ?? null,
      by: { type: 'user', id: user.id },
    });
    act({ effect: 'incident created', target: incident.id, key, by: user.email });
    response.status(201).json({ incident: shape.incident(incident) });
  });

  app.put('/incidents/:id', (request, response) => {
    const user = requester(request);
    const incident = incidentOf(request);
    const { incident: fields } = body(request, z.object({ incident: updateFields }));
    for (const effect of updateIncident(account, incident, fields, { type: 'user', id: user.id }))
      act({ ...effect, target: incident.id, by: user.email });
    response.json({ incident: shape.incident(incident) });
  });

  app.post('/incidents/:id/snooze', (request, response) => {
    const user = requester(request);
    const incident = incidentOf(request);
    const { duration } = body(request, newSnooze);
    if (incident.status !== 'acknowledged') throw new RestError(400, 1012, 'Incident is not Acknowledged');
    account.snooze(incident, duration, { type: 'user', id: user.id });
    act({ effect: 'incident snoozed', target: incident.id, by: user.email, detail: { duration } });
    response.status(201).json({ incident: shape.incident(incident) });
  });

  app.get('/incidents/:id/alerts', (request, response) => {
    const incident = incidentOf(request);
    const statuses = queryOf(request).getAll('statuses[]');
    const alerts = world.alerts
      .filter(
        ({ incidentId, status }) => incidentId === incident.id && (!statuses[0] || statuses.includes(status)),
      )
      .map(shape.alert);
    page(request, response, 'alerts', alerts);
  });

  const noteShape = (note: { id: string; userId: string; content: string; at: string }) => ({
    id: note.id,
    user: shape.userReference(note.userId),
    channel: { summary: 'The PagerDuty website or APIs' },
    content: note.content,
    created_at: note.at,
    updated_at: note.at,
  });
  const notesOf = (incident: Incident) => world.notes.filter(({ incidentId }) => incidentId === incident.id);

  app.get('/incidents/:id/notes', (request, response) => {
    response.json({ notes: notesOf(incidentOf(request)).map(noteShape) });
  });

  app.post('/incidents/:id/notes', (request, response) => {
    const user = requester(request);
    const incident = incidentOf(request);
    const { note } = body(request, newNote);
    if (notesOf(incident).length >= maxNotes) throw invalid('Incident has reached its limit of notes');
    const made = account.annotate(incident, note.content, user.id);
    act({ effect: 'note added', target: incident.id, by: user.email, detail: { content: note.content } });
    response.json({ note: noteShape(made) });
  });

  app.post('/incidents/:id/status_updates', (request, response) => {
    const user = requester(request);
    const incident = incidentOf(request);
    const { message } = body(request, newStatusUpdate);
    const { id, at } = account.publishStatusUpdate(incident, message, user.id);
    const detail = { message };
    act({ effect: 'status update published', target: incident.id, by: user.email, detail });
    const sender = shape.userReference(user.id);
    response.json({ status_update: { id, message, sender, created_at: at } });
  });

  app.post('/incidents/:id/responder_requests', (request, response) => {
    const incident = incidentOf(request);
    if (!world.abilities.includes('coordinated_responding'))
      throw new RestError(402, 2014, 'Account does not have the coordinated_responding ability');
    const wanted = body(request, responderRequest);
    const requesterUser = byId(world.users, wanted.requester_id);
    if (!requesterUser) throw new RestError(400, 1008, 'Requester User Not Found');
    const targets = wanted.responder_request_targets.map((each) => each.responder_request_target);
    const known = ({ id }: { id: string }) => byId(world.users, id) ?? byId(world.policies, id);
    if (!targets.every(known)) throw invalid('Responder request target not found');
    const { requester_id: requesterId, message } = wanted;
    const made = account.requestResponders(incident, { requesterId, message, targets });
    const detail = { message, targets };
    act({ effect: 'responders requested', target: incident.id, by: requesterUser.email, detail });
    response.json({
      responder_request: {
        id: made.id,
        message,
        requester: shape.userReference(requesterId),
        requested_at: made.at,
      },
    });
  });

  const changesOf = (serviceId: string) =>
    world.changeEvents.filter((event) => event.serviceId === serviceId).toReversed();

  app.get('/incidents/:id/related_change_events', (request, response) => {
    const limit = Number(queryOf(request).get('limit') ?? 25);
    const changes = changesOf(incidentOf(request).serviceId).slice(0, limit);
    const correlation_reason = { reason: 'most_recent' };
    response.json({ change_events: changes.map((it) => ({ ...shape.changeEvent(it), correlation_reason })) });
  });

  mountOtherIncidents(app, account, incidentOf);

  app.get('/services/:id/change_events', (request, response) => {
    const service = byId(world.services, request.params.id);
    if (!service) throw notFound();
    const since = queryOf(request).get('since');
    if (since !== null && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(since))
      throw invalid('since must be in UTC');
    const after = since === null ? 0 : Date.parse(since);
    const found = changesOf(service.id).filter(({ timestamp }) => Date.parse(timestamp) >= after);
    page(request, response, 'change_events', found.map(shape.changeEvent));
  });

  mountSubscriptions(app, { world, act, webhooks, body, page });

  app.get('/users', (request, response) => {
    const part = (queryOf(request).get('query') ?? '').toLowerCase();
    const teams = queryOf(request).getAll('team_ids[]');
    const isAsked = ({ teamIds = [] }: User) =>
      teams.length === 0 || teamIds.some((id) => teams.includes(id));
    const found = world.users.filter(
      (user) => isAsked(user) && `${user.name}\n${user.email}`.toLowerCase().includes(part),
    );
    page(
      request,
      response,
      'users',
      found.map(({ id }) => shape.user(id)),
    );
  });
  app.get('/users/me', (request, response) => {
    const userId = rightsOf(request, world)?.userId;
    if (userId === undefined)
      throw invalid('This endpoint needs the key of a user, and this is one of the account');
    response.json({ user: shape.user(userId) });
  });
  app.get('/users/:id', (request, response) => {
    if (!byId(world.users, request.params.id)) throw notFound();
    response.json({ user: shape.user(request.params.id) });
  });

  app.get('/oncalls', (request, response) => {
    const asked = queryOf(request);
    const wants = (name: string, id: string) => !asked.has(name) || asked.getAll(name).includes(id);
    const whole = asked.getAll('include[]').includes('users');
    const at = Date.parse(asked.get('since') ?? '') || Date.now();
    // Nobody here is on call by a schedule.
    const policies = asked.has('schedule_ids[]') ? [] : world.policies;
    const oncalls = policies
      .filter(({ id }) => wants('escalation_policy_ids[]', id))
      .flatMap(({ id: policyId, levels, nextShift }) =>
        (nextShift && at >= Date.parse(nextShift.from) ? nextShift.levels : levels).flatMap(
          (userIds, index) =>
            userIds
              .filter((id) => wants('user_ids[]', id))
              .map((id) => ({
                user: whole ? shape.user(id) : shape.userReference(id),
                schedule: null,
                escalation_policy: shape.policyReference(policyId),
                escalation_level: index + 1,
                start: null,
                end: null,
              })),
        ),
      );
    page(request, response, 'oncalls', oncalls);
  });

  mountServices(app, account, act, body);
  app.get('/maintenance_windows', (request, response) => {
    const services = queryOf(request).getAll('service_ids[]');
    const filter = queryOf(request).get('filter');
    const now = Date.now();
    const isWanted = ({ serviceIds, start, end }: MaintenanceWindow) =>
      (services.length === 0 || serviceIds.some((id) => services.includes(id))) &&
      (filter !== 'ongoing' || (Date.parse(start) <= now && Date.parse(end) > now));
    const found = (world.maintenance ?? []).filter(isWanted).map(shape.maintenanceWindow);
    page(request, response, 'maintenance_windows', found);
  });
  app.get('/priorities', (request, response) => {
    page(
      request,
      response,
      'priorities',
      world.priorities.map(({ id }) => shape.priority(id)),
    );
  });
  app.get('/abilities', (_, response) => void response.json({ abilities: world.abilities }));

  app.use(() => {
    throw notFound();
  });
  app.use((error: unknown, _: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof RestError)) return next(error);
    const { status, code, message, errors } = error;
    response.status(status).json({ error: { message, code, ...(errors.length > 0 ? { errors } : {}) } });
  });
}
