import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mode } from '../../domain/mode.ts';
import { approveApproval } from '../../server/operations/approvals.ts';
import type { OperationContext } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { startRunByHand } from '../../server/operations/runs.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { testBundle } from '../temporal.ts';
import { giveUp, hurry, mend, type RemedyInput, scaleUp } from '../worker/fixture/undone.ts';
import { eventually, startWorld, type World } from '../world.ts';

const scaledUp = defineTrigger({
  name: 'scaled-up',
  on: 'pagerduty.incident.triggered',
  when: { 'is about load': ({ title }) => title.includes('load') },
  run: scaleUp,
  input: ({ id }) => ({ incidentId: id, replicas: 7 }),
  mode: 'auto',
});

/** Other numbers than the deployment has at first. */
const remedies = {
  'helps in auto': { replicas: 8, helps: true, timeout: '1 hour', mode: 'auto' },
  'fails in auto': { replicas: 9, helps: false, timeout: '300 milliseconds', mode: 'auto' },
  'fails in approve': { replicas: 10, helps: false, timeout: '300 milliseconds', mode: 'approve' },
  'fails in propose': { replicas: 12, helps: false, timeout: '300 milliseconds', mode: 'propose' },
  'waits in auto': { replicas: 11, helps: false, timeout: '1 hour', mode: 'auto' },
} as const satisfies Record<string, Pick<RemedyInput, 'replicas' | 'helps' | 'timeout'> & { mode: Mode }>;
type Remedy = keyof typeof remedies;
const node = 'ip-10-0-1-17';
const nameOf = (remedy: Remedy) => remedy.replaceAll(' ', '-');
const mending = Object.entries(remedies).map(([remedy, { mode, ...given }]) =>
  defineTrigger({
    name: nameOf(remedy as Remedy),
    on: 'pagerduty.incident.triggered',
    when: { 'is for it': ({ title }) => title === `A remedy that ${remedy}` },
    run: mend,
    input: ({ id }) => ({ incidentId: id, node, ...given }),
    mode,
  }),
);
const resolving = [hurry, giveUp].map((run) =>
  defineTrigger({
    name: run === hurry ? 'hurry' : 'give-up',
    on: 'pagerduty.incident.triggered',
    when: { 'is for it': ({ title }) => title === run.name },
    run,
    input: ({ id }) => ({ incidentId: id }),
    mode: 'auto',
  }),
);

let world: World;
/** The incident that was scaled for. */
let scaled = '';
beforeAll(async () => {
  const bundle = testBundle();
  world = await startWorld({ bundle, triggers: [scaledUp, ...mending, ...resolving] });
  const found = world.kubernetes.world.nodes.find(({ metadata }) => metadata.name === node);
  Object.assign(found?.metadata ?? {}, { labels: { 'baton/restart': 'allowed' } });
});
afterAll(() => world.close());

const as = (name: string): OperationContext => ({
  ...world.operations,
  principal: { kind: 'person', name, role: 'admin' },
  via: 'cli',
});
const replicas = () =>
  world.kubernetes.world.deployments.find(({ metadata }) => metadata.name === 'checkout')?.spec.replicas;
const ended = (id: string) =>
  eventually('the run', async () => {
    const run = await world.run(id);
    return run?.endedAt ? run : undefined;
  });

/** The key of a change of the incident, as its record tells it. */
async function keyOf(activity: string, incidentId: string): Promise<string> {
  const lines = await world.record(incidentId);
  const made = lines.find(
    ({ action, detail }) => action === 'activity.completed' && detail.activity === activity,
  );
  return String(made?.detail.key);
}

const undo = async (effect: string) => {
  const asked = { workflow: 'undoEffect', input: { effect }, reason: 'it was no load' };
  return (await perform(startRunByHand, asked, as('ada@example.com'))).run.id;
};

describe('baton undo', () => {
  it('takes a change back by the call that its plan told, once another person has approved it and said why', async () => {
    const before = replicas();
    const id = raiseIncident(world.pagerDuty, { title: 'High load', service: 'Checkout' });
    await ended(`scaled-up/${id}`);
    scaled = id;
    expect(replicas()).toBe(7);

    const run = await undo(await keyOf('scaleKubernetesDeployment', id));
    const asked = await eventually('the question', async () => {
      const { items } = await world.store.pageOfApprovals({ run, state: 'pending', limit: 1 });
      return items[0];
    });
    expect(asked.summary).toBe(`Scales deployment shop/checkout from 7 to ${before} replicas`);
    const answer = { id: asked.id, reason: 'the load is gone' };
    await expect(perform(approveApproval, answer, as('ada@example.com'))).rejects.toMatchObject({
      status: 403,
    });
    expect(replicas()).toBe(7);
    await perform(approveApproval, answer, as('ben@example.com'));
    expect((await ended(run)).outcome).toBe('undone');
    expect(replicas()).toBe(before);
    expect(await world.record(id)).toContainEqual(
      expect.objectContaining({
        action: 'run.said',
        detail: expect.objectContaining({
          text: `scaleKubernetesDeployment of scaled-up/${id} is taken back, by scaleKubernetesDeployment.`,
        }),
      }),
    );
  });

  it('says why there is no way back, and that it knows of no such change', async () => {
    const run = await undo(await keyOf('addPagerDutyNote', scaled));
    expect((await ended(run)).outcome).toBe('no inverse');
    expect((await ended(await undo('nothing#of#ours'))).outcome).toBe('no such change');
  });
});

const raise = (title: string) => raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
const statusOf = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id)?.status;
const notes = (id: string) =>
  world.pagerDuty.world.notes
    .flatMap(({ incidentId, content }) => (incidentId === id ? [content] : []))
    .join('\n');
const isCordoned = () =>
  world.kubernetes.world.nodes.find(({ metadata }) => metadata.name === node)?.spec.unschedulable === true;
const begin = (remedy: Remedy) => raise(`A remedy that ${remedy}`);
const endOf = (remedy: Remedy, id: string) => ended(`${nameOf(remedy)}/${id}`);
const pending = (id: string) =>
  eventually('a question', async () => {
    const { items } = await world.store.pageOfApprovals({ subject: id, state: 'pending', limit: 5 });
    return items[0];
  });
/** The changes of the cluster that were made, in their order. */
const made = async (id: string) =>
  (await world.record(id)).flatMap(({ action, detail }) =>
    action === 'activity.completed' && /Kubernetes/.test(String(detail.activity)) ? [detail.activity] : [],
  );
const thereAndBack = [
  'cordonKubernetesNode',
  'scaleKubernetesDeployment',
  'scaleKubernetesDeployment',
  'uncordonKubernetesNode',
];

describe('a remedy', () => {
  it('that helps stays, and the incident is resolved with its evidence', async () => {
    const id = begin('helps in auto');
    expect((await endOf('helps in auto', id)).outcome).toBe('mended');
    expect([statusOf(id), replicas(), isCordoned()]).toEqual(['resolved', 8, true]);
    expect(notes(id)).toContain('Resolving: all replicas are ready');
    const found = world.kubernetes.world.nodes.find(({ metadata }) => metadata.name === node);
    if (found) found.spec.unschedulable = false;
  });

  it('that does not help is taken back, the newest first; a person is asked, and the incident stays open', async () => {
    const before = replicas();
    const id = begin('fails in auto');
    expect((await endOf('fails in auto', id)).outcome).toBe('handed to a person');
    expect([statusOf(id), replicas(), isCordoned()]).toEqual(['triggered', before, false]);
    expect(await made(id)).toEqual(thereAndBack);
    expect(notes(id)).toContain(
      'Taken back: scaleKubernetesDeployment of kubernetes:shop/deployment/checkout, by scaleKubernetesDeployment.\n' +
        `Taken back: cordonKubernetesNode of kubernetes-node:${node}, by uncordonKubernetesNode.`,
    );
    expect(notes(id)).toContain('More replicas did not help.\nA person is needed.');
  });

  it.each(['approve', 'propose'] as const)(
    'that people have approved is taken back without another question, in the mode %s',
    async (mode) => {
      const before = replicas();
      const id = begin(`fails in ${mode}`);
      const approval = await pending(id);
      expect(approval.calls).toMatchObject([{ inverse: { input: { replicas: before } } }]);
      await perform(approveApproval, { id: approval.id }, as('ben@example.com'));
      expect((await endOf(`fails in ${mode}`, id)).outcome).toBe('handed to a person');
      expect([replicas(), isCordoned()]).toEqual([before, false]);
      expect((await world.store.pageOfApprovals({ subject: id, limit: 5 })).items).toHaveLength(1);
    },
  );

  it('is taken back where a person resolves the incident; what cannot be is told, and stops nothing else', async () => {
    const before = replicas();
    const id = begin('waits in auto');
    await eventually('the change to be written', async () =>
      (await world.record(id)).some(
        ({ action, detail }) =>
          action === 'activity.completed' && detail.activity === 'scaleKubernetesDeployment',
      ),
    );
    world.kubernetes.fail({ kind: 'status', status: 403, match: 'PATCH /api/v1/nodes' });
    resolveAs(world.pagerDuty, id, 'PADALOP');
    const run = await endOf('waits in auto', id);
    expect(run.outcome).toBe('resolved elsewhere');
    expect([replicas(), isCordoned()]).toEqual([before, true]);
    expect(notes(id)).toMatch(
      /Taken back: scaleKubernetesDeployment.*\nNot taken back: cordonKubernetesNode.*403.*npx baton undo 'waits-in-auto/,
    );
  });
});

describe('a run that says that all is well', () => {
  it('is not believed before a verification has passed after its last change', async () => {
    const id = raise('hurry');
    expect((await ended(`hurry/${id}`)).outcome).toBe('resolved');
    const refused = (await world.record(id)).flatMap(({ action, detail }) =>
      action === 'activity.refused' ? [detail.failure as { class: string; message: string }] : [],
    );
    expect(refused).toMatchObject([
      { class: 'NotVerified', message: expect.stringContaining('nothing was verified in this run') },
      {
        class: 'NotVerified',
        message: expect.stringContaining('the last verification of this run did not pass'),
      },
      {
        class: 'NotVerified',
        message: expect.stringContaining('nothing was verified after restartKubernetesDeployment'),
      },
    ]);
    expect(refused[0]?.message).toContain('unverified in place of evidence');
    const tries = world.pagerDuty.ledger.filter(
      ({ target, effect }) => target === id && effect === 'incident resolved',
    );
    expect(tries).toHaveLength(1);
  });

  it('without one says why, in the note and in the record', async () => {
    const id = raise('giveUp');
    expect((await ended(`give-up/${id}`)).outcome).toBe('resolved');
    expect(notes(id)).toContain('Resolving: not verified: the service is no more');
    expect(await world.record(id)).toContainEqual(
      expect.objectContaining({
        action: 'activity.intended',
        detail: expect.objectContaining({
          input: expect.objectContaining({ unverified: 'the service is no more' }),
        }),
      }),
    );
  });
});
