import { describe, expect, it } from 'vitest';
import { backends } from '../store/backends.ts';
import { entry, fresh } from '../store/world.ts';
import { ask, bearer, newToken, openDoor, sendJson } from './door.ts';

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
