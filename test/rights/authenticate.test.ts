import type { IncomingMessage } from 'node:http';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { makeToken } from '../../secrets/token.ts';
import { backends } from '../store/backends.ts';
import { entry } from '../store/world.ts';
import { ask, bearer, newSession, newToken, openDoor } from './door.ts';

describe.each(await backends())('whoever asks, on $name', ({ world }) => {
  const store = world.newStore();
  const forgetFailures = () => sql`delete from failed_sign_ins`.execute(world.db);
  const expire = (id: string) =>
    sql`update tokens set expires_at = now() - interval '1 second' where id = ${id}`.execute(world.db);
  /** Another secret under the id of a token. */
  const wrong = (text: string) => `${text.slice(0, 19)}${makeToken().text.slice(19)}`;

  it('is told the same in each case in which a token is not good, and the record tells them apart', async () => {
    await forgetFailures();
    const { url, log } = await openDoor(store);
    const [expired, revoked, live] = [await newToken(store), await newToken(store), await newToken(store)];
    await expire(expired.id);
    await store.revokeToken(revoked.id, entry());
    const unknown = makeToken().text;
    const cases: Record<string, string> = {
      expired: expired.text,
      revoked: revoked.text,
      unknown,
      malformed: 'baton_nothing',
      'wrong secret': wrong(live.text),
    };
    const answers = [];
    for (const text of Object.values(cases))
      answers.push(await ask(`${url}/api/v1/me`, { headers: bearer(text) }));
    const plain = answers.map(({ status, headers, json: { requestId: _, ...problem } }) => ({
      status,
      problem,
      challenge: headers.get('www-authenticate'),
    }));
    expect(plain[0]).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      problem: { status: 401, title: 'Not signed in' },
    });
    for (const each of plain) expect(each).toEqual(plain[0]);
    const lines = (await store.readRecord({ limit: 10_000 })).filter(
      ({ action }) => action === 'sign-in.failed',
    );
    expect(lines.slice(-5).map(({ detail }) => detail.reason)).toEqual(Object.keys(cases));
    for (const text of Object.values(cases)) {
      expect(JSON.stringify(lines)).not.toContain(text.slice(-40));
      expect(log.join('')).not.toContain(text.slice(-40));
    }
  });

  it('is asked for a token where there is none', async () => {
    const { url } = await openDoor(store);
    const answer = await ask(`${url}/api/v1/me`);
    expect(answer.status).toBe(401);
    expect(answer.json.detail).toContain('baton tokens create');
    for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer a b', `bearer ${'x'.repeat(5_000)}`]) {
      await forgetFailures();
      const { url: again } = await openDoor(store);
      expect((await ask(`${again}/api/v1/me`, { headers: { authorization } })).status).toBe(401);
    }
  });

  it('guesses five times at an account at most, also of a hundred times at once, and then is told when to come back', async () => {
    await forgetFailures();
    const { url } = await openDoor(store);
    const token = await newToken(store);
    const guesses = await Promise.all(
      Array.from({ length: 100 }, () => ask(`${url}/api/v1/me`, { headers: bearer(wrong(token.text)) })),
    );
    const counted = (status: number) => guesses.filter((guess) => guess.status === status).length;
    expect([counted(401), counted(429)]).toEqual([5, 95]);
    const right = await ask(`${url}/api/v1/me`, { headers: bearer(token.text) });
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(800);
    expect(Number(right.headers.get('retry-after'))).toBeLessThanOrEqual(900);
  });

  it('finds an account shut on every server, and open again a quarter of an hour later', async () => {
    await forgetFailures();
    const [here, there] = [await openDoor(store), await openDoor(world.newStore())];
    const token = await newToken(store);
    for (let number = 0; number < 5; number += 1)
      await ask(`${here.url}/api/v1/me`, { headers: bearer(wrong(token.text)) });
    const right = () => ask(`${there.url}/api/v1/me`, { headers: bearer(token.text) });
    expect((await right()).status).toBe(429);
    await sql`update failed_sign_ins set since = since - interval '15 minutes'`.execute(world.db);
    expect((await right()).status).toBe(200);
  });

  it('is not shut out by who guesses at the account from other addresses, on every server', async () => {
    await forgetFailures();
    const doors = [await openDoor(store), await openDoor(world.newStore())];
    const token = await newToken(store);
    const from = (remoteAddress: string, text: string, door = doors[0]) =>
      door?.access.authenticate({
        headers: bearer(text),
        socket: { remoteAddress },
      } as unknown as IncomingMessage);
    const strangers = ['192.0.2.7', '192.0.2.8', '2001:db8:1:2::7'];
    for (const stranger of strangers)
      for (let number = 0; number < 5; number += 1)
        await expect(from(stranger, wrong(token.text))).rejects.toMatchObject({ status: 401 });
    for (const door of doors) {
      for (const stranger of [...strangers, '2001:db8:1:2::8'])
        await expect(from(stranger, token.text, door)).rejects.toMatchObject({ status: 429 });
      expect(await from('198.51.100.1', token.text, door)).toMatchObject({ name: token.name });
    }
  });

  it('is not shut out by what others at the same address do', async () => {
    await forgetFailures();
    const { url } = await openDoor(store);
    const strangers = [];
    for (let number = 0; number < 8; number += 1)
      strangers.push((await ask(`${url}/api/v1/me`, { headers: bearer(makeToken().text) })).status);
    expect(strangers).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect((await ask(`${url}/api/v1/me`, { headers: bearer((await newToken(store)).text) })).status).toBe(
      200,
    );
  });

  it('fills neither the record nor the log by failing', async () => {
    await forgetFailures();
    const { url, log } = await openDoor(store);
    const failed = async () =>
      (await store.readRecord({ limit: 10_000 })).filter(({ action }) => action === 'sign-in.failed').length;
    const before = await failed();
    for (let number = 0; number < 60; number += 1)
      await ask(`${url}/api/v1/me`, { headers: bearer(makeToken().text) });
    expect((await failed()) - before).toBe(5);
    expect(log.length).toBeLessThan(20);
  });

  it('is known by the token alone where a session comes along', async () => {
    const { url } = await openDoor(store);
    const session = await newSession(store, 'admin');
    const token = await newToken(store, { role: 'viewer' });
    const cookie = `baton=${session.id}`;
    expect((await ask(`${url}/api/v1/me`, { headers: { cookie } })).json).toMatchObject({
      kind: 'person',
      name: session.email,
    });
    expect(
      (await ask(`${url}/api/v1/me`, { headers: { cookie, ...bearer(token.text) } })).json,
    ).toMatchObject({
      kind: 'token',
      role: 'viewer',
    });
    await forgetFailures();
    expect((await ask(`${url}/api/v1/me`, { headers: { cookie, ...bearer('baton_wrong') } })).status).toBe(
      401,
    );
  });

  it('has no session twelve hours after the last use, or seven days after the sign-in', async () => {
    const { url } = await openDoor(store);
    const asked = async (id: string) =>
      (await ask(`${url}/api/v1/me`, { headers: { cookie: `baton=${id}` } })).status;
    const aged = async (column: 'used_at' | 'created_at', age: string) => {
      const { id, email } = await newSession(store, 'viewer');
      expect(await asked(id)).toBe(200);
      await sql`update sessions set ${sql.ref(column)} = now() - ${age}::interval where email = ${email}`.execute(
        world.db,
      );
      return asked(id);
    };
    expect(await aged('used_at', '11 hours 59 minutes')).toBe(200);
    expect(await aged('used_at', '12 hours 1 minute')).toBe(401);
    expect(await aged('created_at', '6 days 23 hours')).toBe(200);
    expect(await aged('created_at', '7 days 1 minute')).toBe(401);
  });

  it('loses the session with the role, and when an admin removes them', async () => {
    const { url } = await openDoor(store);
    const headers = bearer((await newToken(store)).text);
    const asked = async (id: string) =>
      (await ask(`${url}/api/v1/me`, { headers: { cookie: `baton=${id}` } })).status;
    const person = await newSession(store, 'operator');
    const change = (body: unknown) =>
      ask(`${url}/api/v1/people/${encodeURIComponent(person.email)}`, {
        method: 'PUT',
        body: JSON.stringify(body),
        headers: { ...headers, 'content-type': 'application/json' },
      });
    expect((await change({ role: 'operator' })).status).toBe(200);
    expect(await asked(person.id)).toBe(200);
    expect((await change({ role: 'viewer' })).json).toMatchObject({ role: 'viewer' });
    expect(await asked(person.id)).toBe(401);
    const again = await newSession(store, 'viewer', person.email);
    expect(await asked(again.id)).toBe(200);
    const remove = () => ask(`${url}/api/v1/people/${person.email}`, { method: 'DELETE', headers });
    expect((await remove()).status).toBe(200);
    expect(await asked(again.id)).toBe(401);
    expect((await remove()).status).toBe(404);
  });

  it('keeps the store of old failures and sessions small', async () => {
    await sql`insert into failed_sign_ins select 'address:' || n, 5, now() - interval '1 hour' from generate_series(1, 60) n`.execute(
      world.db,
    );
    await store.noteFailedSignIn(['address:198.51.100.7']);
    const { rows } = await sql<{ count: number }>`
      select count(*)::integer as count from failed_sign_ins where key like 'address:_' or key like 'address:__'`.execute(
      world.db,
    );
    expect(rows).toEqual([{ count: 0 }]);
  });
});
