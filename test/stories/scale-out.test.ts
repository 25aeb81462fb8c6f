import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowChanges, freezeChanges } from '../../server/operations/changes.ts';
import type { OperationContext } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { startRunByHand } from '../../server/operations/runs.ts';
import { stopRun } from '../../server/operations/runs-stop.ts';
import { resolveAs } from '../../simulator/pagerduty.ts';
import { changedOften } from '../fixtures/changed-often.ts';
import { scaleOutIn, scaling } from '../fixtures/scaled-out.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({
    triggers: [scaleOutIn('auto'), scaleOutIn('approve'), scaleOutIn('propose'), scaleOutIn('observe')],
  });
});
afterAll(() => world.close());

const { add, found, raise, replicas, until, noted, untilNoted, asked, answer, ended, calm } = scaling(
  () => world,
);
const did = (name: string) =>
  world.kubernetes.ledger.flatMap(({ target, detail }) =>
    target === `shop/${name}` ? [(detail as { replicas: number }).replicas] : [],
  );
const statusOf = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id)?.status;
const admin = (): OperationContext => ({
  ...world.operations,
  principal: { kind: 'person', name: 'ada@example.com', role: 'admin' },
  via: 'cli',
});

describe('a deployment that has too much to do', () => {
  it('gets half as many pods more, as its owner allows, and loses them once a person has resolved the incident', async () => {
    const name = add(6, 4);
    const id = raise(name, 'auto');
    await untilNoted(id, `Deployment shop/${name} was scaled out from 4 to 6 replicas`);
    expect(statusOf(id)).toBe('acknowledged');
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await ended(id, 'auto')).outcome).toBe('scaled out and back');
    expect(did(name)).toEqual([6, 4]);
    expect(noted(id)).toContain(`Deployment shop/${name} has 4 replicas again, as before.`);
  });

  it('goes back once its alerts have been over for long enough, and the incident is resolved with the evidence', async () => {
    const name = add(3);
    const id = raise(name, 'auto');
    await untilNoted(id, 'was scaled out from 2 to 3');
    calm(id);
    expect((await ended(id, 'auto')).outcome).toBe('scaled out and back');
    expect([did(name), statusOf(id)]).toEqual([[3, 2], 'resolved']);
    expect(noted(id)).toContain('Resolving: The alerts have been over for 1 s.');
  });

  it('is handed to a person where a freeze holds its way back while the incident is open', async () => {
    const name = add(3);
    const id = raise(name, 'auto');
    await untilNoted(id, 'was scaled out from 2 to 3');
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const freeze = { reason: 'the holidays', until, workflow: 'scaleOut' };
    const { id: hold } = await perform(freezeChanges, freeze, admin());
    calm(id);
    expect((await ended(id, 'auto')).outcome).toBe('handed to a person');
    await perform(allowChanges, { id: hold, reason: 'over' }, admin());
    expect([did(name), statusOf(id)]).toEqual([[3], 'acknowledged']);
    expect(noted(id)).toContain(
      `Deployment shop/${name} could not be taken back to 2 replicas: there is a freeze`,
    );
    const incident = world.pagerDuty.world.incidents.find((each) => each.id === id);
    expect(incident?.responderRequests).toHaveLength(1);
  });

  it('is asked about where its owner has allowed no number; refused, it stays as it is', async () => {
    const name = add();
    const id = raise(name, 'auto');
    expect((await asked(id)).summary).toBe(
      `Scales deployment shop/${name} from 2 to 3 replicas, though its owner has set no baton/scale-max`,
    );
    await answer(id, 'refused');
    expect((await ended(id, 'auto')).outcome).toBe('not scaled');
    expect(did(name)).toEqual([]);
  });

  it('is asked about no more once the incident is resolved, and stays as it is', async () => {
    const name = add();
    const id = raise(name, 'auto');
    const approval = await asked(id);
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await ended(id, 'auto')).outcome).toBe('resolved elsewhere');
    expect((await world.store.findApproval(approval.id))?.state).toBe('withdrawn');
    expect(did(name)).toEqual([]);
  });

  it('is left as people set it meanwhile', async () => {
    const name = add(9);
    const id = raise(name, 'auto');
    await untilNoted(id, 'was scaled out from 2 to 3');
    found(name).spec.replicas = 5;
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await ended(id, 'auto')).outcome).toBe('left as people set it');
    expect([did(name), replicas(name)]).toEqual([[3], 5]);
    expect(noted(id)).toContain('was set to 5 replicas by somebody else since');
  });

  it('whose number somebody has set meanwhile to the same is not taken back, and is handed to a person', async () => {
    const name = add();
    const id = raise(name, 'auto');
    await asked(id);
    found(name).spec.replicas = 3;
    await answer(id, 'approved');
    expect((await ended(id, 'auto')).outcome).toBe('handed to a person');
    expect([did(name), replicas(name)]).toEqual([[], 3]);
    expect(noted(id)).toContain(`Deployment shop/${name} had been set to 3 replicas by somebody else`);
  });

  it('that another run has scaled and still follows is handed to a person', async () => {
    const name = add(9);
    const first = raise(name, 'auto');
    await untilNoted(first, 'was scaled out from 2 to 3');
    const second = raise(name, 'auto');
    expect((await ended(second, 'auto')).outcome).toBe('handed to a person');
    expect(noted(second)).toContain(`the run scale-auto/${first} has scaled it already`);
    resolveAs(world.pagerDuty, first, 'PADALOP');
    expect((await ended(first, 'auto')).outcome).toBe('scaled out and back');
    expect(did(name)).toEqual([3, 2]);
  });

  it('is taken back by baton undo, too, after which the run has nothing left to do', async () => {
    const name = add(3);
    const id = raise(name, 'auto');
    await untilNoted(id, 'was scaled out from 2 to 3');
    const made = (await world.record(id)).find(
      ({ action, detail }) =>
        action === 'activity.completed' && detail.activity === 'scaleKubernetesDeployment',
    );
    const input = { effect: String(made?.detail.key) };
    const undo = { workflow: 'undoEffect', input, reason: 'it was no load' };
    const { run } = await perform(startRunByHand, undo, admin());
    const approval = await eventually('the question', async () => {
      const { items } = await world.store.pageOfApprovals({ run: run.id, state: 'pending', limit: 1 });
      return items[0];
    });
    expect(approval.summary).toBe(`Scales deployment shop/${name} from 3 to 2 replicas`);
    const by = { by: 'person:ben@example.com', name: 'Ben', via: 'cli', reason: 'it is quiet' } as const;
    await world.store.answerApproval(approval.id, { ...by, decision: 'approved' });
    await until(name, 2);
    resolveAs(world.pagerDuty, id, 'PADALOP');
    expect((await ended(id, 'auto')).outcome).toBe('scaled out and back');
    expect(did(name)).toEqual([3, 2]);
  });

  it('goes back at once where the run is stopped', async () => {
    const name = add(3);
    const id = raise(name, 'auto');
    await untilNoted(id, 'was scaled out from 2 to 3');
    await perform(stopRun, { id: `scale-auto/${id}`, reason: 'it is the wrong one' }, admin());
    expect((await ended(id, 'auto')).state).toBe('cancelled');
    expect(did(name)).toEqual([3, 2]);
    expect(noted(id)).toContain('has 2 replicas again');
  });

  it('goes back where the new pods do not become ready, and is handed to a person', async () => {
    const name = add(3);
    world.kubernetes.world.brokenImages.push(`shop/${name}:1`);
    const id = raise(name, 'auto');
    expect((await ended(id, 'auto')).outcome).toBe('handed to a person');
    expect(did(name)).toEqual([3, 2]);
    expect(noted(id)).toContain(
      `its pods did not become ready. Deployment shop/${name} has 2 replicas again`,
    );
  }, 60_000);

  it('is handed to a person where an autoscaler or a repository sets its replicas, and where it is at its most', async () => {
    const search = raise('search', 'auto');
    const kept = add(9);
    found(kept).metadata.annotations = { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/kept' };
    const most = add(2);
    const ids = [search, raise(kept, 'auto'), raise(most, 'auto')];
    for (const id of ids) expect((await ended(id, 'auto')).outcome).toBe('handed to a person');
    expect(ids.map(noted)).toEqual([
      expect.stringContaining('autoscaler search sets its replicas (2 to 6, 2 now)'),
      expect.stringContaining('Argo CD (shop) keeps it'),
      expect.stringContaining('it has 2 replicas, and its owner allows 2 at most (baton/scale-max)'),
    ]);
    expect([did('search'), did(kept), did(most)]).toEqual([[], [], []]);
  });

  it('that is scaled out again and again is left so, with an issue for the cause, until a person lifts that', async () => {
    const name = add(3);
    await changedOften(world, 'scaleKubernetesDeployment', `kubernetes:shop/deployment/${name}`);
    const id = raise(name, 'auto');
    expect((await ended(id, 'auto')).outcome).toBe('handed to a person');
    expect(did(name)).toEqual([]);
    const [issue] = world.jira.world.issues.filter(({ fields }) =>
      fields.labels.includes(`baton-${id}-cause`),
    );
    expect(issue?.fields.summary).toBe(
      `Find out why Deployment shop/${name} has too much to do again and again`,
    );
    expect(noted(id)).toMatch(
      new RegExp(`baton changes allow \\d+\\. Its cause has the issue ${issue?.key}\\.`),
    );
  });

  it('is handed to a person where another alert of the incident is about another one, be it a crash loop', async () => {
    const [busy, crashing] = [add(3), add(3)];
    const id = raise(busy, 'auto');
    const { alerts } = world.pagerDuty.world;
    const [alert] = alerts.filter(({ incidentId }) => incidentId === id);
    if (!alert) throw new Error('The incident has no alert');
    const details = { namespace: 'shop', deployment: crashing };
    alerts.push({ ...alert, id: `${alert.id}2`, key: crashing, summary: 'KubePodCrashLooping', details });
    expect((await ended(id, 'auto')).outcome).toBe('handed to a person');
    expect(noted(id)).toContain(`The alerts name several workloads (shop/${busy}, shop/${crashing})`);
    expect([did(busy), did(crashing)]).toEqual([[], []]);
  });

  it('of a trigger that proposes or approves is asked about before, and before it goes back', async () => {
    for (const mode of ['propose', 'approve'] as const) {
      const name = add(3);
      const id = raise(name, mode);
      const { summary, calls, id: first } = await asked(id);
      expect(summary).toMatch(new RegExp(`^Scales deployment shop/${name} from 2 to 3 replicas`));
      expect(calls).toMatchObject([{ dryRun: { said: 'Kubernetes would do it', after: { replicas: 3 } } }]);
      expect(did(name)).toEqual([]);
      await answer(id, 'approved');
      await untilNoted(id, 'was scaled out from 2 to 3');
      resolveAs(world.pagerDuty, id, 'PADALOP');
      expect((await answer(id, 'approved', first)).summary).toBe(
        `Scales deployment shop/${name} from 3 to 2 replicas`,
      );
      expect((await ended(id, mode)).outcome).toBe('scaled out and back');
      expect(did(name)).toEqual([3, 2]);
    }
  }, 60_000);

  it('of such a trigger goes back at once, and nobody is asked again, where the step does not help or is stopped', async () => {
    const approvalsOf = async (id: string) =>
      (await world.store.pageOfApprovals({ subject: id, limit: 5 })).items.length;
    for (const mode of ['propose', 'approve'] as const) {
      const name = add(3);
      world.kubernetes.world.brokenImages.push(`shop/${name}:1`);
      const id = raise(name, mode);
      await answer(id, 'approved');
      expect((await ended(id, mode)).outcome).toBe('handed to a person');
      expect([did(name), await approvalsOf(id)]).toEqual([[3, 2], 1]);
    }
    const name = add();
    const id = raise(name, 'approve');
    await answer(id, 'approved');
    await untilNoted(id, 'was scaled out from 2 to 3');
    await perform(stopRun, { id: `scale-approve/${id}`, reason: 'it is the wrong one' }, admin());
    expect((await ended(id, 'approve')).state).toBe('cancelled');
    expect([did(name), await approvalsOf(id)]).toEqual([[3, 2], 1]);
  }, 90_000);

  it('of a trigger that observes is left alone, and the plan says what would be done', async () => {
    const name = add(3);
    const id = raise(name, 'observe');
    expect((await ended(id, 'observe')).outcome).toBe('observed: scaled out and back');
    expect(did(name)).toEqual([]);
    const planned = (await world.record(id)).filter(({ action }) => action === 'activity.planned');
    expect(planned[0]?.detail).toMatchObject({
      activity: 'scaleKubernetesDeployment',
      plan: { before: { replicas: 2 }, after: { replicas: 3 } },
      dryRun: { outcome: 'accepted' },
    });
  });
});
