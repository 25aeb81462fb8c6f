import { describe, expect, it } from 'vitest';
import { listPagerDutyPastIncidents } from '../../../activities/pagerduty/list-past-incidents.ts';
import { listPagerDutyRelatedIncidents } from '../../../activities/pagerduty/list-related-incidents.ts';
import { raiseIncident, resolveAs } from '../../../simulator/pagerduty.ts';
import { startAccount } from './account.ts';

describe('the incidents beside one', () => {
  it('are the past ones like it of its service, the newest first', async () => {
    const { simulator, run } = await startAccount();
    const raise = (title: string, service: string) => raiseIncident(simulator, { title, service });
    const [first, second] = ['db-1', 'db-2'].map((host) => raise(`Disk full on ${host}`, 'Checkout'));
    raise('Disk full on db-1', 'Search');
    raise('Slow', 'Checkout');
    resolveAs(simulator, first ?? '', 'PADALOP');
    const incidentId = raise('Disk full on db-3', 'Checkout');
    const { incidents, total } = (await run(listPagerDutyPastIncidents, { incidentId })) as {
      incidents: { id: string }[];
      total: number;
    };
    expect(new Set(incidents.map(({ id }) => id))).toEqual(new Set([first, second]));
    expect(incidents).toContainEqual(
      expect.objectContaining({ id: second, title: 'Disk full on db-2', createdAt: expect.any(String) }),
    );
    expect(total).toBe(2);
  });

  it('are those that are open now at other services, with why they are related', async () => {
    const { simulator, run } = await startAccount();
    const other = raiseIncident(simulator, { title: 'Slow answers', service: 'Search' });
    const incidentId = raiseIncident(simulator, { title: 'Slow answers', service: 'Checkout' });
    expect(await run(listPagerDutyRelatedIncidents, { incidentId })).toMatchObject({
      incidents: [{ id: other, title: 'Slow answers', relations: ['machine_learning_inferred'] }],
    });
  });

  it.each([402, 403, 404])('are unavailable, not an error, when PagerDuty answers %i', async (status) => {
    const { simulator, run } = await startAccount();
    const unavailable = `Ordered error ${status}`;
    simulator.fail({ kind: 'status', status, times: 2 });
    expect(await run(listPagerDutyPastIncidents, { incidentId: 'Q1' })).toEqual({ unavailable });
    expect(await run(listPagerDutyRelatedIncidents, { incidentId: 'Q1' })).toEqual({ unavailable });
  });

  it('are asked for again where PagerDuty is away', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'status', status: 503 });
    await expect(run(listPagerDutyPastIncidents, { incidentId: 'Q1' })).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
  });
});
