import { describe, expect, it } from 'vitest';
import { bad, examined, findingOf, type ProviderName, rightsOf, untold, worlds } from './world.ts';

/** How each right is taken away in the simulated provider. */
const without: Record<ProviderName, (right: string) => Promise<Record<string, string>>> = {
  async pagerduty(right) {
    const { simulator, env } = await worlds.pagerduty();
    const { world } = simulator;
    const scopes = rightsOf('pagerduty').filter((each) => each.includes('.'));
    world.scopes = [...scopes, 'abilities.read'].filter((scope) => scope !== right);
    world.abilities = world.abilities.filter((ability) => ability !== right);
    if (right === 'Events API v2 integration key') return { ...env, PAGERDUTY_ROUTING_KEY: '' };
    if (right.endsWith('of a service')) return { ...env, PAGERDUTY_ROUTING_KEY: `R${'a1'.repeat(15)}b` };
    return env;
  },
  async slack(right) {
    const { simulator, env } = await worlds.slack();
    simulator.world.scopes = rightsOf('slack').filter((scope) => scope !== right);
    return env;
  },
  async jira(right) {
    const { simulator, env } = await worlds.jira();
    simulator.world.denied = [right];
    return env;
  },
  async kubernetes(right) {
    const { simulator, env } = await worlds.kubernetes();
    simulator.world.granted = rightsOf('kubernetes').filter((each) => each !== right);
    return env;
  },
  async ec2(right) {
    const { simulator, env } = await worlds.ec2();
    simulator.world.denied = [right];
    return env;
  },
  async github(right) {
    const { simulator, env } = await worlds.github();
    simulator.world.denied = [right];
    return env;
  },
  async prometheus() {
    const { simulator, env } = await worlds.prometheus();
    simulator.world.isDenied = true;
    return env;
  },
};

/** Nothing but a write tells it, and none is tried. */
const cannotBeTold = ['incidents.write', 'webhook_subscriptions.write'];
const providers = Object.keys(worlds) as ProviderName[];
const told = providers.flatMap((provider) =>
  rightsOf(provider)
    .filter((right) => !cannotBeTold.includes(right))
    .map((right) => [provider, right] as const),
);

describe('a provider that lets Baton do all that its activities need', () => {
  it.each(providers)('is well: %s', async (provider) => {
    const { simulator, env } = await worlds[provider]();
    const found = await examined(provider, env);
    expect(found).toMatchObject({ state: 'well', provider });
    expect(untold(found).filter((what) => !cannotBeTold.includes(what))).toEqual([]);
    for (const right of rightsOf(provider)) expect(findingOf(found, right)).toBeDefined();
    // A check looks: nothing was changed, and no event was sent.
    expect(simulator.ledger).toEqual([]);
    expect(simulator.calls.filter(({ path }) => path.startsWith('/events'))).toEqual([]);
  });
});

describe('a right that is taken away', () => {
  it('is one of many: a test that walks no rights holds nothing', () => {
    expect(told.length).toBeGreaterThan(50);
  });

  it.each(told)('at %s is named, with the activities that need it: %s', async (provider, right) => {
    const found = await examined(provider, await without[provider](right));
    expect(found.state).toBe('missing');
    expect(bad(found)).toContain(right);
    const others = rightsOf(provider).filter((each) => each !== right);
    expect(bad(found).filter((what) => others.includes(what) && !impliedBy(right).includes(what))).toEqual(
      [],
    );
    const finding = findingOf(found, right);
    expect(finding?.neededBy.length).toBeGreaterThan(0);
    expect(finding?.reason).toMatch(/; ./);
  });
});

/** A key that is not there is none of a service either. */
const impliedBy = (right: string) =>
  right === 'Events API v2 integration key' ? [`${right} of a service`] : [];
