import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wantedScopes } from '../../../activities/pagerduty/scopes.ts';
import { setupChoices, setupConnect } from '../../../server/operations/setup.ts';
import { teardownConnection } from '../../../server/operations/teardown.ts';
import type { Store } from '../../../store/store.ts';
import { embeddedWorld, type World } from '../../store/world.ts';
import { accountToken, changesAt, startSetUp } from './set-up-world.ts';

let world: World;
let store: Store;
beforeAll(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterAll(() => world.close());

const refusal = (status: number, words: RegExp) => ({ status, message: expect.stringMatching(words) });
const clientSecret = 'the-secret-of-the-app-0123456789';

/** An account whose people have registered an app, and the answers that lead to it in place of a token. */
async function startWithApp(scopes: readonly string[] = wantedScopes) {
  const started = await startSetUp(store);
  const { simulator, answers } = started;
  simulator.world.apps = [{ clientId: 'app-1', clientSecret, scopes: [...scopes] }];
  const { token: _, ...others } = answers;
  const identityUrl = `${simulator.url}/identity`;
  const byApp = { ...others, clientId: 'app-1', clientSecret, subdomain: 'acme', identityUrl };
  return { ...started, byApp, identityUrl };
}

describe('setup of PagerDuty by an app', () => {
  it('makes all that it makes by a token, keeps the secret unseen, and is torn down by the app', async () => {
    const { simulator, byApp, ask, values, learnt, name } = await startWithApp();
    const done = await ask(setupConnect, byApp);
    expect(done.warnings).toEqual([]);
    expect(changesAt(simulator)).toContain('POST /webhook_subscriptions');
    expect(await values()).toMatchObject({
      PAGERDUTY_CLIENT_ID: 'app-1',
      PAGERDUTY_CLIENT_SECRET: clientSecret,
      PAGERDUTY_SUBDOMAIN: 'acme',
      PAGERDUTY_REGION: 'eu',
    });
    expect(await values()).not.toHaveProperty('PAGERDUTY_API_TOKEN');
    expect(JSON.stringify(done)).not.toContain(clientSecret);
    expect(learnt).toContain(clientSecret);
    expect((await ask(setupConnect, { ...byApp, clientSecret: undefined })).steps).toContainEqual(
      expect.objectContaining({ kind: 'webhook subscription', outcome: 'made before' }),
    );
    await ask(teardownConnection, { name });
    expect(simulator.world.subscriptions).toEqual([]);
    expect(await values()).toBeUndefined();
  });

  it('names the scopes that the app lacks, and does without', async () => {
    const { byApp, ask } = await startWithApp(wantedScopes.filter((scope) => scope !== 'oncalls.read'));
    const { account } = await ask(setupChoices, byApp);
    expect(account?.missing).toMatchObject([
      { what: 'oncalls.read', reason: expect.stringContaining('App Registration') },
    ]);
  });

  it('takes the place of a token, and a token that of the app', async () => {
    const { answers, byApp, ask, values } = await startWithApp();
    await ask(setupConnect, answers);
    await ask(setupConnect, byApp);
    expect(await values()).not.toHaveProperty('PAGERDUTY_API_TOKEN');
    await ask(setupConnect, answers);
    expect(await values()).toMatchObject({ PAGERDUTY_API_TOKEN: accountToken });
    expect(Object.keys((await values()) ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/CLIENT|SUBDOMAIN/)]),
    );
  });

  it.each([
    ['without its secret', { clientSecret: undefined }, /Give the secret of the app/],
    ['with another secret', { clientSecret: 'other' }, /copy both again/],
    ['of another account', { subdomain: 'other' }, /PAGERDUTY_SUBDOMAIN/],
    ['without its account', { subdomain: undefined }, /set PAGERDUTY_SUBDOMAIN/],
    ['that does not look like an account', { subdomain: 'acme.pagerduty.com' }, /PAGERDUTY_SUBDOMAIN is not/],
    ['beside a token', { token: accountToken }, /PAGERDUTY_API_TOKEN stands beside/],
  ])('changes nothing %s', async (_, more, words) => {
    const { simulator, byApp, ask, values } = await startWithApp();
    await expect(ask(setupConnect, { ...byApp, ...more })).rejects.toMatchObject(refusal(422, words));
    expect(changesAt(simulator)).toEqual([]);
    expect(await values()).toBeUndefined();
  });

  it('sends the secret that is kept to no new address', async () => {
    const { byApp, ask, identityUrl } = await startWithApp();
    await ask(setupConnect, byApp);
    const moved = { ...byApp, clientSecret: undefined, identityUrl: `${identityUrl}/elsewhere` };
    await expect(ask(setupConnect, moved)).rejects.toMatchObject(refusal(422, /sent to no new one/));
    const { clientId: _, ...given } = { ...byApp, identityUrl: `${identityUrl}/` };
    await ask(setupConnect, given);
  });
});
