import { describe, expect, it } from 'vitest';
import { setPagerDutyIncidentBridge } from '../../../activities/pagerduty/set-bridge.ts';
import { raiseIncident, resolveAs } from '../../../simulator/pagerduty.ts';
import { failureOf } from '../run.ts';
import { effects, startAccount } from './account.ts';

async function withIncident(bridge?: { url: string; number: string }) {
  const account = await startAccount();
  const incidentId = raiseIncident(account.simulator, { title: 'slow', service: 'Checkout' });
  const incident = account.simulator.world.incidents.find(({ id }) => id === incidentId);
  if (!incident) throw new Error('The incident is gone');
  if (bridge) incident.bridge = bridge;
  const set = (url: string, more: object = {}) =>
    account.run(setPagerDutyIncidentBridge, { incidentId, url, ...more });
  return { ...account, incidentId, incident, set };
}

const meet = 'https://meet.example.com/checkout';

describe('setPagerDutyIncidentBridge', () => {
  it('sets the address, once', async () => {
    const { simulator, incident, set } = await withIncident();
    expect(await set(meet)).toEqual({ changed: true, url: meet });
    expect(await set(meet)).toEqual({ changed: false, url: meet });
    expect(incident.bridge).toEqual({ url: meet, number: '' });
    expect(effects(simulator)).toEqual(['incident bridge set']);
  });

  it('leaves the number to dial as it is', async () => {
    const { incident, set } = await withIncident({ url: '', number: '+1 415-555-1212,,1234#' });
    await set(meet);
    expect(incident.bridge).toEqual({ url: meet, number: '+1 415-555-1212,,1234#' });
  });

  it('replaces another address, unless it is told to leave one that is set', async () => {
    const own = 'https://meet.example.com/their-own';
    const { simulator, incident, set } = await withIncident({ url: own, number: '' });
    expect(await set(meet, { unlessSet: true })).toEqual({ changed: false, url: own });
    expect(effects(simulator)).toEqual([]);
    expect(await set(meet)).toEqual({ changed: true, url: meet });
    expect(incident.bridge?.url).toBe(meet);
  });

  it('leaves a resolved incident alone', async () => {
    const { simulator, incidentId, set } = await withIncident();
    resolveAs(simulator, incidentId, 'PADALOP');
    expect(await failureOf(set(meet))).toMatchObject({ type: 'Conflict' });
  });

  it('takes no other address than one of the web', async () => {
    const { set } = await withIncident();
    for (const url of ['meet.example.com', 'http://meet.example.com', 'javascript:alert(1)'])
      expect(() => set(url)).toThrow('Invalid URL');
  });
});
