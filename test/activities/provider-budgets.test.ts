import { describe, expect, it, onTestFinished } from 'vitest';
import { budgetOf } from '../../activities/budget.ts';
import { connectClients, environmentConnections } from '../../activities/clients.ts';
import { providers } from '../../activities/providers.ts';
import { pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { slackEnvironment, slackSimulation } from '../../simulator/slack.ts';
import { ownBudgets } from '../../store/changes/budgets.ts';

const { signal } = new AbortController();

/** What becomes of requests that are made at once: how many went through, and how long the others are told to wait. */
async function atOnce(count: number, request: () => Promise<unknown>) {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, request));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  return { through: count - refused.length, refused };
}

describe('requests beyond what PagerDuty takes in a minute', () => {
  it('are not made: they wait, over all workers that share a token', async () => {
    const simulator = await startPagerDuty();
    onTestFinished(() => simulator.close());
    const env = pagerDutyEnvironment(simulator.url);
    const shared = ownBudgets();
    const workers = await Promise.all(
      [1, 2].map(() =>
        connectClients(providers, environmentConnections(env), env, budgetOf(shared.leaseRequests)).pagerduty(
          'default',
        ),
      ),
    );
    const asked = workers.map((worker) =>
      atOnce(400, () => worker.get('/incidents', { limit: '1' }, signal)),
    );
    const outcomes = await Promise.all(asked);
    const through = outcomes.reduce((sum, each) => sum + each.through, 0);
    // What the bucket holds, and what runs in while they wait for a moment.
    expect(through).toBeGreaterThanOrEqual(384);
    expect(through).toBeLessThan(460);
    expect(simulator.calls.filter(({ path }) => path.startsWith('/incidents'))).toHaveLength(through);
    for (const { refused } of outcomes)
      for (const failure of refused)
        expect(failure).toMatchObject({
          type: 'RateLimited',
          nonRetryable: false,
          details: [{ effect: 'none' }],
        });
    expect(outcomes.flatMap(({ refused }) => refused).length).toBe(800 - through);
  });
});

describe('messages beyond what Slack takes in a channel', () => {
  it('wait, and hold up no other channel', async () => {
    const simulator = await startSimulator(slackSimulation());
    onTestFinished(() => simulator.close());
    const env = slackEnvironment(simulator.url);
    const clients = connectClients(
      providers,
      environmentConnections(env),
      env,
      budgetOf(ownBudgets().leaseRequests),
    );
    const slack = await clients.slack('default');
    const [channel, other] = await Promise.all(
      ['one', 'other'].map(async (name) => {
        const { channel: made } = await slack.api(signal).conversations.create({ name });
        return made?.id ?? '';
      }),
    );
    const say = (to = '') => slack.api(signal).chat.postMessage({ channel: to, text: 'x' });
    const { through, refused } = await atOnce(10, () => say(channel));
    expect(through).toBeLessThan(10);
    expect(through).toBeGreaterThanOrEqual(4);
    expect(simulator.calls.filter(({ path }) => path.includes('chat.postMessage'))).toHaveLength(through);
    expect(refused.length).toBe(10 - through);
    await say(other);
  });
});
