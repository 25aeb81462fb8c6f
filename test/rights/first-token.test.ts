import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { firstTokenFile, makeFirstToken } from '../../processes/first-token.ts';
import { makeToken } from '../../secrets/token.ts';
import { backends } from '../store/backends.ts';
import { entry } from '../store/world.ts';
import { ask, bearer, newToken, openDoor } from './door.ts';

const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-first-token-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

describe.each(await backends())('the first admin on $name', ({ world }) => {
  const store = world.newStore();
  const forgetAll = () => world.run('truncate tokens, people, sessions, failed_sign_ins');
  const whoIs = async (text: string) => {
    const { url } = await openDoor(store);
    return ask(`${url}/api/v1/me`, { headers: bearer(text) });
  };
  const read = (path = '') => readFileSync(path, 'utf8').trim();

  it('gets a token in a file of this user alone, and only once', async () => {
    await forgetAll();
    const folder = newFolder();
    const path = await firstTokenFile(store, folder);
    expect(path).toBe(join(folder, 'admin.token'));
    expect(statSync(path ?? '').mode & 0o777).toBe(0o600);
    expect((await whoIs(read(path))).json).toMatchObject({ role: 'admin', name: 'first-admin' });
    const before = read(path);
    expect(await firstTokenFile(store, folder)).toBeUndefined();
    expect(read(path)).toBe(before);
    const lines = await store.readRecord({ limit: 1_000 });
    expect(lines.filter(({ action }) => action === 'tokens.create').at(-1)).toMatchObject({
      actor: 'baton',
      via: 'start',
    });
    expect(JSON.stringify(lines)).not.toContain(before.slice(-40));
  });

  it('gets a new one where the last admin’s has ended', async () => {
    await forgetAll();
    const folder = newFolder();
    const before = read(await firstTokenFile(store, folder));
    await world.run(`update tokens set expires_at = now() - interval '1 second'`);
    const after = read(await firstTokenFile(store, folder));
    expect(after).not.toBe(before);
    expect((await whoIs(after)).status).toBe(200);
    expect((await whoIs(before)).status).toBe(401);
  });

  it('gets the token that lies there already, where a crash came before its row', async () => {
    await forgetAll();
    const folder = newFolder();
    const { text } = makeToken();
    writeFileSync(join(folder, 'admin.token'), `${text}\n`, { mode: 0o600 });
    expect(read(await firstTokenFile(store, folder))).toBe(text);
    expect((await whoIs(text)).status).toBe(200);
  });

  it('gets another token than one that others could have read or written', async () => {
    await forgetAll();
    const folder = newFolder();
    const { text } = makeToken();
    const path = join(folder, 'admin.token');
    writeFileSync(path, `${text}\n`);
    chmodSync(path, 0o644);
    expect(read(await firstTokenFile(store, folder))).not.toBe(text);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await whoIs(text)).status).toBe(401);
  });

  it('is made by one of many that ask at once', async () => {
    await forgetAll();
    const made = await Promise.all(Array.from({ length: 10 }, () => makeFirstToken(world.newStore(), 'cli')));
    expect(made.filter((each) => each !== undefined)).toHaveLength(1);
  });

  it('is not made while there is an admin: a token without limits, or a person', async () => {
    await forgetAll();
    await newToken(store, { role: 'operator' });
    await newToken(store, { role: 'admin', scope: { workflows: ['one'] } });
    expect(await store.hasAdmin()).toBe(false);
    await store.setRole('ada@example.com', 'admin', entry());
    expect(await makeFirstToken(store, 'cli')).toBeUndefined();
    await store.removePerson('ada@example.com', entry());
    await newToken(store);
    expect(await makeFirstToken(store, 'cli')).toBeUndefined();
  });
});
