import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { prioritizeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { severityRaisedTrigger } from '../../triggers/severity-raised.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident, severityRaisedTrigger] });
});
afterAll(() => world.close());

/** An incident whose room is open. */
async function raise(title: string) {
  const id = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
  const { channelId } = await eventually('the card', () => cardOf(world.slack, id));
  const incident = world.pagerDuty.world.incidents.find((each) => each.id === id);
  if (!incident) throw new Error('The incident is gone');
  return { id, channelId, incident };
}
const toP1 = (id: string) => prioritizeAs(world.pagerDuty, id, 'P1', 'PADALOP');
const asked = (id: string) =>
  eventually('an approval to be asked for', async () => {
    const { items } = await world.store.pageOfApprovals({ subject: id, state: 'pending', limit: 1 });
    return items[0];
  });
const answer = (id: string, decision: 'approved' | 'refused') =>
  world.store.answerApproval(id, { by: 'person:ben@example.com', name: 'Ben Okafor', via: 'cli', decision });
const ended = (id: string) =>
  eventually('the run to end', async () => {
    const run = await world.run(`severity-raised/${id}`);
    return run?.endedAt ? run : undefined;
  });
const priorityOf = async (run: string) =>
  (await world.temporal.client.workflow.getHandle(run).describe()).priority?.priorityKey;
const done = (id: string, effect: string) =>
  world.pagerDuty.ledger.filter((each) => each.target === id && each.effect === effect);
const notes = (id: string) =>
  world.pagerDuty.world.notes
    .filter(({ incidentId }) => incidentId === id)
    .map(({ content }) => content)
    .join('\n');
const inRoom = (channelId: string) =>
  world.slack.world.messages
    .filter((each) => each.channelId === channelId && !each.threadTs)
    .map((message) => JSON.stringify(message))
    .join('\n');

describe('an incident that is raised to P1', () => {
  it('gets responders, a bridge and, once its words are approved, a status update, each once', async () => {
    const { id, channelId, incident } = await raise('Checkout p99 latency above 2 s');
    expect(await priorityOf(`production-incident/${id}`)).not.toBe(1);
    toP1(id);
    const approval = await asked(id);
    // Both go before others from then on: the one that lives, and the one that the change starts.
    expect(await priorityOf(`production-incident/${id}`)).toBe(1);
    expect(await priorityOf(`severity-raised/${id}`)).toBe(1);
    expect(done(id, 'responders requested')).toMatchObject([
      { detail: { targets: [{ id: incident.policyId }] } },
    ]);
    expect(incident.bridge?.url).toContain(channelId);
    expect(notes(id)).toContain('It is P1 now.\nIts escalation policy was asked for responders.');
    expect(notes(id)).toContain(`People meet at ${incident.bridge?.url}`);
    expect(inRoom(channelId)).toContain('It is P1 now.');
    const words = 'Checkout: Checkout p99 latency above 2 s. The priority of this incident was raised to P1';
    expect(approval.calls[0]?.calls.join('\n')).toContain(words);
    expect(approval.approvers).toEqual({ onCallOf: incident.serviceId, role: 'approver' });
    expect(done(id, 'status update published')).toEqual([]);

    await answer(approval.id, 'approved');
    expect((await ended(id)).outcome).toBe('stakeholders told');
    expect(done(id, 'status update published')).toMatchObject([
      { detail: { message: expect.stringContaining(words) } },
    ]);

    prioritizeAs(world.pagerDuty, id, 'P2', 'PADALOP');
    toP1(id);
    const again = await eventually('the answer to the third event', async () => {
      const events = await world.store.listEvents({ subject: id, limit: 50 });
      const raised = events.filter(({ type }) => type === 'pagerduty.incident.priority_updated');
      return raised.length === 3 && raised.every(({ disposition }) => disposition) ? raised : undefined;
    });
    expect(again).toHaveLength(3);
    expect((await world.runs(id)).filter(({ trigger }) => trigger === 'severity-raised')).toHaveLength(1);
    expect(done(id, 'responders requested')).toHaveLength(1);
  });

  it('keeps its own bridge; where the plan has no responders those on call are mentioned; a refusal publishes nothing', async () => {
    const { abilities } = world.pagerDuty.world;
    const kept = abilities.splice(0);
    onTestFinished(() => void abilities.push(...kept));
    const { id, channelId, incident } = await raise('Payments are down');
    incident.bridge = { url: 'https://meet.example.com/payments', number: '' };
    toP1(id);
    const approval = await asked(id);
    expect(incident.bridge.url).toBe('https://meet.example.com/payments');
    expect(done(id, 'incident bridge set')).toEqual([]);
    expect(notes(id)).toContain('Those on call are called in Slack.');
    expect(notes(id)).toContain('People meet at https://meet.example.com/payments');
    expect(notes(id)).toMatch(/Not done: Responders: .*coordinated_responding/);
    expect(inRoom(channelId)).toContain('<@U0ADA>');
    expect(inRoom(channelId)).toContain('Payments are down needs you. It is P1 now.');

    await answer(approval.id, 'refused');
    expect((await ended(id)).outcome).toBe('stakeholders not told');
    expect(done(id, 'status update published')).toEqual([]);
    expect(JSON.stringify(await world.record(id))).toContain('No status update: Ben Okafor refused it.');
  });

  it('is no longer asked about once somebody has resolved it', async () => {
    const { id } = await raise('Search is down');
    toP1(id);
    const approval = await asked(id);
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await ended(id)).outcome).toBe('resolved elsewhere');
    expect((await world.store.findApproval(approval.id))?.state).toBe('withdrawn');
    expect(done(id, 'status update published')).toEqual([]);
  });

  it('and lowered again before Baton comes to it is left alone', async () => {
    const { id, incident } = await raise('Billing is down');
    toP1(id);
    incident.priorityId = null;
    expect((await ended(id)).outcome).toBe('no longer so');
    expect(done(id, 'responders requested')).toEqual([]);
  });
});
