import { describe, expect, it } from 'vitest';
import { ownBudgets } from '../../store/changes/budgets.ts';
import { backends } from './backends.ts';

const bucket = { perSecond: 0.001, most: 10 };

describe.each(await backends())('requests leased on $name', ({ name, world }) => {
  it('are no more than the bucket holds, over all processes', async () => {
    const stores = [world.newStore(), world.newStore(), world.newStore()];
    const leases = await Promise.all(
      stores.flatMap((store) => [1, 2, 3].map(() => store.leaseRequests(`shared on ${name}`, bucket, 2))),
    );
    expect(leases.reduce((sum, { granted }) => sum + granted, 0)).toBe(bucket.most);
    expect(leases.filter(({ granted }) => granted === 0).map(({ waitSeconds }) => waitSeconds > 900)).toEqual(
      leases.filter(({ granted }) => granted === 0).map(() => true),
    );
  });

  it('come back with time, and never more than the bucket holds', async () => {
    const store = world.newStore();
    const quick = { perSecond: 100_000, most: 10 };
    await store.leaseRequests(`quick on ${name}`, quick, 10);
    let granted = 0;
    // The database's clock may stand still for a millisecond.
    for (let tries = 0; granted === 0 && tries < 10_000; tries += 1)
      ({ granted } = await store.leaseRequests(`quick on ${name}`, quick, 50));
    expect(granted).toBeGreaterThan(0);
    expect(granted).toBeLessThanOrEqual(10);
  });

  it('are kept for an urgent ask that got nothing, until its turn', async () => {
    const [mine, others] = [world.newStore(), world.newStore()];
    const slow = { perSecond: 5, most: 1 };
    const bucketName = `kept on ${name}`;
    await others.leaseRequests(bucketName, slow, 1);
    const asked = await mine.leaseRequests(bucketName, slow, 1, true);
    expect(asked.granted).toBe(0);
    expect(asked.waitSeconds).toBeLessThanOrEqual(0.2);
    // Whoever else asks has to wait for longer than it takes until there is one.
    const lease = await others.leaseRequests(bucketName, slow, 1);
    expect(lease.granted).toBe(0);
    expect(lease.waitSeconds).toBeGreaterThan(asked.waitSeconds);
    const until = Date.now() + 5_000;
    let [urgent, other] = [0, 0];
    while (urgent === 0 && Date.now() < until) {
      other += (await others.leaseRequests(bucketName, slow, 1)).granted;
      urgent += (await mine.leaseRequests(bucketName, slow, 1, true)).granted;
    }
    expect([urgent, other]).toEqual([1, 0]);
    // And then they have their turns again.
    while (other === 0 && Date.now() < until)
      other += (await others.leaseRequests(bucketName, slow, 1)).granted;
    expect(other).toBe(1);
  });

  it('are counted by name', async () => {
    const store = world.newStore();
    await store.leaseRequests(`one on ${name}`, bucket, 10);
    expect(await store.leaseRequests(`other on ${name}`, bucket, 10)).toEqual({
      granted: 10,
      waitSeconds: 0,
    });
  });
});

describe('requests leased in a process that has the store for itself', () => {
  it('are no more than the bucket holds, and come back with time', async () => {
    let now = 0;
    const { leaseRequests } = ownBudgets(() => now);
    const two = { perSecond: 2, most: 4 };
    expect(await leaseRequests('one', two, 3)).toEqual({ granted: 3, waitSeconds: 0 });
    expect(await leaseRequests('one', two, 3)).toEqual({ granted: 1, waitSeconds: 0 });
    expect(await leaseRequests('one', two, 3)).toEqual({ granted: 0, waitSeconds: 0.5 });
    now = 250;
    expect(await leaseRequests('one', two, 3)).toEqual({ granted: 0, waitSeconds: 0.25 });
    now = 1_000;
    expect(await leaseRequests('one', two, 3)).toEqual({ granted: 2, waitSeconds: 0 });
    now = 60_000;
    expect(await leaseRequests('one', two, 9)).toEqual({ granted: 4, waitSeconds: 0 });
  });
});
