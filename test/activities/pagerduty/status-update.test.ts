import { describe, expect, it } from 'vitest';
import { addPagerDutyNote } from '../../../activities/pagerduty/add-note.ts';
import { escalatePagerDutyIncident } from '../../../activities/pagerduty/escalate-incident.ts';
import { publishPagerDutyStatusUpdate } from '../../../activities/pagerduty/publish-status-update.ts';
import { raiseIncident } from '../../../simulator/pagerduty.ts';
import { effects, startAccount } from './account.ts';

async function withIncident() {
  const account = await startAccount();
  const incidentId = raiseIncident(account.simulator, { title: 'slow', service: 'Checkout', urgency: 'low' });
  return { ...account, incidentId };
}

const message = 'Nobody can pay "by card"';
const actor = { kind: 'person' as const, name: 'Ben', email: 'ben@example.com' };

describe('a status update', () => {
  it('is published in the name of whoever asks', async () => {
    const { simulator, run, incidentId } = await withIncident();
    expect(await run(publishPagerDutyStatusUpdate, { incidentId, message, actor })).toEqual({
      changed: true,
    });
    expect(simulator.ledger).toMatchObject([
      { effect: 'status update published', by: 'ben@example.com', detail: { message } },
    ]);
  });

  it('is not published again after an attempt that has published it', async () => {
    const { simulator, run, incidentId } = await withIncident();
    const uncertainSince = new Date().toISOString();
    simulator.fail({ kind: 'cut-after', match: 'status_updates' });
    await expect(run(publishPagerDutyStatusUpdate, { incidentId, message })).rejects.toThrow();
    const again = { number: 2, uncertainSince };
    expect(await run(publishPagerDutyStatusUpdate, { incidentId, message }, again)).toEqual({
      changed: false,
    });
    expect(effects(simulator)).toEqual(['status update published']);
  });

  it('is not published, and said to be unconfirmed, where the log tells nothing of an attempt that may have done it', async () => {
    const { simulator, run, incidentId } = await withIncident();
    await run(addPagerDutyNote, { incidentId, note: message });
    const again = { number: 2, uncertainSince: new Date().toISOString() };
    expect(await run(publishPagerDutyStatusUpdate, { incidentId, message }, again)).toEqual({
      changed: false,
      unconfirmed: true,
    });
    simulator.fail({ kind: 'status', status: 403, match: 'log_entries' });
    expect(await run(publishPagerDutyStatusUpdate, { incidentId, message }, again)).toEqual({
      changed: false,
      unconfirmed: true,
    });
    expect(effects(simulator)).toEqual(['note added']);
  });
});

describe('an escalation that comes second', () => {
  it('names who was first', async () => {
    const { run, incidentId } = await withIncident();
    await run(escalatePagerDutyIncident, { incidentId, level: 2, actor });
    expect(await run(escalatePagerDutyIncident, { incidentId, level: 2 })).toMatchObject({
      changed: false,
      escalatedBy: 'Ben Okafor',
    });
  });
});
