import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { Event } from '../../domain/event.ts';
import { defaultConnection } from '../../domain/subject.ts';
import type { Format } from '../../server/http/format.ts';
import { argoCd } from '../../server/http/formats/argo-cd.ts';
import { github } from '../../server/http/formats/github.ts';
import { json } from '../../server/http/formats/json.ts';
import { alertmanager, grafana } from '../../server/http/formats/monitor-alerts.ts';

type HttpType =
  | `${'alertmanager' | 'grafana'}.alert.${'firing' | 'resolved'}`
  | 'github.deployment_status'
  | 'github.workflow_run'
  | 'argocd.application'
  | 'http.deployment'
  | 'http.monitor';

/** What a sender of this type sends, and the format by which it is read. */
export function httpExample(
  type: HttpType,
  at: Date,
): { event: Event; path: string; body: string; headers(secret: string): Record<string, string> } {
  const { format, sent } = senders[type](at);
  // Events of a team's own sources have the name of theirs.
  const connection = type.startsWith('http.') ? type.slice('http.'.length) : defaultConnection;
  const body = JSON.stringify(sent);
  const id = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  const by = { connection, receivedAt: at.toISOString(), id };
  const [read] = format.read(sent, by);
  if (!read || 'unreadable' in read) throw new Error(`An example cannot be read: ${read?.unreadable}`);
  return {
    event: read.event,
    path: `/webhooks/http/${connection}`,
    body,
    headers: (secret) => signed(body, secret),
  };
}

const senders: Record<HttpType, (at: Date) => { format: Format; sent: object }> = {
  'alertmanager.alert.firing': (at) => ({ format: alertmanager, sent: alerts('firing', at) }),
  'alertmanager.alert.resolved': (at) => ({ format: alertmanager, sent: alerts('resolved', at) }),
  'grafana.alert.firing': (at) => ({ format: grafana, sent: alerts('firing', at) }),
  'grafana.alert.resolved': (at) => ({ format: grafana, sent: alerts('resolved', at) }),
  'github.deployment_status': (at) => ({ format: github, sent: deployment(at) }),
  'github.workflow_run': (at) => ({ format: github, sent: workflowRun(at) }),
  'argocd.application': (at) => ({ format: argoCd, sent: application(at) }),
  'http.deployment': (at) => ({ format: json, sent: finished(at) }),
  'http.monitor': (at) => ({ format: json, sent: measured(at) }),
};

const number = () => Math.floor(Math.random() * 1e9);

const alerts = (status: 'firing' | 'resolved', at: Date) => ({
  version: '4',
  status,
  receiver: 'baton',
  groupLabels: { alertname: 'CheckoutErrorRate' },
  externalURL: 'https://alertmanager.example.com',
  alerts: [
    {
      status,
      labels: { alertname: 'CheckoutErrorRate', service: 'checkout', severity: 'critical' },
      annotations: { summary: '6 % of the orders fail' },
      startsAt: at.toISOString(),
      endsAt: status === 'resolved' ? at.toISOString() : '0001-01-01T00:00:00Z',
      generatorURL: 'https://prometheus.example.com/graph?g0.expr=checkout_errors',
      fingerprint: randomUUID().replaceAll('-', '').slice(0, 16),
    },
  ],
});

const repository = { full_name: 'acme/shop' };
const sha = '1f4c2a9d0b7e6f5a4c3b2a19181716151413121f';

const deployment = (at: Date) => ({
  action: 'created',
  deployment_status: {
    id: number(),
    state: 'failure',
    description: 'The smoke test failed',
    environment: 'production',
    log_url: 'https://github.com/acme/shop/actions/runs/1001',
    created_at: at.toISOString(),
    creator: { login: 'ada-lopez' },
  },
  deployment: { id: number(), sha, ref: 'main', environment: 'production' },
  repository,
});

const workflowRun = (at: Date) => {
  const id = number();
  return {
    action: 'completed',
    workflow_run: {
      id,
      run_attempt: 1,
      name: 'Nightly load test',
      status: 'completed',
      conclusion: 'failure',
      head_branch: 'main',
      head_sha: sha,
      event: 'schedule',
      html_url: `https://github.com/acme/shop/actions/runs/${id}`,
      updated_at: at.toISOString(),
      actor: { login: 'ada-lopez' },
    },
    repository,
  };
};

const application = (at: Date) => ({
  application: 'checkout',
  project: 'shop',
  phase: 'Failed',
  sync: 'OutOfSync',
  health: 'Degraded',
  revision: sha,
  message: 'one or more objects failed to apply',
  url: 'https://argocd.example.com/applications/checkout',
  at: at.toISOString(),
});

const finished = (at: Date) => ({
  service: 'search',
  stage: 'production',
  result: 'failed',
  commit: sha,
  url: 'https://ci.example.com/builds/1001',
  output: 'The smoke test failed',
  at: at.toISOString(),
});

const measured = (at: Date) => ({
  subject: 'orders',
  target: 'eu',
  value: 96,
  url: 'https://graphs.example.com/d/orders',
  at: at.toISOString(),
});

/** As Standard Webhooks has it, with an id and a time of its own. https://www.standardwebhooks.com */
function signed(body: string, secret: string): Record<string, string> {
  const id = `msg_${randomUUID()}`;
  const seconds = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature}`,
  };
}
