import { describe, expect, it } from 'vitest';
import { acknowledgePagerDutyIncident } from '../../../activities/pagerduty/acknowledge-incident.ts';
import { escalatePagerDutyIncident } from '../../../activities/pagerduty/escalate-incident.ts';
import { listPagerDutyAlerts } from '../../../activities/pagerduty/list-alerts.ts';
import { listPagerDutyIncidents } from '../../../activities/pagerduty/list-incidents.ts';
import { readPagerDutyIncident } from '../../../activities/pagerduty/read-incident.ts';
import { reassignPagerDutyIncident } from '../../../activities/pagerduty/reassign-incident.ts';
import { resolvePagerDutyIncident } from '../../../activities/pagerduty/resolve-incident.ts';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../../simulator/pagerduty.ts';
import { effects, startAccount } from './account.ts';

const raised = {
  title: 'StatusCheckFailed on i-0abc12345def67890',
  service: 'Checkout',
  priority: 'P1',
  alert: {
    key: 'checkout/i-0abc12345def67890',
    severity: 'critical',
    summary: 'StatusCheckFailed',
    details: { instance: 'i-0abc12345def67890' },
  },
} as const;
const ada = { kind: 'person', name: 'Ada Lopez', email: 'ada@example.com' } as const;

describe('reading incidents', () => {
  it('tells what PagerDuty knows of an incident, with the people’s names and e-mails', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    acknowledgeAs(simulator, incidentId, 'PBENOKA');

    expect(await run(readPagerDutyIncident, { incidentId })).toEqual({
      id: incidentId,
      number: 4211,
      title: raised.title,
      status: 'acknowledged',
      urgency: 'high',
      priority: { id: 'PPRIO01', name: 'P1' },
      incidentKey: raised.alert.key,
      service: { id: 'PCHECKO', name: 'Checkout' },
      assignees: [{ id: 'PADALOP', name: 'Ada Lopez', email: 'ada@example.com' }],
      acknowledgers: [
        { id: 'PBENOKA', name: 'Ben Okafor', email: 'ben@example.com', at: expect.any(String) },
      ],
      teams: [],
      escalationPolicy: { id: 'PEPCHEC', name: 'Checkout on-call' },
      createdAt: expect.any(String),
      url: `https://acme.pagerduty.com/incidents/${incidentId}`,
    });
  });

  it('tells who resolved an incident', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    resolveAs(simulator, incidentId, 'PADALOP');
    const incident = await run(readPagerDutyIncident, { incidentId });
    expect(incident).toMatchObject({ status: 'resolved', resolvedBy: { email: 'ada@example.com' } });
  });

  it('lists incidents over several pages', async () => {
    const { simulator, run } = await startAccount();
    for (let number = 0; number < 120; number++)
      raiseIncident(simulator, { title: 'slow', service: 'Search' });
    const all = await run(listPagerDutyIncidents, { serviceIds: ['PSEARCH'], statuses: ['triggered'] });
    expect(all.incidents).toHaveLength(120);
    expect(all.truncated).toBe(false);
    expect(simulator.calls).toHaveLength(2);
  });

  it('finds an incident by its key', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    raiseIncident(simulator, { title: 'another', service: 'Search' });
    const { incidents } = await run(listPagerDutyIncidents, { incidentKey: raised.alert.key });
    expect(incidents.map(({ id }) => id)).toEqual([incidentId]);
  });

  it('refuses a range of more than six months before any call', () => {
    const range = { since: '2026-01-01T00:00:00Z', until: '2026-09-01T00:00:00Z' };
    expect(listPagerDutyIncidents.input.safeParse(range).success).toBe(false);
  });

  it('refuses an id that would change the path', () => {
    for (const incidentId of ['../users', 'Q1/notes', '', 'Q1?x=1', '..'])
      expect(readPagerDutyIncident.input.safeParse({ incidentId }).success).toBe(false);
  });

  it('gives an alert’s details, and cuts those that are too long for a run’s history', async () => {
    const { simulator, run } = await startAccount();
    const details = { dump: 'x'.repeat(40_000), namespace: 'shop' };
    const incidentId = raiseIncident(simulator, { ...raised, alert: { ...raised.alert, details } });
    const { alerts } = await run(listPagerDutyAlerts, { incidentId });
    expect(alerts).toMatchObject([
      {
        key: raised.alert.key,
        severity: 'critical',
        status: 'triggered',
        details: { namespace: 'shop' },
        truncated: true,
      },
    ]);
    expect(JSON.stringify(alerts).length).toBeLessThan(33_000);
  });

  it('takes details that are a text, and those that only the common event format has', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    const [alert] = simulator.world.alerts;
    if (!alert) throw new Error('no alert');
    alert.details = 'disk full';
    const { alerts } = await run(listPagerDutyAlerts, { incidentId });
    expect(alerts[0]?.details).toEqual({ text: 'disk full' });
  });
});

describe('acknowledging', () => {
  it('acknowledges as the person who acts', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    const { changed, incident } = await run(acknowledgePagerDutyIncident, { incidentId, actor: ada });
    expect({ changed, status: incident.status }).toEqual({ changed: true, status: 'acknowledged' });
    expect(simulator.ledger).toMatchObject([
      { effect: 'incident acknowledged', target: incidentId, by: 'ada@example.com' },
    ]);
  });

  it('leaves an acknowledged incident alone and says who has it', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    acknowledgeAs(simulator, incidentId, 'PBENOKA');
    const { changed, incident } = await run(acknowledgePagerDutyIncident, { incidentId });
    expect(changed).toBe(false);
    expect(incident.acknowledgers.map(({ email }) => email)).toEqual(['ben@example.com']);
    expect(simulator.ledger).toEqual([]);
  });

  it('never reopens a resolved incident', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    resolveAs(simulator, incidentId, 'PADALOP');
    await expect(run(acknowledgePagerDutyIncident, { incidentId })).rejects.toMatchObject({
      type: 'Conflict',
    });
    expect(simulator.ledger).toEqual([]);
  });

  it('acknowledges once when the connection is cut after the first time', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    simulator.fail({ kind: 'cut-after', match: 'PUT' });
    await expect(run(acknowledgePagerDutyIncident, { incidentId })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    const again = await run(acknowledgePagerDutyIncident, { incidentId }, { number: 2 });
    expect(again).toMatchObject({ changed: false, incident: { status: 'acknowledged' } });
    expect(effects(simulator)).toEqual(['incident acknowledged']);
  });
});

describe('resolving', () => {
  const evidence = 'p99 below 300 ms for 5 minutes <b>&</b>';

  it('says in a note what was checked', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    const { changed, incident } = await run(resolvePagerDutyIncident, { incidentId, evidence });
    expect({ changed, status: incident.status }).toEqual({ changed: true, status: 'resolved' });
    expect(simulator.world.notes.map(({ content }) => content)).toEqual([
      `Resolving: ${evidence}\n\n(baton run-1#5)`,
    ]);
    expect(effects(simulator)).toEqual(['note added', 'incident resolved']);
  });

  it('changes nothing on an incident that a person has resolved', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    resolveAs(simulator, incidentId, 'PADALOP');
    expect(await run(resolvePagerDutyIncident, { incidentId, evidence })).toMatchObject({ changed: false });
    expect(simulator.ledger).toEqual([]);
  });

  it.each(['POST', 'PUT'])('has each effect once when the connection is cut after the %s', async (match) => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    simulator.fail({ kind: 'cut-after', match });
    await expect(run(resolvePagerDutyIncident, { incidentId, evidence })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ provider: 'PagerDuty', effect: 'unknown' }],
    });
    const { incident } = await run(resolvePagerDutyIncident, { incidentId, evidence }, { number: 2 });
    expect(incident.status).toBe('resolved');
    expect(effects(simulator)).toEqual(['note added', 'incident resolved']);
  });

  it('finds it resolved when a person was faster between look and act', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    const post = simulator.account.annotate;
    simulator.account.annotate = (...args) => {
      const note = post(...args);
      resolveAs(simulator, incidentId, 'PADALOP');
      return note;
    };
    const outcome = await run(resolvePagerDutyIncident, { incidentId, evidence });
    expect(outcome).toMatchObject({ changed: false, incident: { status: 'resolved' } });
    expect(effects(simulator)).toEqual(['note added']);
  });
});

describe('PagerDuty’s "already"', () => {
  it('does not count when the incident is still open', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    simulator.account.resolve = () => false;
    await expect(run(resolvePagerDutyIncident, { incidentId, evidence: 'none' })).rejects.toMatchObject({
      type: 'ProviderRefused',
      message: 'PagerDuty refused (400): Incident Already Resolved',
    });
  });
});

describe('escalating', () => {
  it('goes up to the level, once', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    simulator.fail({ kind: 'cut-after', match: 'PUT' });
    await expect(run(escalatePagerDutyIncident, { incidentId, level: 2 })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    const again = await run(escalatePagerDutyIncident, { incidentId, level: 2 }, { number: 2 });
    expect(again).toMatchObject({ changed: false, level: 2, incident: { assignees: [{ id: 'PBENOKA' }] } });
    expect(effects(simulator)).toEqual(['incident escalated']);
  });

  it('never lowers', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    await run(escalatePagerDutyIncident, { incidentId, level: 2 });
    expect(await run(escalatePagerDutyIncident, { incidentId, level: 1 })).toMatchObject({
      changed: false,
      level: 2,
    });
    expect(effects(simulator)).toEqual(['incident escalated']);
  });

  it('is left undone where the incident no longer has the status that it was asked for', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    acknowledgeAs(simulator, incidentId, 'PBENOKA');
    const escalate = (whileStatus: 'triggered' | 'acknowledged') =>
      run(escalatePagerDutyIncident, { incidentId, level: 2, whileStatus });
    expect(await escalate('triggered')).toMatchObject({
      changed: false,
      level: 1,
      incident: { status: 'acknowledged' },
    });
    expect(effects(simulator)).toEqual([]);
    expect(await escalate('acknowledged')).toMatchObject({ changed: true, level: 2 });
  });

  it('goes up to somebody who is on both levels, and not twice', async () => {
    const { simulator, run } = await startAccount();
    for (const policy of simulator.world.policies) policy.levels = [['PADALOP'], ['PADALOP']];
    const incidentId = raiseIncident(simulator, raised);
    simulator.fail({ kind: 'cut-after', match: 'PUT' });
    const toSecond = { incidentId, level: 2 };
    await expect(run(escalatePagerDutyIncident, toSecond)).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    const repeat = { number: 2, uncertainSince: '2026-11-20T09:00:00Z' };
    expect(await run(escalatePagerDutyIncident, toSecond, repeat)).toMatchObject({
      changed: false,
      level: 2,
    });
    expect(effects(simulator)).toEqual(['incident escalated']);
  });

  it('meets a conflict beyond the last level and on a resolved incident', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    await expect(run(escalatePagerDutyIncident, { incidentId, level: 9 })).rejects.toMatchObject({
      type: 'Conflict',
    });
    resolveAs(simulator, incidentId, 'PADALOP');
    await expect(run(escalatePagerDutyIncident, { incidentId, level: 2 })).rejects.toMatchObject({
      type: 'Conflict',
    });
    expect(simulator.ledger).toEqual([]);
  });
});

describe('reassigning', () => {
  it('gives the incident to other people, once', async () => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, raised);
    const toBen = { incidentId, userIds: ['PBENOKA'] };
    simulator.fail({ kind: 'cut-after', match: 'PUT' });
    await expect(run(reassignPagerDutyIncident, toBen)).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
    const again = await run(reassignPagerDutyIncident, toBen, { number: 2 });
    expect(again).toMatchObject({ changed: false, incident: { assignees: [{ id: 'PBENOKA' }] } });
    expect(effects(simulator)).toEqual(['incident reassigned']);
  });

  it('gives it to another escalation policy', async () => {
    const { simulator, run } = await startAccount();
    simulator.world.policies.push({ id: 'PEPSEAR', name: 'Search on-call', levels: [['PBENOKA']] });
    const incidentId = raiseIncident(simulator, raised);
    const outcome = await run(reassignPagerDutyIncident, { incidentId, escalationPolicyId: 'PEPSEAR' });
    expect(outcome).toMatchObject({ changed: true, incident: { escalationPolicy: { id: 'PEPSEAR' } } });
  });

  it('takes either people or a policy', () => {
    const both = { incidentId: 'Q1', userIds: ['PBENOKA'], escalationPolicyId: 'PEPCHEC' };
    expect(reassignPagerDutyIncident.input.safeParse(both).success).toBe(false);
    expect(reassignPagerDutyIncident.input.safeParse({ incidentId: 'Q1' }).success).toBe(false);
  });
});
