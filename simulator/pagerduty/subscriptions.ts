import { randomBytes } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import { eventId, type Subscription, type WebhookSender } from '../pagerduty-webhooks.ts';
import type { Act } from '../simulator.ts';
import { RestError } from './rest-error.ts';
import { newId, type PagerDutyWorld } from './world.ts';

const newSubscription = z.object({
  webhook_subscription: z.object({
    type: z.literal('webhook_subscription'),
    description: z.string().optional(),
    active: z.boolean().default(true),
    events: z.array(z.string()).min(1),
    filter: z.discriminatedUnion('type', [
      z.object({ type: z.literal('account_reference'), id: z.undefined().optional() }),
      z.object({ type: z.enum(['service_reference', 'team_reference']), id: z.string() }),
    ]),
    delivery_method: z.object({ type: z.literal('http_delivery_method'), url: z.url() }),
  }),
});

/** As many characters as PagerDuty's have. */
const newWebhookSecret = () => randomBytes(48).toString('base64');

interface Options {
  world: PagerDutyWorld;
  act: Act;
  webhooks: Pick<WebhookSender, 'sendTo'>;
  /** The body of a request, or a 400. */
  body<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema>;
  page(
    request: Request,
    response: Response,
    name: string,
    items: readonly Subscription[],
    show: (item: Subscription) => unknown,
  ): void;
}

/** Where webhooks go, and what has become of that. */
export function mountSubscriptions(app: Express, { world, act, webhooks, body, page }: Options): void {
  const show = (subscription: Subscription) => {
    subscription.id ??= newId('P', 7);
    const { id, url, disabled = false, active = true, description = null } = subscription;
    const { events = ['incident.triggered'], filter = { type: 'account_reference' } } = subscription;
    const delivery_method = {
      type: 'http_delivery_method',
      url,
      secret: null,
      temporarily_disabled: disabled,
      custom_headers: [],
    };
    return {
      id,
      type: 'webhook_subscription',
      active,
      description,
      events,
      filter,
      delivery_method,
    };
  };
  const find = ({ params }: Request) => {
    const found = world.subscriptions.find(({ id }) => id === params.id);
    if (!found) throw new RestError(404, 2100, 'Not Found');
    return found;
  };

  app.get('/webhook_subscriptions', (request, response) =>
    page(request, response, 'webhook_subscriptions', world.subscriptions, show),
  );
  app.get('/webhook_subscriptions/:id', (request, response) => {
    response.json({ webhook_subscription: show(find(request)) });
  });
  app.post('/webhook_subscriptions', (request, response) => {
    const { webhook_subscription: wanted } = body(request, newSubscription);
    const { description, active, events, filter, delivery_method } = wanted;
    const made: Subscription = {
      id: newId('P', 7),
      url: delivery_method.url,
      secret: newWebhookSecret(),
      active,
      events,
      filter,
      ...(description === undefined ? {} : { description }),
    };
    world.subscriptions.push(made);
    act({ effect: 'webhook subscription made', target: made.id ?? '' });
    const shown = show(made);
    // This once.
    const whole = { ...shown, delivery_method: { ...shown.delivery_method, secret: made.secret } };
    response.json({ webhook_subscription: whole });
  });
  app.delete('/webhook_subscriptions/:id', (request, response) => {
    const { id = '' } = find(request);
    world.subscriptions = world.subscriptions.filter((each) => each.id !== id);
    act({ effect: 'webhook subscription deleted', target: id });
    response.status(204).end();
  });
  app.post('/webhook_subscriptions/:id/ping', (request, response) => {
    const subscription = find(request);
    const at = new Date();
    const event = {
      id: eventId(at),
      event_type: 'pagey.ping',
      resource_type: 'pagey',
      occurred_at: at.toISOString(),
      agent: null,
      client: null,
      data: { message: 'Hello from your friend Pagey!', type: 'ping' },
    };
    act({ effect: 'webhook subscription pinged', target: subscription.id ?? '' });
    webhooks.sendTo(subscription, event, event.id);
    response.status(202).end();
  });
  app.post('/webhook_subscriptions/:id/enable', (request, response) => {
    const subscription = find(request);
    if (subscription.disabled) {
      Object.assign(subscription, { disabled: false, droppedInARow: 0 });
      act({ effect: 'webhook subscription enabled', target: subscription.id ?? '' });
    }
    response.json({ webhook_subscription: show(subscription) });
  });
}
