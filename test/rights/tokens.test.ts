import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Principal } from '../../domain/rights.ts';
import { makeScrubber } from '../../secrets/scrub.ts';
import { makeToken, readToken } from '../../secrets/token.ts';
import { worldOn } from '../api/served.ts';
import { backends } from '../store/backends.ts';
import { fresh } from '../store/world.ts';
import { ask, bearer, newToken, openDoor, sendJson } from './door.ts';

describe('a token', () => {
  it('has a secret of 256 bits, and is masked wherever it is written', () => {
    const { text, id, hash } = makeToken();
    expect(text).toMatch(/^baton_[a-f0-9]{12}_[a-f0-9]{64}$/);
    expect(readToken(text)).toEqual({ text, id, hash });
    const scrub = makeScrubber([]);
    expect(scrub(`"token":"${text}" was sent`)).not.toContain(text.slice(-40));
    expect(scrub(`cut ${text.slice(0, 40)}`)).not.toContain(text.slice(20, 40));
  });
});

describe.each(await backends())('tokens on $name', ({ world }) => {
  const store = world.newStore();
  const admin = async () => ({ ...(await openDoor(store)), headers: bearer((await newToken(store)).text) });
  const create = async (input: Record<string, unknown>) => {
    const { url, headers } = await admin();
    return ask(`${url}/api/v1/tokens`, sendJson('POST', input, headers));
  };

  it('are shown once, and nothing of the secret is kept', async () => {
    const name = fresh('ci-');
    const made = await create({ name, role: 'responder', workflows: ['restartDeployment'] });
    expect(made.json).toMatchObject({
      name,
      role: 'responder',
      state: 'live',
      scope: { workflows: ['restartDeployment'] },
    });
    const secret: string = made.json.token.slice(-64);
    const { rows } = await sql<{ row: string }>`select tokens::text as row from tokens`.execute(world.db);
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(0, 32));
    const { url, headers } = await admin();
    const list = await ask(`${url}/api/v1/tokens`, { headers });
    expect(list.json.items.map((each: { name: string }) => each.name)).toContain(name);
    expect(list.text).not.toContain(secret.slice(0, 16));
    expect(list.text).not.toContain('hash');
  });

  it('last 90 days unless it is said otherwise, and a year at most', async () => {
    const days = async (input: Record<string, unknown>) => {
      const { json } = await create({ name: fresh('days-'), role: 'viewer', ...input });
      return Math.round((Date.parse(json.expiresAt) - Date.parse(json.createdAt)) / 86_400_000);
    };
    expect(await days({})).toBe(90);
    expect(await days({ days: 365 })).toBe(365);
    for (const wrong of [366, 0, 1.5, 'ever'])
      expect((await create({ name: fresh('days-'), role: 'viewer', days: wrong })).status).toBe(400);
  });

  it('have names that are unique among the live ones', async () => {
    const name = fresh('name-');
    const first = await create({ name, role: 'viewer' });
    expect((await create({ name, role: 'viewer' })).status).toBe(409);
    const { url, headers } = await admin();
    await ask(`${url}/api/v1/tokens/${first.json.id}`, { method: 'DELETE', headers });
    const second = await create({ name, role: 'viewer' });
    expect(second.status).toBe(200);
    await sql`update tokens set expires_at = now() - interval '1 second' where id = ${second.json.id}`.execute(
      world.db,
    );
    expect((await create({ name, role: 'viewer' })).status).toBe(200);
  });

  it('are whose it is said, else of the person who makes them', async () => {
    const { createToken } = await import('../../server/operations/tokens.ts');
    const made = (principal: Partial<Principal>, owner?: string) =>
      createToken.run(createToken.input.parse({ name: fresh('own-'), role: 'viewer', owner }), {
        ...worldOn(store),
        principal: { kind: 'person', name: 'Ada@example.com', role: 'admin', ...principal },
        via: 'api',
      });
    expect(await made({})).toMatchObject({ owner: 'ada@example.com' });
    expect(await made({}, 'Ben@Example.com')).toMatchObject({ owner: 'ben@example.com' });
    const token = { kind: 'token', name: 'deploys' } as const;
    expect(await made({ ...token, alsoKnownAs: ['person:ada@example.com'] })).toMatchObject({
      owner: 'ada@example.com',
    });
    expect(await made(token)).not.toHaveProperty('owner');
    // The user of a machine has no address.
    expect(await made({ name: 'root' })).not.toHaveProperty('owner');
  });

  it('are known as their owners, too', async () => {
    const name = fresh('owned-');
    const { json } = await create({ name, role: 'approver', owner: 'Ada@example.com' });
    const checked = await store.checkToken(json.id, '127.0.0.1');
    expect(checked).toMatchObject({ name, owner: 'ada@example.com' });
  });

  it('are made by one of two that ask for a name at once', async () => {
    const name = fresh('both-');
    const both = await Promise.all([create({ name, role: 'viewer' }), create({ name, role: 'viewer' })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('are listed page by page, each once', async () => {
    for (let number = 0; number < 5; number += 1) await newToken(store, { role: 'viewer' });
    const { url, headers } = await admin();
    const whole = await ask(`${url}/api/v1/tokens?limit=200`, { headers });
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { json } = await ask(`${url}/api/v1/tokens?limit=2${cursor}`, { headers });
      seen.push(...json.items.map((each: { id: string }) => each.id));
      if (json.next === undefined) break;
      cursor = `&cursor=${json.next}`;
    }
    expect(seen).toEqual(whole.json.items.map((each: { id: string }) => each.id));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('are revoked from the next request on, in every process', async () => {
    const here = await openDoor(store);
    const there = await openDoor(world.newStore());
    const headers = bearer((await newToken(store)).text);
    const other = await newToken(store, { role: 'viewer' });
    const asked = () => ask(`${there.url}/api/v1/me`, { headers: bearer(other.text) });
    expect((await asked()).json).toMatchObject({ kind: 'token', name: other.name, role: 'viewer' });
    expect(
      (await ask(`${here.url}/api/v1/tokens/${other.id}`, { method: 'DELETE', headers })).json,
    ).toMatchObject({
      state: 'revoked',
    });
    expect((await asked()).status).toBe(401);
    expect((await ask(`${here.url}/api/v1/tokens/000000000000`, { method: 'DELETE', headers })).status).toBe(
      404,
    );
  });

  it('tell when they were used, at most once a minute', async () => {
    const { url } = await openDoor(store);
    const token = await newToken(store);
    const used = async () =>
      (await store.listTokens({ limit: 200 })).find(({ id }) => id === token.id)?.usedAt ?? 'never';
    const asked = () => ask(`${url}/api/v1/me`, { headers: bearer(token.text) });
    expect(await used()).toBe('never');
    await asked();
    await expect.poll(used).not.toBe('never');
    const first = await used();
    await asked();
    expect((await store.checkToken(token.id, ''))?.useIsOld).toBe(false);
    expect(await used()).toBe(first);
    await sql`update tokens set used_at = now() - interval '61 seconds' where id = ${token.id}`.execute(
      world.db,
    );
    const old = await used();
    await asked();
    await expect.poll(used).not.toBe(old);
  });

  it('of a role or a scope that goes beyond its maker are not made', async () => {
    const { createToken } = await import('../../server/operations/tokens.ts');
    const make = (input: object, scope?: { workflows: string[] }) =>
      createToken.run(createToken.input.parse({ name: fresh('no-'), ...input }), {
        ...worldOn(store),
        via: 'api',
        principal: { kind: 'token', name: 'maker', role: 'operator', ...(scope ? { scope } : {}) },
      });
    await expect(make({ role: 'admin' })).rejects.toMatchObject({ status: 403 });
    await expect(make({ role: 'approver' })).rejects.toMatchObject({ status: 403 });
    await expect(make({ role: 'viewer' }, { workflows: ['one'] })).rejects.toMatchObject({ status: 403 });
    await expect(make({ role: 'viewer', workflows: ['two'] }, { workflows: ['one'] })).rejects.toMatchObject({
      status: 403,
    });
    expect(await make({ role: 'viewer', workflows: ['one'] }, { workflows: ['one'] })).toMatchObject({
      createdBy: 'token:maker',
    });
  });
});
