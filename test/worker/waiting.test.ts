import { describe, expect, it } from 'vitest';
import { waitingAbout } from '../../worker/waiting.ts';
import { liveRun, request } from '../store/approval.ts';
import { backends } from '../store/backends.ts';
import { parkedAt } from '../store/question.ts';
import { delivery, entry, fresh } from '../store/world.ts';

describe.each(await backends())('what waits for people about an incident, on $name', ({ world }) => {
  const store = world.newStore();
  const since = '2026-11-26T09:00:00.000Z';
  const stuck = { reason: 'NoWorker' as const, message: 'nobody takes\nits next step', since };

  it('are its open approvals, its runs that stand still and its parked events', async () => {
    const { runId, subject } = await liveRun(store);
    const asked = await store.askApproval(request({ runId, subject, summary: 'Reboots i-0abc' }));
    await store.setStuck({ id: runId }, stuck, entry());
    const parked = await store.receive(delivery({ subject, unreadable: 'no title' }));
    expect(await waitingAbout([subject, fresh('P')], store)).toEqual([
      { subject, kind: 'approval', id: asked.id, why: 'Reboots i-0abc' },
      { subject, kind: 'run', id: runId, why: 'nobody takes its next step' },
      { subject, kind: 'event', id: String(parked.seq), why: 'unreadable: no title' },
    ]);
  });

  it('are its parked runs, by the id with which they are decided about', async () => {
    const { runId, subject } = await liveRun(store);
    const { summary } = await store.askQuestion(parkedAt({ runId, subject }));
    expect(await waitingAbout([subject], store)).toEqual([
      { subject, kind: 'parked', id: runId, why: summary },
    ]);
  });

  it('is nothing that is over, or about another one', async () => {
    const { runId, subject } = await liveRun(store);
    const { id } = await store.askApproval(request({ runId, subject }));
    await store.closeApproval(id, 'withdrawn', 'the run was stopped');
    await store.setStuck({ id: runId }, undefined, entry());
    await store.receive(delivery({ subject }));
    await store.receive(delivery({ subject: fresh('P'), unreadable: 'no title' }));
    expect(await waitingAbout([subject], store)).toEqual([]);
  });
});
