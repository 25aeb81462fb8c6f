import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { acknowledgePagerDutyIncident } from '../../../activities/pagerduty/acknowledge-incident.ts';
import { awaitPagerDutyAlert } from '../../../activities/pagerduty/await-alert.ts';
import type { PagerDuty } from '../../../activities/pagerduty/client.ts';
import { enablePagerDutyWebhookSubscription } from '../../../activities/pagerduty/enable-webhook-subscription.ts';
import { escalatePagerDutyIncident } from '../../../activities/pagerduty/escalate-incident.ts';
import { findPagerDutyService } from '../../../activities/pagerduty/find-service.ts';
import { findPagerDutyUser } from '../../../activities/pagerduty/find-user.ts';
import { listPagerDutyAlerts } from '../../../activities/pagerduty/list-alerts.ts';
import { listPagerDutyIncidents } from '../../../activities/pagerduty/list-incidents.ts';
import { listPagerDutyNotes } from '../../../activities/pagerduty/list-notes.ts';
import { listPagerDutyOnCalls } from '../../../activities/pagerduty/list-on-calls.ts';
import { listPagerDutyPastIncidents } from '../../../activities/pagerduty/list-past-incidents.ts';
import { listPagerDutyRelatedChanges } from '../../../activities/pagerduty/list-related-changes.ts';
import { listPagerDutyRelatedIncidents } from '../../../activities/pagerduty/list-related-incidents.ts';
import { listPagerDutyResponders } from '../../../activities/pagerduty/list-responders.ts';
import { listPagerDutyTeamMembers } from '../../../activities/pagerduty/list-team-members.ts';
import { listPagerDutyWebhookSubscriptions } from '../../../activities/pagerduty/list-webhook-subscriptions.ts';
import { readPagerDutyLog } from '../../../activities/pagerduty/log-entries.ts';
import { publishPagerDutyStatusUpdate } from '../../../activities/pagerduty/publish-status-update.ts';
import { raisePagerDutyAlert } from '../../../activities/pagerduty/raise-alert.ts';
import { readPagerDutyService } from '../../../activities/pagerduty/read-service.ts';
import { reassignPagerDutyIncident } from '../../../activities/pagerduty/reassign-incident.ts';
import { requestPagerDutyResponders } from '../../../activities/pagerduty/request-responders.ts';
import { resolvePagerDutyIncident } from '../../../activities/pagerduty/resolve-incident.ts';
import { sendPagerDutyChangeEvent } from '../../../activities/pagerduty/send-change-event.ts';
import { setPagerDutyIncidentBridge } from '../../../activities/pagerduty/set-bridge.ts';
import { setPagerDutyIncidentPriority } from '../../../activities/pagerduty/set-priority.ts';
import { setUpPagerDuty } from '../../../activities/pagerduty/set-up.ts';
import { setPagerDutyIncidentUrgency } from '../../../activities/pagerduty/set-urgency.ts';
import {
  acknowledgePagerDutyAlert,
  resolvePagerDutyAlert,
} from '../../../activities/pagerduty/settle-alert.ts';
import { snoozePagerDutyIncident } from '../../../activities/pagerduty/snooze-incident.ts';
import type { SetUpFound, SetUpGiven, SetUpItem } from '../../../domain/set-up.ts';
import { raiseIncident } from '../../../simulator/pagerduty.ts';
import { clientsFor } from '../../clients.ts';
import { startAccount } from './account.ts';

const folder = resolve(import.meta.dirname, '../../../../shared/reference/openapi');
const available = existsSync(folder);
if (!available) console.warn('Skipped: PagerDuty’s OpenAPI documents are not here to compare requests with.');

const parameter = z.object({ name: z.string(), in: z.string(), required: z.boolean().optional() });
const operation = z.object({
  parameters: z.array(parameter).default([]),
  requestBody: z
    .object({
      content: z.object({ 'application/json': z.object({ schema: z.record(z.string(), z.unknown()) }) }),
    })
    .optional(),
});
type Json = Record<string, unknown>;

/** Puts what `$ref` names in its place. Schemas that contain themselves end in "anything". */
function inlined(document: Json, value: unknown, open: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((each) => inlined(document, each, open));
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value && typeof value.$ref === 'string') {
    const { $ref } = value;
    if (open.includes($ref)) return {};
    const target = $ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => (at as Json)[key.replaceAll('~1', '/')], document);
    return inlined(document, target, [...open, $ref]);
  }
  const entries = Object.entries(value).filter(([name]) => name !== 'format' && name !== 'example');
  return Object.fromEntries(entries.map(([name, each]) => [name, inlined(document, each, open)]));
}

/** Finds the operation that a document declares for a call. */
function operations(file: string, base: string) {
  const document: Json = JSON.parse(readFileSync(resolve(folder, file), 'utf8'));
  const paths = Object.entries(document.paths as Record<string, Json>);
  return ({ method, path }: { method: string; path: string }) => {
    const { pathname } = new URL(path, 'http://pagerduty');
    const matching = paths.filter(([template]) =>
      new RegExp(`^${base}${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
    );
    // A literal path such as /incidents/types comes before one with an id.
    const [, item] =
      matching.toSorted(([one], [other]) => one.split('{').length - other.split('{').length)[0] ?? [];
    const declared = item?.[method.toLowerCase()];
    return declared === undefined ? undefined : operation.parse(inlined(document, declared));
  };
}

/** The form of an entry of the log. */
function logEntry() {
  const document: Json = JSON.parse(readFileSync(resolve(folder, 'pagerduty-rest-openapiv3.json'), 'utf8'));
  const schema = inlined(document, { $ref: '#/components/schemas/LogEntry' }) as Json;
  // The forms of a channel overlap, so that by the letter of `oneOf` none of them could be told.
  const anyOf = JSON.parse(JSON.stringify(schema).replaceAll('"oneOf":', '"anyOf":'));
  return z.fromJSONSchema(anyOf, { defaultTarget: 'openapi-3.0' });
}

/** All that setup and teardown ask for and make. */
async function useSetUp(client: PagerDuty) {
  const signal = AbortSignal.timeout(10_000);
  await setUpPagerDuty.account(client, {}, signal);
  const { prepare, steps, removal: removalOf, ping } = setUpPagerDuty;
  if (!prepare || !steps || !removalOf || !ping) throw new Error('It is no whole setup');
  const answers = {
    service: 'Payments',
    escalationPolicy: 'PEPCHEC',
    webhook: 'team',
    team: 'PTEAM01',
    from: 'ada@example.com',
  };
  await setUpPagerDuty.choices(client, { query: 'pay', answers }, signal);
  const address = 'https://baton.example.com/webhooks/pagerduty/eu';
  const given: SetUpGiven = { connection: 'eu', answers, values: {}, address, secret: async () => undefined };
  await prepare(client, given, { owner: undefined }, signal);
  const soFar: Record<string, SetUpFound> = {};
  const made: (SetUpItem & { id: string })[] = [];
  for (const stepAfter of steps(client, given)) {
    const step = stepAfter(soFar);
    const looked = await step?.look(undefined, signal);
    if (!step || !looked || 'there' in looked) throw new Error('It was there before it was made');
    const found = await looked.make(signal);
    soFar[step.kind] = found;
    made.push({ ...step, id: found.id, at: '', by: '' });
  }
  const [service, integration, webhooks] = made;
  if (!service || !integration || !webhooks) throw new Error('Not all was made');
  const again = steps(client, { ...given, values: { PAGERDUTY_WEBHOOK_SECRETS: 'known' } });
  for (const stepAfter of again)
    expect(await stepAfter(soFar)?.look(undefined, signal)).toHaveProperty('there');
  expect(await ping.leadingTo(client, given, signal)).toHaveLength(1);
  await ping.send(client, webhooks, signal);
  for (const item of [webhooks, service]) {
    const removal = removalOf(client, item);
    expect(await removal.inUse(made, signal)).toBeUndefined();
    await removal.remove(signal);
  }
}

describe.skipIf(!available)('the requests', () => {
  it('are as PagerDuty’s OpenAPI documents declare them', async () => {
    const { simulator, settings, run } = await startAccount({
      BATON_PUBLIC_URL: 'https://baton.example.com',
    });
    const incidentId = raiseIncident(simulator, { title: 'slow', service: 'Checkout' });
    const dedupKey = 'baton/run-1';
    const links = [{ href: 'https://example.com/log', text: 'log' }];
    await run(acknowledgePagerDutyIncident, { incidentId });
    await run(snoozePagerDutyIncident, { incidentId, minutes: 30 });
    await run(setPagerDutyIncidentBridge, { incidentId, url: 'https://meet.example.com/checkout' });
    await run(setPagerDutyIncidentPriority, { incidentId, priority: 'P2' });
    await run(setPagerDutyIncidentUrgency, { incidentId, urgency: 'low' });
    await run(findPagerDutyService, { service: 'Checkout' });
    await run(escalatePagerDutyIncident, { incidentId, level: 2 });
    await run(reassignPagerDutyIncident, { incidentId, userIds: ['PADALOP'] });
    await run(requestPagerDutyResponders, { incidentId, message: 'join', escalationPolicyIds: ['PEPCHEC'] });
    await run(requestPagerDutyResponders, { incidentId, message: 'join', userIds: ['PBENOKA'] });
    await run(listPagerDutyResponders, { incidentId });
    await run(listPagerDutyRelatedChanges, { incidentId });
    await run(listPagerDutyPastIncidents, { incidentId });
    await run(listPagerDutyRelatedIncidents, { incidentId });
    await run(listPagerDutyAlerts, { incidentId, statuses: ['triggered'] });
    await run(listPagerDutyNotes, { incidentId });
    simulator.world.subscriptions.push({
      id: 'PWEBHOO',
      url: 'http://127.0.0.1:1/',
      secret: 's',
      disabled: true,
    });
    await run(listPagerDutyWebhookSubscriptions, {});
    await run(enablePagerDutyWebhookSubscription, { subscriptionId: 'PWEBHOO' });
    await run(resolvePagerDutyIncident, { incidentId, evidence: 'healthy' });
    await run(listPagerDutyIncidents, {
      since: '2026-01-01T00:00:00Z',
      until: '2026-02-01T00:00:00Z',
      statuses: ['resolved'],
      serviceIds: ['PCHECKO'],
      userIds: ['PADALOP'],
      incidentKey: 'k',
    });
    const client = await clientsFor(settings).pagerduty('default');
    const times = { since: '2026-01-01T00:00:00Z', until: '2036-01-01T00:00:00Z' };
    const log = await readPagerDutyLog(
      client,
      { ...times, offset: 0, limit: 100 },
      AbortSignal.timeout(5_000),
    );
    expect(log.entries.length).toBeGreaterThan(5);
    // The document shows it without what was asked to be included.
    const incident = { id: incidentId, type: 'incident_reference' };
    // PagerDuty writes entries of a priority's change, which the document does not know.
    const declared = (log.entries as Json[]).filter(({ type }) => type !== 'priority_change_log_entry');
    for (const entry of declared) expect(logEntry().safeParse({ ...entry, incident }).error).toBeUndefined();
    await run(publishPagerDutyStatusUpdate, { incidentId, message: 'Nobody can pay' });
    const earlier = { number: 2, uncertainSince: new Date().toISOString() };
    await run(publishPagerDutyStatusUpdate, { incidentId, message: 'Nobody can pay' }, earlier);
    await run(listPagerDutyOnCalls, { escalationPolicyIds: ['PEPCHEC'], at: '2026-01-01T00:00:00Z' });
    await run(findPagerDutyUser, { email: 'ada@example.com' });
    await run(listPagerDutyTeamMembers, { teamId: 'PREPORT' });
    await run(readPagerDutyService, { serviceId: 'PCHECKO' });
    await run(raisePagerDutyAlert, {
      dedupKey,
      summary: 'failed',
      source: 'baton',
      severity: 'error',
      timestamp: '2026-01-01T00:00:00Z',
      component: 'worker',
      group: 'baton',
      class: 'run',
      details: { run: 1 },
      links,
      images: [{ src: 'https://example.com/graph.png' }],
    });
    await run(awaitPagerDutyAlert, { dedupKey, status: 'triggered' }, { looksOnce: true });
    await run(acknowledgePagerDutyAlert, { dedupKey });
    await run(resolvePagerDutyAlert, { dedupKey });
    const change = { summary: 'restarted', source: 'baton', details: {}, links, serviceId: 'PCHECKO' };
    await run(sendPagerDutyChangeEvent, change);
    await run(sendPagerDutyChangeEvent, change, { number: 2 });
    await run(sendPagerDutyChangeEvent, { summary: 'restarted', toService: 'PSEARCH' });

    simulator.world.teams = [{ id: 'PTEAM01', name: 'Payments' }];
    await useSetUp(client);

    const rest = operations('pagerduty-rest-openapiv3.json', '');
    const events = operations('pagerduty-events-v2-openapiv3.json', '/events/v2');
    expect(simulator.calls.length).toBeGreaterThan(20);
    for (const call of simulator.calls) {
      const what = `${call.method} ${call.path}`;
      const declared = call.path.startsWith('/events') ? events(call) : rest(call);
      if (!declared) throw new Error(`PagerDuty declares no ${what}`);
      const named = (place: string) => declared.parameters.filter((each) => each.in === place);
      for (const { name, required } of named('header'))
        if (required) expect(call.headers, what).toHaveProperty([name.toLowerCase()]);
      const asked = new URL(call.path, 'http://pagerduty').searchParams;
      expect(
        named('query').map(({ name }) => name),
        what,
      ).toEqual(expect.arrayContaining([...asked.keys()]));
      if (!declared.requestBody) continue;
      const schema = declared.requestBody.content['application/json'].schema;
      const body = z
        .fromJSONSchema(schema, { defaultTarget: 'openapi-3.0' })
        .safeParse(JSON.parse(call.body));
      expect(body.error, `${what} ${call.body}`).toBeUndefined();
    }
  });
});
