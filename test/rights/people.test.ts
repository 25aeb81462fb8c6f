import { describe, expect, it } from 'vitest';
import { performFromSlack } from '../../processes/perform.ts';
import { secretHash } from '../../secrets/token.ts';
import { batonFor } from '../../worker/baton.ts';
import { worldOn } from '../api/served.ts';
import { backends } from '../store/backends.ts';
import { delivery, entry, fresh } from '../store/world.ts';
import { ask, bearer, newSession, newToken, openDoor, sendJson } from './door.ts';

describe.each(await backends())('people on $name', ({ world }) => {
  const store = world.newStore();
  const door = async () => ({ ...(await openDoor(store)), headers: bearer((await newToken(store)).text) });
  const address = () => `${fresh('Ada')}@Example.com`;

  it('have a role by their address, whatever its letters are', async () => {
    const { url, headers } = await door();
    const email = address();
    const set = await ask(`${url}/api/v1/people/${email}`, sendJson('PUT', { role: 'operator' }, headers));
    expect(set.json).toEqual({ email: email.toLowerCase(), role: 'operator', givenRole: 'operator' });
    for (const wrong of [{ role: 'owner' }, {}, { role: 'viewer', more: 1 }])
      expect((await ask(`${url}/api/v1/people/${email}`, sendJson('PUT', wrong, headers))).status).toBe(400);
    expect(
      (await ask(`${url}/api/v1/people/nobody`, sendJson('PUT', { role: 'viewer' }, headers))).status,
    ).toBe(400);
  });

  it('are limited to workflows and services, which counts at their next request, and are not where nothing is said', async () => {
    const { url, headers } = await door();
    const email = address().toLowerCase();
    const set = (body: object) => ask(`${url}/api/v1/people/${email}`, sendJson('PUT', body, headers));
    const limits = { workflows: ['restartDeployment'], services: ['PCHECKO'] };
    expect((await set({ role: 'responder', ...limits })).json).toEqual({
      email,
      role: 'responder',
      givenRole: 'responder',
      scope: limits,
    });
    const { id } = await newSession(store, 'responder', email, limits);
    const cookie = { cookie: `baton=${id}`, 'sec-fetch-site': 'same-origin' };
    const me = () => ask(`${url}/api/v1/me`, { headers: cookie });
    expect((await me()).json).toMatchObject({ kind: 'person', role: 'responder', scope: limits });
    expect((await ask(`${url}/api/v1/tokens`, { headers: cookie })).status).toBe(403);
    // As with another role: what was stolen before is worth nothing after it.
    expect((await set({ role: 'responder' })).json).not.toHaveProperty('scope');
    expect((await me()).status).toBe(401);
    expect((await set({ role: 'responder', workflows: [] })).status).toBe(400);
  });

  it('that are limited keep their limits when their groups give them another role, and when they are linked', async () => {
    const email = address().toLowerCase();
    const scope = { workflows: ['restartDeployment'] };
    await store.setRole(email, 'viewer', entry(), scope);
    await store.signIn(secretHash(fresh('session-')), email, 'admin', () => entry());
    await store.linkSlackUser(email, fresh('U0ADA'), entry());
    expect(await store.findPerson(email)).toMatchObject({ role: 'admin', scope });
  });

  it('start, stop and see in Slack no more than they are limited to, by the check of the API', async () => {
    const [ada, ben] = [address().toLowerCase(), address().toLowerCase()];
    const { seq } = await store.receive(delivery());
    const id = fresh('run-');
    const run = { id, trigger: 't', workflow: 'restartDeployment', target: 'x', eventSeq: seq, input: {} };
    await store.decide({ seq, runs: [{ ...run, cause: {} }], entries: [] });
    await store.setRole(ada, 'operator', entry(), { workflows: ['restartDeployment'] });
    await store.setRole(ben, 'operator', entry(), { workflows: ['another'] });
    const { perform } = batonFor({ store, perform: performFromSlack(worldOn(store)) });
    const by = (email: string) => ({ kind: 'person' as const, name: email, email });
    const inSlack = (email: string, operation: string, input: Record<string, unknown>) =>
      perform(operation, input, by(email), fresh('key-'));
    expect(await inSlack(ada, 'runs.show', { id })).toMatchObject({ output: { id } });
    for (const operation of ['runs.show', 'runs.stop'])
      expect(
        await inSlack(ben, operation, { id, ...(operation === 'runs.stop' ? { reason: 'x' } : {}) }),
      ).toMatchObject({ refusal: expect.stringMatching(/There is no run/) });
    const start = { workflow: 'restartDeployment', input: {}, reason: 'x' };
    expect(await inSlack(ben, 'runs.start', start)).toMatchObject({
      refusal: expect.stringMatching(/no workflow restartDeployment that can be started/),
    });
  });

  it('are linked to one user of Slack each, and are found by it', async () => {
    const { url, headers } = await door();
    const [ada, ben] = [address().toLowerCase(), address().toLowerCase()];
    const slackUser = fresh('U0ADA');
    const link = (email: string, body: unknown) =>
      ask(`${url}/api/v1/people/${email}/slack`, sendJson('PUT', body, headers));
    expect((await link(ada, { slackUser })).json).toEqual({ email: ada, slackUser });
    expect((await link(ben, { slackUser })).status).toBe(409);
    expect((await link(ben, { slackUser: 'ben' })).status).toBe(400);
    expect(await store.findPersonInSlack(slackUser)).toEqual({ email: ada, slackUser });
    expect((await link(ada, { slackUser: null })).json).toEqual({ email: ada });
    expect(await store.findPersonInSlack(slackUser)).toBeUndefined();
    expect((await link(ben, { slackUser })).status).toBe(200);
  });

  it('are listed page by page', async () => {
    const { url, headers } = await door();
    for (let number = 0; number < 3; number += 1)
      await store.setRole(address().toLowerCase(), 'viewer', entry());
    const whole = await ask(`${url}/api/v1/people?limit=200`, { headers });
    const seen: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { json } = await ask(`${url}/api/v1/people?limit=2${cursor}`, { headers });
      seen.push(...json.items);
      if (json.next === undefined) break;
      cursor = `&cursor=${encodeURIComponent(json.next)}`;
    }
    expect(seen).toEqual(whole.json.items);
  });
});
