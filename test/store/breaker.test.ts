import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../domain/guard.ts';
import type { EffectIntent } from '../../store/changes/effects.ts';
import { backends } from './backends.ts';
import { entry, fresh, intent } from './world.ts';

describe.each(await backends())('the breaker of a workflow on $name', ({ world }) => {
  const store = world.newStore();
  const provider = fresh('provider-');

  const destructive = (changes: Partial<EffectIntent> = {}) =>
    intent({
      provider,
      guards: defaultLimits,
      targets: [fresh('ec2:i-')],
      runId: fresh('ec2-unhealthy/P'),
      subject: fresh('P'),
      ...changes,
    });
  const lift = (id: number) => store.liftHold(id, 'person:ada@example.com', 'over', entry());

  async function end(workflow: string, state: 'failed' | 'completed', mode?: 'plan', more: object = {}) {
    const id = fresh('ec2-unhealthy/P');
    await world.run(
      `insert into runs (id, trigger, workflow, target, event_seq, state, cause)
        values ('${id}', 't', '${workflow}', 'x', 1, 'running', '${JSON.stringify({ ...(mode ? { mode } : {}), ...more })}')`,
    );
    await store.endRun({
      id,
      workflow,
      ...(mode ? { mode } : {}),
      state,
      outcome: state,
      entry: entry(),
      event: {
        source: '/baton',
        eventId: id,
        type: 'run.failed',
        time: new Date().toISOString(),
        event: {},
        actor: 'baton',
        via: 'worker',
      },
    });
  }
  const stateOf = async (workflow: string) =>
    (await store.intend(destructive({ workflow, targets: [fresh('ec2:i-')] }))).answer;

  it('opens when five runs in a row have failed, and holds what is destructive until a person lifts it', async () => {
    const workflow = fresh('w');
    for (const state of ['failed', 'failed', 'completed', 'failed', 'failed', 'failed'] as const)
      await end(workflow, state);
    await end(workflow, 'failed', 'plan');
    await end(workflow, 'failed');
    await end(workflow, 'completed', 'plan');
    expect(await stateOf(workflow)).toBe('go');
    await end(workflow, 'failed');
    const held = await store.intend(destructive({ workflow }));
    expect(held).toMatchObject({ answer: 'held', by: { guard: 'breaker' } });
    await end(workflow, 'completed');
    await end(workflow, 'failed');
    expect(await stateOf(workflow)).toBe('held');
    expect(await store.intend(intent({ provider, workflow }))).toMatchObject({ answer: 'go' });
    const live = (await store.listHolds({ live: true, limit: 100 })).filter(
      (each) => each.workflow === workflow,
    );
    expect(live).toHaveLength(1);
    await lift(live[0]?.id ?? 0);
    expect(await stateOf(workflow)).toBe('go');
    await end(workflow, 'failed');
    expect(await stateOf(workflow)).toBe('go');
  });

  it('opens once for many that fail at the same moment', async () => {
    const workflow = fresh('w');
    await Promise.all(Array.from({ length: 12 }, () => end(workflow, 'failed')));
    expect(await stateOf(workflow)).toBe('held');
    const holds = (await store.listHolds({ live: true, limit: 100 })).filter(
      (each) => each.workflow === workflow,
    );
    expect(holds).toHaveLength(1);
  });

  it('counts runs on an incident whose title holds what no text of the database can, and none of a drill', async () => {
    const [workflow, ofDrills] = [fresh('w'), fresh('w')];
    const incident = { title: 'EC2 \0\uD83D is away, "drill":true', incidentKey: 'baton-drill/\0' };
    const drill = { title: 'Baton drill (observe): EC2 is away', drill: true };
    for (let run = 0; run < 5; run += 1) {
      await end(workflow, 'failed', undefined, { incident });
      await end(ofDrills, 'failed', undefined, { incident: drill });
    }
    expect([await stateOf(workflow), await stateOf(ofDrills)]).toEqual(['held', 'go']);
  });
});
