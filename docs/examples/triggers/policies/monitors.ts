import { monitorList } from '../../../../triggers/monitors.ts';

export const monitors = monitorList([
  // Told by a monitor: POST /webhooks/http/grafana
  { name: 'grafana', connection: 'shop', from: { source: 'grafana' }, normalFor: '5 minutes' },
  // Numbers that another system sends: POST /webhooks/http/orders
  {
    name: 'orders',
    connection: 'shop',
    from: { source: 'orders' },
    limits: { warning: 80, critical: 95, hysteresis: 5, for: '2 minutes' },
    normalFor: '10 minutes',
    whenAcknowledged: 'stop',
    links: [{ href: 'https://graphs.example.com/d/orders', text: 'Orders' }],
    images: [{ src: 'https://graphs.example.com/render/orders.png', alt: 'Orders' }],
  },
  // Read by Baton: two of the regions have to be bad.
  {
    name: 'latency',
    connection: 'shop',
    from: {
      every: '30 seconds',
      reads: [
        { target: 'shop', query: 'histogram_quantile(0.99, sum by (region, le) (rate(latency_bucket[5m])))' },
        { target: 'search', url: 'https://search.example.com/health.json', path: 'latency.p99' },
      ],
    },
    of: 2,
    limits: { warning: 1, critical: 3, hysteresis: 0.2 },
    normalFor: '5 minutes',
  },
]);
