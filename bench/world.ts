import {
  type PagerDutySimulator,
  pagerDutyEnvironment,
  raiseIncident,
  startPagerDuty,
} from '../simulator/pagerduty.ts';
import { pagerDutyWebhook } from '../simulator/pagerduty-webhooks.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { type SlackWorld, slackEnvironment, slackSimulation } from '../simulator/slack.ts';
import { now, type Webhook } from './load.ts';

/** The providers of the benchmark, and what reached them. They send no webhooks: both sides get only ours. */
export interface BenchWorld {
  env: Record<string, string>;
  channelId: string;
  /** New incidents, with the webhook that tells of each. */
  raise(count: number): Webhook[];
  /** The next message is refused once, as by a provider that is overloaded. */
  refuseNext(): void;
  /** Resolves with the time of the acknowledgement, which is the last call of a flow. */
  acknowledged(incidentId: string): Promise<number>;
  /** Messages and acknowledgements by incident: how often each was made. */
  effects(): { posted: Map<string, number>; acknowledged: Map<string, number> };
  close(): Promise<void>;
}

export async function startBenchWorld(): Promise<BenchWorld> {
  const pagerDuty = await startPagerDuty();
  const slack = await startSimulator(slackSimulation());
  const env = { ...pagerDutyEnvironment(pagerDuty.url), ...slackEnvironment(slack.url) };
  const channelId = await createChannel(slack, env.SLACK_BOT_TOKEN ?? '');
  const waiting = new Map<string, (at: number) => void>();
  const times = new Map<string, number>();
  watchLedger(pagerDuty, waiting, times);
  return {
    env,
    channelId,
    raise: (count) =>
      Array.from({ length: count }, () => webhookFor(pagerDuty, env.PAGERDUTY_WEBHOOK_SECRETS ?? '')),
    refuseNext: () => slack.fail({ kind: 'status', status: 503, match: '/api/chat.postMessage', times: 1 }),
    acknowledged: (incidentId) => {
      const at = times.get(incidentId);
      return at === undefined
        ? new Promise((resolve) => waiting.set(incidentId, resolve))
        : Promise.resolve(at);
    },
    effects: () => ({ posted: countPosts(slack), acknowledged: countAcknowledgements(pagerDuty) }),
    async close() {
      await Promise.all([pagerDuty.close(), slack.close()]);
    },
  };
}

async function createChannel(slack: Simulator<SlackWorld>, token: string): Promise<string> {
  const answer = await fetch(`${slack.url}/api/conversations.create`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'name=bench',
  });
  const { channel } = (await answer.json()) as { channel: { id: string } };
  return channel.id;
}

/** The moment of the effect, told by the ledger itself: polling it would cost the sides a core. */
function watchLedger(
  { ledger }: PagerDutySimulator,
  waiting: Map<string, (at: number) => void>,
  times: Map<string, number>,
): void {
  const push = ledger.push.bind(ledger);
  ledger.push = (...effects) => {
    for (const { effect, target } of effects) {
      if (effect !== acknowledgement || times.has(target)) continue;
      times.set(target, now());
      waiting.get(target)?.(now());
    }
    return push(...effects);
  };
}

const acknowledgement = 'incident acknowledged';

function webhookFor(pagerDuty: PagerDutySimulator, secret: string): Webhook {
  const title = 'Checkout p99 latency above 2 s';
  const id = raiseIncident(pagerDuty, { title, service: 'Checkout' });
  const incident = {
    id,
    type: 'incident',
    number: 1,
    status: 'triggered',
    title,
    urgency: 'high',
    service: { id: 'PCHECKO', summary: 'Checkout', type: 'service_reference' },
    assignees: [],
    teams: [],
    priority: null,
  };
  const { headers, body } = pagerDutyWebhook(secret, {
    id: `BENCH${id}`,
    event_type: 'incident.triggered',
    resource_type: 'incident',
    occurred_at: new Date().toISOString(),
    agent: null,
    client: null,
    data: incident,
  });
  return { incidentId: id, headers, body: Buffer.from(body) };
}

function countPosts({ ledger }: Simulator<SlackWorld>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { effect, detail } of ledger) {
    const id = /\b(Q[0-9A-Z]{13})\b/.exec(JSON.stringify(detail ?? ''))?.[1];
    if (effect === 'message posted' && id) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function countAcknowledgements({ ledger }: PagerDutySimulator): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { effect, target } of ledger)
    if (effect === acknowledgement) counts.set(target, (counts.get(target) ?? 0) + 1);
  return counts;
}
