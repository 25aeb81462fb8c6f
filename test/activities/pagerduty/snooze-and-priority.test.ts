import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkPagerDutyResponder } from '../../../activities/pagerduty/check-responder.ts';
import { findPagerDutyService } from '../../../activities/pagerduty/find-service.ts';
import { sendPagerDutyChangeEvent } from '../../../activities/pagerduty/send-change-event.ts';
import { setPagerDutyIncidentPriority } from '../../../activities/pagerduty/set-priority.ts';
import { setPagerDutyIncidentUrgency } from '../../../activities/pagerduty/set-urgency.ts';
import { snoozePagerDutyIncident } from '../../../activities/pagerduty/snooze-incident.ts';
import {
  acknowledgeAs,
  pagerDutyEnvironment,
  raiseIncident,
  resolveAs,
} from '../../../simulator/pagerduty.ts';
import { failureOf, runnerFor } from '../run.ts';
import { effects, startAccount } from './account.ts';

async function withIncident() {
  const account = await startAccount();
  const incidentId = raiseIncident(account.simulator, { title: 'slow', service: 'Checkout', urgency: 'low' });
  return { ...account, incidentId };
}

describe('snoozePagerDutyIncident', () => {
  it('lets an acknowledged incident rest, in the name of whoever asks', async () => {
    const { simulator, run, incidentId } = await withIncident();
    acknowledgeAs(simulator, incidentId, 'PADALOP');
    const actor = { kind: 'person' as const, name: 'Ben', email: 'ben@example.com' };
    expect(await run(snoozePagerDutyIncident, { incidentId, minutes: 30, actor })).toMatchObject({
      changed: true,
    });
    expect(simulator.ledger).toMatchObject([
      { effect: 'incident snoozed', by: 'ben@example.com', detail: { duration: 1_800 } },
    ]);
  });

  it('again restarts the clock, but not after an attempt that may have done it', async () => {
    const { simulator, run, incidentId } = await withIncident();
    acknowledgeAs(simulator, incidentId, 'PADALOP');
    const uncertainSince = new Date().toISOString();
    await run(snoozePagerDutyIncident, { incidentId, minutes: 30 });
    const again = { number: 2, uncertainSince };
    expect(await run(snoozePagerDutyIncident, { incidentId, minutes: 30 }, again)).toMatchObject({
      changed: false,
    });
    expect(await run(snoozePagerDutyIncident, { incidentId, minutes: 60 }, again)).toMatchObject({
      changed: true,
    });
    expect(await run(snoozePagerDutyIncident, { incidentId, minutes: 60 })).toMatchObject({ changed: true });
    expect(effects(simulator)).toEqual(Array(3).fill('incident snoozed'));
  });

  describe('until a time of day', () => {
    const ada = { kind: 'person' as const, name: 'Ada', email: 'ada@example.com' };
    async function acknowledged() {
      const account = await withIncident();
      acknowledgeAs(account.simulator, account.incidentId, 'PADALOP');
      return account;
    }
    const noon = Date.parse('2026-11-26T12:00:00Z');
    const askedAt = new Date(noon).toISOString();
    beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: noon }));
    afterEach(() => void vi.useRealTimers());

    it('is that of the zone that is named, else of the acting person’s in PagerDuty', async () => {
      const { simulator, run, incidentId } = await acknowledged();
      const snooze = (until: object) =>
        run(snoozePagerDutyIncident, { incidentId, until: { time: '15:00', askedAt, ...until }, actor: ada });
      expect((await snooze({})).until).toEqual({
        at: '2026-11-26T14:00:00.000Z',
        inWords: 'Thu 26 Nov 2026, 15:00 (Europe/Berlin, UTC+1)',
        isTomorrow: false,
      });
      expect((await snooze({ timeZone: 'Middle-earth/Shire' })).until?.at).toBe('2026-11-26T14:00:00.000Z');
      expect((await snooze({ timeZone: 'UTC', day: 'tomorrow' })).until?.isTomorrow).toBe(true);
      const hours = simulator.ledger.map(({ detail }) => (detail as { duration: number }).duration / 3_600);
      expect(hours).toEqual([2, 2, 27]);
    });

    it('was made, where an attempt that may have made it has left that time', async () => {
      const { simulator, run, incidentId } = await acknowledged();
      const asked = { incidentId, until: { time: '15:00', askedAt }, actor: ada };
      await run(snoozePagerDutyIncident, asked);
      const again = { number: 2, uncertainSince: askedAt };
      expect(await run(snoozePagerDutyIncident, asked, again)).toMatchObject({
        changed: false,
        until: { at: '2026-11-26T14:00:00.000Z' },
      });
      expect(effects(simulator)).toEqual(['incident snoozed']);
    });

    it.each([
      ['has passed today', { time: '09:00', day: 'today' as const, askedAt }],
      ['has passed by now', { time: '12:00', askedAt: '2026-11-26T10:00:00Z' }],
    ])('that %s is a conflict', async (words, until) => {
      const { simulator, run, incidentId } = await acknowledged();
      expect(await failureOf(run(snoozePagerDutyIncident, { incidentId, until, actor: ada }))).toMatchObject({
        type: 'Conflict',
        message: expect.stringContaining(words),
      });
      expect(simulator.ledger).toEqual([]);
    });
  });

  it.each(['triggered', 'resolved'])('is a conflict on an incident that is %s', async (status) => {
    const { simulator, run, incidentId } = await withIncident();
    if (status === 'resolved') resolveAs(simulator, incidentId, 'PADALOP');
    expect(await failureOf(run(snoozePagerDutyIncident, { incidentId, minutes: 30 }))).toMatchObject({
      type: 'Conflict',
      message: expect.stringContaining(status),
    });
    expect(simulator.ledger).toEqual([]);
  });
});

describe('setPagerDutyIncidentPriority', () => {
  it('takes a name or an id, and compares first', async () => {
    const { simulator, run, incidentId } = await withIncident();
    expect(await run(setPagerDutyIncidentPriority, { incidentId, priority: 'p2' })).toMatchObject({
      changed: true,
      incident: { priority: { id: 'PPRIO02', name: 'P2' } },
    });
    expect(await run(setPagerDutyIncidentPriority, { incidentId, priority: 'PPRIO02' })).toMatchObject({
      changed: false,
    });
    expect(effects(simulator)).toEqual(['incident priority set']);
  });

  it.each(['P-2', 'p 2', ' P.2 '])('takes "%s" for P2', async (priority) => {
    const { run, incidentId } = await withIncident();
    expect(await run(setPagerDutyIncidentPriority, { incidentId, priority })).toMatchObject({
      incident: { priority: { name: 'P2' } },
    });
  });

  it.each(['SEV1', 'sev-1', 'Sev 1'])(
    'takes "%s" for SEV-1, and of two such asks which',
    async (priority) => {
      const { simulator, run, incidentId } = await withIncident();
      const { priorities } = simulator.world;
      priorities.push({ id: 'PSEV001', name: 'SEV-1' }, { id: 'PSEV002', name: 'SEV-2' });
      expect(await run(setPagerDutyIncidentPriority, { incidentId, priority })).toMatchObject({
        incident: { priority: { id: 'PSEV001' } },
      });
      priorities.push({ id: 'PSEV003', name: 'Sev.1' });
      expect(
        await failureOf(run(setPagerDutyIncidentPriority, { incidentId, priority: 'sev1' })),
      ).toMatchObject({
        message: expect.stringMatching(/Did you mean "(SEV-1|Sev\.1)"\?/),
      });
    },
  );

  it('names those there are where it is asked for another', async () => {
    const { run, incidentId } = await withIncident();
    expect(await failureOf(run(setPagerDutyIncidentPriority, { incidentId, priority: 'P9' }))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('There are: P1, P2, P3, P4, P5'),
    });
  });

  it('leaves a resolved incident alone', async () => {
    const { simulator, run, incidentId } = await withIncident();
    resolveAs(simulator, incidentId, 'PADALOP');
    expect(await failureOf(run(setPagerDutyIncidentPriority, { incidentId, priority: 'P1' }))).toMatchObject({
      type: 'Conflict',
    });
  });
});

describe('setPagerDutyIncidentUrgency', () => {
  const ada = { kind: 'person' as const, name: 'Ada', email: 'ada@example.com' };

  it('compares first, and is set in the name of whoever asks', async () => {
    const { simulator, run, incidentId } = await withIncident();
    const urgencyOf = () => simulator.world.incidents.find(({ id }) => id === incidentId)?.urgency;
    expect(await run(setPagerDutyIncidentUrgency, { incidentId, urgency: 'low' })).toMatchObject({
      changed: false,
    });
    expect(await run(setPagerDutyIncidentUrgency, { incidentId, urgency: 'high', actor: ada })).toMatchObject(
      {
        changed: true,
        incident: { urgency: 'high' },
      },
    );
    expect(urgencyOf()).toBe('high');
    expect(await run(setPagerDutyIncidentUrgency, { incidentId, urgency: 'high' })).toMatchObject({
      changed: false,
    });
    expect(simulator.ledger).toMatchObject([
      { effect: 'incident urgency set', by: ada.email, detail: { urgency: 'high' } },
    ]);
  });

  it('leaves a resolved incident alone', async () => {
    const { simulator, run, incidentId } = await withIncident();
    resolveAs(simulator, incidentId, 'PADALOP');
    expect(await failureOf(run(setPagerDutyIncidentUrgency, { incidentId, urgency: 'high' }))).toMatchObject({
      type: 'Conflict',
    });
    expect(simulator.ledger).toEqual([]);
  });
});

describe('findPagerDutyService', () => {
  it.each(['Search', 'search', 'PSEARCH', ' search '])('finds %j', async (service) => {
    const { run } = await startAccount();
    expect(await run(findPagerDutyService, { service })).toMatchObject({
      service: { id: 'PSEARCH', name: 'Search' },
    });
  });

  it('takes no part of a name for the whole, and names what there is', async () => {
    const { run } = await startAccount();
    expect(await run(findPagerDutyService, { service: 'Sear' })).toEqual({
      service: null,
      similar: ['Search'],
    });
    expect(await run(findPagerDutyService, { service: 'x' })).toEqual({
      service: null,
      similar: ['Checkout', 'Search'],
    });
  });
});

describe('a change event to a service', () => {
  it('goes by a key of that service, which nobody is told', async () => {
    const { simulator, run } = await startAccount();
    const result = await run(sendPagerDutyChangeEvent, { summary: 'new index', toService: 'PSEARCH' });
    expect(result).toEqual({ changed: true });
    expect(simulator.world.changeEvents).toMatchObject([{ serviceId: 'PSEARCH', summary: 'new index' }]);
  });

  it('needs a key there', async () => {
    const { simulator, run } = await startAccount();
    const search = simulator.world.services.find(({ id }) => id === 'PSEARCH');
    if (search) search.routingKey = '';
    expect(
      await failureOf(run(sendPagerDutyChangeEvent, { summary: 'x', toService: 'PSEARCH' })),
    ).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('Search has no integration of the Events API v2'),
    });
  });
});

describe('checkPagerDutyResponder on a service', () => {
  it('lets nobody whose role in Baton may only look, whatever PagerDuty says', async () => {
    const { simulator } = await startAccount();
    const env = pagerDutyEnvironment(simulator.url);
    const run = runnerFor(env, { baton: { roleOf: async () => 'viewer' } } as never);
    expect(
      await run(checkPagerDutyResponder, { serviceId: 'PSEARCH', email: 'ben@example.com' }),
    ).toMatchObject({ refusal: expect.stringContaining('you are viewer') });
  });

  it('lets those on its policy, and nobody else', async () => {
    const { simulator, run } = await startAccount();
    simulator.world.users.push({ id: 'PEVE', name: 'Eve', email: 'eve@example.com' });
    const check = (email: string) => run(checkPagerDutyResponder, { serviceId: 'PSEARCH', email });
    expect(await check('ben@example.com')).toMatchObject({ user: { id: 'PBENOKA' } });
    expect(await check('eve@example.com')).toMatchObject({
      refusal: expect.stringContaining('neither in a team nor on the escalation policy'),
    });
  });
});
