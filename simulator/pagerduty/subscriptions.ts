import type { Express, Request, Response } from 'express';
import type { Subscription } from '../pagerduty-webhooks.ts';
import type { Act } from '../simulator.ts';
import { RestError } from './rest-error.ts';
import { newId, type PagerDutyWorld } from './world.ts';

interface Options {
  world: PagerDutyWorld;
  act: Act;
  page(
    request: Request,
    response: Response,
    name: string,
    items: readonly Subscription[],
    show: (item: Subscription) => unknown,
  ): void;
}

/** Where webhooks go, and what has become of that. */
export function mountSubscriptions(app: Express, { world, act, page }: Options): void {
  const show = (subscription: Subscription) => {
    subscription.id ??= newId('P', 7);
    const { id, url, disabled = false, active = true } = subscription;
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
      description: null,
      events: ['incident.triggered'],
      filter: { type: 'account_reference' },
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
  app.post('/webhook_subscriptions/:id/enable', (request, response) => {
    const subscription = find(request);
    if (subscription.disabled) {
      Object.assign(subscription, { disabled: false, droppedInARow: 0 });
      act({ effect: 'webhook subscription enabled', target: subscription.id ?? '' });
    }
    response.json({ webhook_subscription: show(subscription) });
  });
}
