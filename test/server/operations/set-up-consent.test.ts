import type { Request, Response } from 'express';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectClients } from '../../../activities/clients.ts';
import { readConsent } from '../../../activities/pagerduty/consent.ts';
import { wantedScopes } from '../../../activities/pagerduty/scopes.ts';
import { providers } from '../../../activities/providers.ts';
import { StoreUnavailable } from '../../../domain/store-unavailable.ts';
import { createLog } from '../../../log/log.ts';
import { allConnections } from '../../../processes/connections.ts';
import { makeScrubber } from '../../../secrets/scrub.ts';
import type { OperationContext } from '../../../server/operations/operation.ts';
import { setupConnect } from '../../../server/operations/setup.ts';
import { setupConsent, setupConsented } from '../../../server/operations/setup-consent.ts';
import { takeConsent } from '../../../server/set-up/consent.ts';
import { startPagerDuty } from '../../../simulator/pagerduty.ts';
import type { Store } from '../../../store/store.ts';
import { embeddedWorld, entry, type World } from '../../store/world.ts';
import { askingOf, connectionsOn, publicUrl, startSetUp } from './set-up-world.ts';

let world: World;
let store: Store;
beforeAll(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterAll(() => world.close());

const clientSecret = 'the-secret-of-the-app-0123456789';
const log = createLog(makeScrubber([]), { level: 'silent' });
const { signal } = new AbortController();

/** An account with an app, a user who is asked for a consent, and a browser. */
async function startConsent() {
  const started = await startSetUp(store);
  const { simulator, answers, context, ask, values } = started;
  simulator.world.apps = [
    {
      clientId: 'app-1',
      clientSecret,
      scopes: [...wantedScopes],
      redirectUris: [`${publicUrl}/setup/callback`],
    },
  ];
  const { token: _, from: __, ...others } = answers;
  const byUser = {
    ...others,
    oauth: true,
    clientId: 'app-1',
    clientSecret,
    identityUrl: `${simulator.url}/identity`,
  };
  /** The browser opens the address, and is sent back. */
  async function sentTo(address: string): Promise<string> {
    const answer = await fetch(address, { redirect: 'manual' });
    return answer.headers.get('location') ?? '';
  }
  const comeBack = (location: string, by = context) => returnTo(location, by);
  const consent = async () => {
    const begun = await ask(setupConsent, byUser);
    await comeBack(await sentTo(begun.address));
    return begun.consent;
  };
  const kept = async () => readConsent((await values())?.PAGERDUTY_CONSENT ?? '');
  const connected = async () => {
    await ask(setupConnect, { ...byUser, consent: await consent() });
    return kept();
  };
  /** What another process has by the connection. */
  const processOf = () => {
    const clients = connectClients(providers, allConnections({}, connectionsOn(store)), {});
    return async () => (await clients.pagerduty(started.name)).get('/incidents', {}, signal);
  };
  const refreshes = () =>
    simulator.calls.filter(
      ({ path, body }) => path.endsWith('/token') && body.includes('grant_type=refresh'),
    );
  return { ...started, byUser, sentTo, comeBack, consent, kept, connected, processOf, refreshes };
}

async function returnTo(
  location: string,
  context: OperationContext,
): Promise<{ text: string; headers: object }> {
  const { pathname, search, searchParams } = new URL(location);
  const headers: Record<string, string> = {};
  let text = '';
  const response = {
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value;
    },
    type: () => response,
    send: (body: string) => {
      text = body;
    },
  };
  const request = { url: pathname + search, query: Object.fromEntries(searchParams) };
  await takeConsent(context, log)(request as unknown as Request, response as unknown as Response);
  return { text, headers };
}

const refusal = (status: number, words: RegExp) => ({ status, message: expect.stringMatching(words) });

describe('a user who lets an app of PagerDuty act as they do', () => {
  it('consents in a browser, and setup goes on in their name, with no secret to be seen', async () => {
    const { byUser, ask, sentTo, comeBack, values, kept, name, learnt } = await startConsent();
    const begun = await ask(setupConsent, byUser);
    const address = new URL(begun.address);
    expect(address.pathname).toBe('/identity/oauth/authorize');
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'app-1',
      redirect_uri: `${publicUrl}/setup/callback`,
      scope: wantedScopes.join(' '),
      code_challenge_method: 'S256',
    });
    expect(await ask(setupConsented, { consent: begun.consent })).toEqual({ state: 'asked' });
    const { text, headers } = await comeBack(await sentTo(begun.address));
    expect(text).toContain('go back to where you have begun');
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    expect(await ask(setupConsented, { consent: begun.consent })).toEqual({ state: 'granted' });
    const done = await ask(setupConnect, { ...byUser, consent: begun.consent });
    expect(done.account.owner).toEqual({ name: 'Ada Lopez', email: 'ada@example.com' });
    expect(await values()).toMatchObject({
      PAGERDUTY_CLIENT_ID: 'app-1',
      PAGERDUTY_FROM_EMAIL: 'ada@example.com',
    });
    const { accessToken = '', refreshToken = '' } = (await kept()) ?? {};
    const record = await store.readRecord({ subject: `connection:${name}`, limit: 100 });
    for (const secret of [accessToken, refreshToken, clientSecret]) {
      expect(learnt).toContain(secret);
      expect(JSON.stringify([begun, text, done, record])).not.toContain(secret);
    }
  });

  it('counts once, in time, and for whoever has begun it', async () => {
    const { byUser, ask, sentTo, comeBack, context, consent } = await startConsent();
    const begun = await ask(setupConsent, byUser);
    const location = await sentTo(begun.address);
    const tampered = location.replace(/state=[^&]+/, 'state=another');
    await expect(comeBack(tampered)).rejects.toMatchObject(refusal(400, /Nobody here waits/));
    const other = { ...context, principal: { ...context.principal, name: 'eve@example.com' } };
    const asEve = askingOf('pagerduty', other as OperationContext);
    await comeBack(location);
    await expect(comeBack(location)).rejects.toMatchObject(refusal(400, /brought before/));
    await expect(asEve(setupConsented, { consent: begun.consent })).rejects.toMatchObject(
      refusal(404, /that you have begun/),
    );
    const given = { ...byUser, consent: begun.consent };
    await expect(asEve(setupConnect, given)).rejects.toMatchObject(refusal(404, /that you have begun/));
    await expect(ask(setupConnect, { ...given, name: 'other' })).rejects.toMatchObject(
      refusal(422, /was begun for/),
    );
    await ask(setupConnect, given);
    await expect(ask(setupConnect, given)).rejects.toMatchObject(refusal(404, /time of 10 minutes is over/));
    await store.forgetConsent(await consent());
  });

  it('is not let in without a consent, with another app, or where none comes back', async () => {
    const { simulator, byUser, ask, sentTo, comeBack, values } = await startConsent();
    const begun = await ask(setupConsent, byUser);
    await expect(ask(setupConnect, byUser)).rejects.toMatchObject(refusal(422, /setup\.consent/));
    const given = { ...byUser, consent: begun.consent };
    await expect(ask(setupConnect, given)).rejects.toMatchObject(refusal(409, /has not been opened/));
    simulator.world.consenting = null;
    await expect(comeBack(await sentTo(begun.address))).rejects.toMatchObject(refusal(422, /access_denied/));
    expect(await ask(setupConsented, { consent: begun.consent })).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('access_denied'),
    });
    delete simulator.world.consenting;
    const wrong = await ask(setupConsent, { ...byUser, clientSecret: 'other' });
    await expect(comeBack(await sentTo(wrong.address))).rejects.toMatchObject(
      refusal(422, /copy both again/),
    );
    const stolen = await ask(setupConsent, byUser);
    const mine = await ask(setupConsent, byUser);
    const stateOf = (address: string) => new URL(address).searchParams.get('state') ?? '';
    const location = await sentTo(stolen.address);
    const swapped = location.replace(stateOf(stolen.address), stateOf(mine.address));
    await expect(comeBack(swapped)).rejects.toMatchObject(refusal(422, /invalid_grant/));
    expect(await values()).toBeUndefined();
  });

  it('is told to whoever waits for it also where Baton could not take it', async () => {
    const { byUser, ask, sentTo, comeBack, context } = await startConsent();
    const begun = await ask(setupConsent, byUser);
    const broken = { ...context, clientFor: async () => Promise.reject(new TypeError('ours')) };
    await expect(comeBack(await sentTo(begun.address), broken)).rejects.toThrow('ours');
    expect(await ask(setupConsented, { consent: begun.consent })).toEqual({
      state: 'refused',
      reason: expect.stringContaining('Baton could not take'),
    });
  });

  it('comes too late after ten minutes, and what was kept for it can be read by nobody and goes', async () => {
    const { byUser, ask, sentTo, comeBack } = await startConsent();
    const begun = await ask(setupConsent, byUser);
    const kept = async () => {
      const rows = await sql<{ row: unknown }>`
        select to_jsonb(consents) as row from consents where id = ${begun.consent}`.execute(world.db);
      return JSON.stringify(rows.rows);
    };
    const state = new URL(begun.address).searchParams.get('state') ?? '';
    expect(await kept()).toContain(begun.consent);
    for (const secret of [clientSecret, state]) expect(await kept()).not.toContain(secret);
    await world.run(`update consents set expires_at = now() where id = '${begun.consent}'`);
    await expect(comeBack(await sentTo(begun.address))).rejects.toMatchObject(
      refusal(400, /more than 10 minutes/),
    );
    await store.prune({ days: 365 });
    expect(await kept()).toBe('[]');
  });

  it('is not over while Baton takes it that came at the last moment', async () => {
    const { byUser, ask, sentTo, comeBack, context } = await startConsent();
    const begun = await ask(setupConsent, byUser);
    const location = await sentTo(begun.address);
    await world.run(
      `update consents set expires_at = now() + interval '30 seconds' where id = '${begun.consent}'`,
    );
    const inBetween: unknown[] = [];
    const clientFor: typeof context.clientFor = async (...of) => {
      await world.run(
        `update consents set expires_at = expires_at - interval '1 minute' where id = '${begun.consent}'`,
      );
      await store.prune({ days: 365 });
      inBetween.push(await ask(setupConsented, { consent: begun.consent }));
      return context.clientFor(...of);
    };
    await comeBack(location, { ...context, clientFor });
    expect(inBetween).toEqual([{ state: 'asked' }]);
    expect(await ask(setupConsented, { consent: begun.consent })).toEqual({ state: 'granted' });
  });

  it('is asked only where a browser can come back to', async () => {
    const { byUser, context } = await startConsent();
    const ask = askingOf('pagerduty', { ...context, publicUrl: undefined });
    await expect(ask(setupConsent, byUser)).rejects.toMatchObject(refusal(422, /Set BATON_PUBLIC_URL/));
  });
});

describe('what a user has consented to', () => {
  it('is renewed once where many processes find it ended, and none of them loses it', async () => {
    const { simulator, connected, processOf, refreshes, kept, context, name } = await startConsent();
    const before = await connected();
    const found = { state: 'confirmed' as const, at: new Date().toISOString(), words: 'well' };
    const { version = 0 } = (await context.connections.look()).connections.get(name) ?? {};
    await store.judgeConnection(name, version, found, entry({ subject: name }));
    simulator.world.grants = simulator.world.grants?.filter(({ kind }) => kind !== 'access') ?? [];
    const processes = [processOf(), processOf(), processOf()];
    const answers = await Promise.all([...processes, ...processes].map((get) => get()));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(refreshes()).toHaveLength(1);
    const after = await kept();
    expect(after?.refreshToken).not.toBe(before?.refreshToken);
    expect((await context.connections.look()).connections.get(name)).toMatchObject({ state: 'confirmed' });
    simulator.world.grants = simulator.world.grants?.filter(({ kind }) => kind !== 'access') ?? [];
    expect((await processOf()()).status).toBe(200);
    expect(refreshes()).toHaveLength(2);
  });

  it('survives a change of the connection that comes between', async () => {
    const { simulator, connected, processOf, kept, context, values, name } = await startConsent();
    await connected();
    simulator.world.grants = simulator.world.grants?.filter(({ kind }) => kind !== 'access') ?? [];
    const found = (await context.connections.look()).connections.get(name);
    const get = processOf();
    if (!found?.values) throw new Error('It is there');
    const changed = { ...found.values, PAGERDUTY_SEVERITY: 'warning' };
    const { connections } = context;
    await get();
    // Whoever has looked before is told to look again, so that no old token comes back.
    const given = {
      values: changed,
      secrets: found.secrets,
      by: 'person:ada@example.com',
      entry: entry({ subject: name }),
    };
    expect(await connections.change(found, given)).toBe(false);
    expect((await get()).status).toBe(200);
    expect(await kept()).toBeDefined();
    expect(await values()).not.toHaveProperty('PAGERDUTY_SEVERITY');
  });

  it('goes to no address that is new: another account takes another consent', async () => {
    const { simulator, connected, ask, values, name, byUser } = await startConsent();
    await connected();
    const before = await values();
    const elsewhere = await startPagerDuty();
    onTestFinished(() => elsewhere.close());
    for (const moved of [{ apiUrl: elsewhere.url }, { identityUrl: `${elsewhere.url}/identity` }]) {
      const asked = { name, clientSecret: 'x', service: 'Checkout', webhook: 'account', ...moved };
      await expect(ask(setupConnect, asked)).rejects.toMatchObject(refusal(422, /PAGERDUTY_SUBDOMAIN/));
    }
    expect(elsewhere.calls).toEqual([]);
    expect(await values()).toEqual(before);
    const begun = await ask(setupConsent, { ...byUser, identityUrl: `${elsewhere.url}/identity` });
    expect(begun.address).toContain(elsewhere.url);
    expect(elsewhere.calls).toEqual([]);
    expect(simulator.calls.length).toBeGreaterThan(0);
  });

  it('is renewed with the new secret of its app while setup gives it that', async () => {
    const { simulator, connected, ask, kept, values, name } = await startConsent();
    const before = await connected();
    simulator.world.grants = simulator.world.grants?.filter(({ kind }) => kind !== 'access') ?? [];
    for (const app of simulator.world.apps ?? []) app.clientSecret = 'another-secret-of-the-app-0123456';
    const given = { name, clientSecret: 'another-secret-of-the-app-0123456' };
    await ask(setupConnect, { ...given, service: 'Checkout', webhook: 'account' });
    expect((await kept())?.refreshToken).not.toBe(before?.refreshToken);
    expect(await values()).toMatchObject({ PAGERDUTY_CLIENT_SECRET: given.clientSecret });
  });

  it('is over where it was withdrawn: calls are refused with what to do, and setup mends it', async () => {
    const { simulator, connected, processOf, byUser, ask, consent, name } = await startConsent();
    await connected();
    simulator.world.grants = [];
    await expect(processOf()()).rejects.toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message: expect.stringContaining('baton setup pagerduty --oauth'),
      details: [{ status: 401, effect: 'none' }],
    });
    const again = { name, oauth: true, service: 'Checkout', webhook: 'account' };
    await expect(ask(setupConnect, again)).rejects.toMatchObject(refusal(422, /give it anew/));
    await ask(setupConnect, { ...byUser, consent: await consent() });
    expect((await processOf()()).status).toBe(200);
  });

  it('is not lost where the store was away when its next tokens came', async () => {
    const { simulator, connected, refreshes, kept, name } = await startConsent();
    const before = await connected();
    simulator.world.grants = simulator.world.grants?.filter(({ kind }) => kind !== 'access') ?? [];
    let isAway = true;
    const broken: Store = {
      ...store,
      renewConnection: async (...given) => {
        if (isAway) throw new StoreUnavailable('away');
        return store.renewConnection(...given);
      },
    };
    const clients = connectClients(providers, allConnections({}, connectionsOn(broken)), {});
    const get = async () => (await clients.pagerduty(name)).get('/incidents', {}, signal);
    await expect(get()).rejects.toThrow(StoreUnavailable);
    expect((await kept())?.refreshToken).toBe(before?.refreshToken);
    isAway = false;
    expect((await get()).status).toBe(200);
    expect(refreshes()).toHaveLength(1);
    expect((await kept())?.refreshToken).not.toBe(before?.refreshToken);
  });

  it('is told to be over, and not its app’s secret to be wrong, by whichever status it is refused', async () => {
    const { simulator, connected, processOf } = await startConsent();
    await connected();
    simulator.world.grants = [];
    const body = JSON.stringify({ error: 'invalid_grant' });
    const headers = { 'content-type': 'application/json' };
    simulator.fail({ kind: 'status', match: '/identity/', status: 401, body, headers });
    await expect(processOf()()).rejects.toMatchObject({ message: expect.stringContaining('give it anew') });
  });

  it('is kept where the identity service is away, until it is there again', async () => {
    const { simulator, connected, processOf } = await startConsent();
    await connected();
    simulator.world.grants = simulator.world.grants?.filter(({ kind }) => kind !== 'access') ?? [];
    simulator.fail({ kind: 'status', match: '/identity/', status: 503 });
    const get = processOf();
    await expect(get()).rejects.toMatchObject({ type: 'ProviderUnavailable' });
    expect((await get()).status).toBe(200);
  });
});
