import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashLoop } from '../../simulator/kubernetes.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { kubernetesCrashLoop } from '../../triggers/kubernetes-crash-loop.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [kubernetesCrashLoop] });
});
afterAll(() => world.close());

const ended = (id: string) =>
  eventually('the run to end', async () => {
    const run = await world.run(`kubernetes-crash-loop/${id}`);
    return run?.endedAt ? run : undefined;
  });
beforeAll(() => crashLoop(world.kubernetes, 'shop', 'checkout'));
const raise = () => {
  return raiseIncident(world.pagerDuty, { title: 'CrashLoopBackOff in shop/checkout', service: 'Checkout' });
};
type Provider = 'pagerDuty' | 'kubernetes';
const times = (provider: Provider, path: string, since: number) =>
  world[provider].calls
    .slice(since)
    .filter((call) => `${call.method} ${call.path}`.includes(path))
    .map(({ at }) => Date.parse(at));

const reads: [Provider, string][] = [
  ['pagerDuty', 'GET /services/'],
  ['pagerDuty', '/alerts?'],
  ['pagerDuty', '/notes'],
  ['pagerDuty', 'GET /oncalls'],
  ['pagerDuty', '/related_change_events'],
  ['pagerDuty', '/past_incidents'],
  ['kubernetes', '/events?'],
  ['kubernetes', '/log?'],
];

describe('a provider that asks for time', () => {
  it('gets it before the read is tried elsewhere', async () => {
    const since = { pagerDuty: world.pagerDuty.calls.length, kubernetes: world.kubernetes.calls.length };
    for (const [provider, match] of reads)
      world[provider].fail({ kind: 'status', status: 429, headers: { 'retry-after': '2' }, match });
    expect((await ended(raise())).outcome).toBe('diagnosed');
    for (const [provider, path] of reads) {
      const [first = 0, second = 0] = times(provider, path, since[provider]);
      expect([path, second - first >= 1_950], `${second - first} ms`).toEqual([path, true]);
    }
  });
});

describe('an answer that cannot be read', () => {
  it.each([
    ['a proxy’s page', '<html><body>Sign in</body></html>', 'text/html'],
    ['JSON that is cut', '{"alerts": [{"id": "P', 'application/json'],
    ['JSON of another shape', '{"kind": 7, "unexpected": true}', 'application/json'],
  ])('is told after three tries, and the rest goes on: %s', async (_, body, type) => {
    const since = { pagerDuty: world.pagerDuty.calls.length, kubernetes: world.kubernetes.calls.length };
    const ofPagerDuty = reads.filter(([provider]) => provider === 'pagerDuty');
    for (const [provider, match] of ofPagerDuty)
      world[provider].fail({
        kind: 'status',
        status: 200,
        headers: { 'content-type': type },
        body,
        match,
        times: 3,
      });
    const id = raise();
    expect((await ended(id)).outcome).toBe('diagnosed');
    for (const [provider, path] of ofPagerDuty)
      expect([path, times(provider, path, since[provider]).length]).toEqual([
        path,
        path === '/notes' ? 5 : 3,
      ]);
    const failures = (await world.record(id)).filter(({ action }) => action === 'activity.failed');
    const classes = failures.map(({ detail }) => (detail.failure as { class: string }).class);
    expect(new Set(classes)).toEqual(new Set(['AnswerUnreadable']));
    expect(failures.length).toBe(ofPagerDuty.length * 3);
  });
});
