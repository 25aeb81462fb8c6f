import { describe, expect, it } from 'vitest';
import { liveRun } from './approval.ts';
import { backends } from './backends.ts';
import { entry, fresh } from './world.ts';

const notice = (about: string) => ({ about, text: `${about} waits for you`, links: [] });
const at = '2026-11-26T09:00:00.000Z';

describe.each(await backends())('notices on $name', ({ world }) => {
  const store = world.newStore();
  async function left(person: string, ...abouts: string[]): Promise<string> {
    const { runId } = await liveRun(store);
    for (const about of abouts) await store.leaveNotice({ runId, id: about, person, notice: notice(about) });
    return runId;
  }
  const untold = async (person: string) =>
    (await store.untoldNotices(person)).notices.map(({ about }) => about);

  it('of all runs wait for one person, oldest first, and for nobody else', async () => {
    const person = fresh('U0');
    await left(person, '#1', '#2');
    await left(fresh('U0'), '#3');
    await left(person, '#4');
    expect(await store.untoldNotices(person)).toEqual({
      notices: [notice('#1'), notice('#2'), notice('#4')],
    });
  });

  it('are left once under one id, also after they were told', async () => {
    const person = fresh('U0');
    const runId = await left(person, '#1', '#1');
    expect(await store.claimNotices(person, 'key')).toEqual([notice('#1')]);
    await store.toldNotices(person, 'key', at);
    await store.leaveNotice({ runId, id: '#1', person, notice: notice('#1') });
    expect(await store.untoldNotices(person)).toEqual({ notices: [], lastToldAt: at });
  });

  it('that are left between the claim and the word stay', async () => {
    const person = fresh('U0');
    await left(person, '#1');
    await store.claimNotices(person, 'key');
    await left(person, '#2');
    await store.toldNotices(person, 'key', at);
    expect(await untold(person)).toEqual(['#2']);
  });

  it('that were claimed by an effect which told nothing are told by the next one', async () => {
    const person = fresh('U0');
    await left(person, '#1');
    await store.claimNotices(person, 'lost');
    expect(await store.claimNotices(person, 'next')).toEqual([notice('#1')]);
    await store.toldNotices(person, 'lost', at);
    expect(await untold(person)).toEqual(['#1']);
  });

  it('are told no more once they are withdrawn, or their run has ended', async () => {
    const person = fresh('U0');
    const withdrawn = await left(person, '#1', '#2');
    await store.withdrawNotice(withdrawn, '#1');
    expect(await untold(person)).toEqual(['#2']);
    await store.endRun({
      id: withdrawn,
      workflow: 'w',
      state: 'cancelled',
      outcome: 'cancelled',
      entry: entry(),
      event: {
        source: '/baton',
        eventId: fresh('end-'),
        type: 'run.cancelled',
        time: at,
        actor: 'baton',
        via: 'worker',
      },
    });
    expect(await untold(person)).toEqual([]);
  });

  it('are forgotten after a day', async () => {
    const person = fresh('U0');
    await left(person, '#1');
    await world.run(`update notices set left_at = now() - interval '25 hours' where person = '${person}'`);
    await left(fresh('U0'), '#2');
    expect(await untold(person)).toEqual([]);
  });
});
