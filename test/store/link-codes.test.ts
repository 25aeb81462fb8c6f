import { describe, expect, it } from 'vitest';
import { backends } from './backends.ts';
import { entry, fresh } from './world.ts';

describe.each(await backends())('link codes on $name', ({ world }) => {
  const store = world.newStore();
  const person = () => ({ slackUser: fresh('U0LINK'), email: `${fresh('link')}@example.com` });
  async function given(slackUser: string): Promise<string> {
    const hash = fresh('hash-');
    expect(await store.keepLinkCode(hash, slackUser)).toBe(true);
    return hash;
  }
  const use = (hash: string, email: string, key = fresh('run#')) =>
    store.redeemLinkCode({ hashes: [hash], email, key });
  const age = (hash: string, interval: string) =>
    world.run(`update link_codes set expires_at = now() - interval '${interval}' where hash = '${hash}'`);

  it('link their user of Slack to the address, once', async () => {
    const { slackUser, email } = person();
    const hash = await given(slackUser);
    expect(await use(hash, email)).toEqual({ state: 'linked', slackUser });
    expect(await store.findPersonInSlack(slackUser)).toEqual({ email, slackUser });
    expect(await use(hash, person().email)).toEqual({ state: 'used', slackUser });
    expect(await store.findPersonInSlack(slackUser)).toEqual({ email, slackUser });
  });

  it('give the same answer to the same effect, however often it asks', async () => {
    const { slackUser, email } = person();
    const hash = await given(slackUser);
    const key = fresh('run#');
    expect(await use(hash, email, key)).toEqual({ state: 'linked', slackUser });
    expect(await use(hash, email, key)).toEqual({ state: 'linked', slackUser });
  });

  it('replace the link of their user of Slack, keep the role of whoever had it, and tell of it', async () => {
    const [{ slackUser, email }, other] = [person(), person()];
    await store.setRole(email, 'operator', entry());
    await store.linkSlackUser(email, slackUser, entry());
    expect(await use(await given(slackUser), email)).toEqual({ state: 'linked', slackUser, before: email });
    expect(await use(await given(slackUser), other.email)).toEqual({
      state: 'linked',
      slackUser,
      before: email,
    });
    expect(await store.findPerson(email)).toEqual({ email, role: 'operator', givenRole: 'operator' });
    expect(await store.findPersonInSlack(slackUser)).toMatchObject({ email: other.email });
  });

  it('take no address from another user of Slack', async () => {
    const [holder, { slackUser }] = [person(), person()];
    await store.linkSlackUser(holder.email, holder.slackUser, entry());
    const hash = await given(slackUser);
    expect(await use(hash, holder.email)).toEqual({ state: 'taken', slackUser });
    expect(await store.findPersonInSlack(holder.slackUser)).toMatchObject({ email: holder.email });
    expect(await use(hash, person().email)).toEqual({ state: 'used', slackUser });
  });

  it('are unknown where none was given, and too old after ten minutes', async () => {
    const { slackUser, email } = person();
    expect(await use(fresh('forged-'), email)).toEqual({ state: 'unknown' });
    const hash = await given(slackUser);
    await age(hash, '1 second');
    expect(await use(hash, email)).toEqual({ state: 'expired', slackUser });
    expect(await store.findPerson(email)).toBeUndefined();
  });

  it('count in the order in which they are named, the first that is open', async () => {
    const [one, two] = [person(), person()];
    const [old, open] = [await given(one.slackUser), await given(two.slackUser)];
    await age(old, '1 second');
    const hashes = [old, open];
    expect(await store.redeemLinkCode({ hashes, email: two.email, key: fresh('run#') })).toEqual({
      state: 'linked',
      slackUser: two.slackUser,
    });
  });

  it('are five at most that are open, also where they are asked for at once', async () => {
    const { slackUser, email } = person();
    const hashes = Array.from({ length: 8 }, () => fresh('hash-'));
    const kept = await Promise.all(hashes.map((hash) => store.keepLinkCode(hash, slackUser)));
    expect(kept.filter(Boolean)).toHaveLength(5);
    await use(hashes[kept.indexOf(true)] ?? '', email);
    expect(await store.keepLinkCode(fresh('hash-'), slackUser)).toBe(true);
  });

  it('are forgotten a day after their end', async () => {
    const { slackUser, email } = person();
    const hash = await given(slackUser);
    await age(hash, '25 hours');
    await given(slackUser);
    expect(await use(hash, email)).toEqual({ state: 'unknown' });
  });

  it('are in the record without their hashes', async () => {
    const { slackUser, email } = person();
    const hash = await given(slackUser);
    await use(hash, email);
    const [asked] = await store.readRecord({ subject: slackUser, limit: 10 });
    const [used] = await store.readRecord({ subject: email, limit: 10 });
    expect(asked).toMatchObject({ action: 'link-code.given', detail: { slackUser } });
    expect(used).toMatchObject({ action: 'link-code.used', detail: { slackUser, email, state: 'linked' } });
    expect(JSON.stringify([asked, used])).not.toContain(hash);
  });
});
