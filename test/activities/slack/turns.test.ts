import { describe, expect, it, onTestFinished } from 'vitest';
import { budgetOf } from '../../../activities/budget.ts';
import { environmentConnections } from '../../../activities/clients.ts';
import { urgently } from '../../../activities/urgent.ts';
import { startSimulator } from '../../../simulator/simulator.ts';
import { slackEnvironment, slackSimulation } from '../../../simulator/slack.ts';
import { ownBudgets } from '../../../store/changes/budgets.ts';
import { clientsFor } from '../../clients.ts';

const { signal } = new AbortController();

async function workspace() {
  const simulator = await startSimulator(slackSimulation());
  onTestFinished(() => simulator.close());
  const env = slackEnvironment(simulator.url);
  const budget = budgetOf(ownBudgets().leaseRequests);
  const slack = await clientsFor(env, environmentConnections(env), budget).slack('default');
  const create = (name: string) => slack.api(signal).conversations.create({ name });
  const asked = (method: string) => simulator.calls.filter(({ path }) => path === `/api/${method}`).length;
  return { simulator, slack, create, asked };
}

describe('a method of Slack', () => {
  it('is called freely until Slack says no', async () => {
    const { slack, asked } = await workspace();
    await Promise.all(Array.from({ length: 25 }, () => slack.api(signal).auth.test()));
    expect(asked('auth.test')).toBe(25);
  });

  it('that opens rooms has some left for urgent incidents, also in a storm', async () => {
    const { create, asked } = await workspace();
    const others = await Promise.allSettled(
      Array.from({ length: 25 }, (_, index) => create(`room-${index}`)),
    );
    expect(others.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    await Promise.all([1, 2, 3].map((number) => urgently(() => create(`urgent-${number}`))));
    expect(asked('conversations.create')).toBe(7);
  });

  it('that Slack has limited is waited for by an urgent incident, which then comes first', async () => {
    const { simulator, create } = await workspace();
    const headers = { 'retry-after': '1' };
    simulator.fail({ kind: 'status', status: 429, match: 'conversations.create', headers, times: 1 });
    await expect(create('one')).rejects.toMatchObject({ code: 'slack_webapi_rate_limited_error' });
    const urgent = urgently(() => create('urgent'));
    await expect(create('two')).rejects.toMatchObject({ original: { type: 'RateLimited' } });
    expect((await urgent).ok).toBe(true);
  });

  it('is then not called before Slack wants it, and others are', async () => {
    const { simulator, slack, create, asked } = await workspace();
    simulator.fail({
      kind: 'status',
      status: 429,
      match: 'conversations.create',
      headers: { 'retry-after': '30' },
    });
    await expect(create('one')).rejects.toMatchObject({ code: 'slack_webapi_rate_limited_error' });
    for (const name of ['two', 'three'])
      await expect(create(name)).rejects.toMatchObject({
        original: { type: 'RateLimited', nonRetryable: false, details: [{ effect: 'none' }] },
      });
    expect(asked('conversations.create')).toBe(1);
    await slack.api(signal).users.info({ user: 'U0ADA' });
    expect(asked('users.info')).toBe(1);
  });
});
