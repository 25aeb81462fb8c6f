import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowChanges, haltChanges, listHolds } from '../../server/operations/changes.ts';
import type { OperationContext } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { raiseApart } from '../fixtures/raise-apart.ts';
import { testBundle } from '../temporal.ts';
import { type Guarded, rebootOneOfGroup } from '../worker/fixture/guarded.ts';
import { eventually, startWorld, type World } from '../world.ts';

const group = Array.from({ length: 10 }, (_, index) => `i-0000000000000${String(index).padStart(4, '0')}`);

const oneOfGroup = defineTrigger({
  name: 'one-of-group',
  on: 'pagerduty.incident.triggered',
  when: { 'names an instance': ({ title }) => title.includes('i-') },
  run: rebootOneOfGroup,
  input: ({ id, title }): Guarded => ({
    incidentId: id,
    instanceId: /i-[0-9a-f]+/.exec(title)?.[0] ?? '',
    group,
  }),
  mode: 'auto',
});

let world: World;
beforeAll(async () => {
  const bundle = testBundle();
  world = await startWorld({ bundle, triggers: [oneOfGroup] });
  const [any] = world.ec2.world.instances;
  if (!any) throw new Error('The simulated EC2 has no instance');
  for (const id of group) world.ec2.world.instances.push({ ...any, id, impaired: true });
});
afterAll(() => world.close());

const as = (name: string, role: 'responder' | 'operator'): OperationContext => ({
  ...world.operations,
  principal: { kind: 'person', name, role },
  via: 'cli',
});

const ended = (id: string) =>
  eventually('the run', async () => {
    const run = await world.run(`one-of-group/${id}`);
    return run?.endedAt ? run : undefined;
  });
const notesOf = (id: string) =>
  world.pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id).map(({ content }) => content);

describe('guards', () => {
  it('while the kill switch is on people are told and nothing is changed, and what is harmless goes on once an operator lifts it', async () => {
    const ada = as('ada@example.com', 'responder');
    const hold = await perform(haltChanges, { reason: 'the restarts make it worse' }, ada);
    expect(hold.goesOn).toMatch(/^what only calls or informs people: pages/);
    const id = raiseIncident(world.pagerDuty, {
      title: `EC2 ${group[9]} StatusCheckFailed`,
      service: 'Checkout',
    });
    await eventually('that the acknowledgement is held', async () =>
      (await world.record(id)).some(
        ({ action, detail }) =>
          action === 'activity.refused' && detail.activity === 'acknowledgePagerDutyIncident',
      ),
    );
    expect(notesOf(id)).toHaveLength(1);
    expect(await perform(listHolds, {}, ada)).toMatchObject({
      items: [{ id: hold.id, kind: 'kill-switch' }],
    });
    await expect(perform(allowChanges, { id: hold.id, reason: 'over' }, ada)).rejects.toMatchObject({
      status: 403,
    });
    expect(world.pagerDuty.ledger.map(({ effect }) => effect)).toEqual(['note added']);

    const ben = as('ben@example.com', 'operator');
    await perform(allowChanges, { id: hold.id, reason: 'looked at' }, ben);
    const run = await ended(id);
    expect(run.outcome).toMatch(
      /^kill-switch: the kill switch is on since person:ada@example\.com engaged it \(the restarts make it worse\)\./,
    );
    expect(notesOf(id)).toHaveLength(1);
    expect(world.ec2.ledger).toEqual([]);
    expect(await perform(listHolds, {}, ada)).toEqual({ items: [] });
  });

  it('of ten incidents for one group in a minute one reboots, and nine say why not', async () => {
    const ids = group.map((instance) => raiseApart(world.pagerDuty, `EC2 ${instance} StatusCheckFailed`));
    const outcomes = await Promise.all(ids.map(async (id) => (await ended(id)).outcome ?? ''));
    expect(world.ec2.ledger.map(({ effect }) => effect)).toEqual(['instance rebooted']);
    expect(outcomes.filter((outcome) => outcome === 'rebooted')).toHaveLength(1);
    const held = outcomes.filter((outcome) =>
      /: at most 1 of the 10 in its group may be changed at a time, and 1 was changed a short time ago/.test(
        outcome,
      ),
    );
    expect(held).toHaveLength(9);
    for (const id of ids) expect(notesOf(id)).toHaveLength(1);
  });
});
