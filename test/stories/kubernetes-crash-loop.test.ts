import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashLoop } from '../../simulator/kubernetes.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { triggers } from '../../triggers/index.ts';
import { changedOften } from '../fixtures/changed-often.ts';
import { otherAlert, raiseOtherAlert } from '../fixtures/other-alert.ts';
import { crashing, remedied } from '../fixtures/remedied.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [...triggers.filter(({ schedule }) => !schedule), remedied] });
});
afterAll(() => world.close());

const ended = (id: string) =>
  eventually('the diagnosis to end', async () => {
    const run = await world.run(`kubernetes-crash-loop/${id}`);
    return run?.endedAt ? run : undefined;
  });
const notes = (id: string) =>
  world.pagerDuty.world.notes
    .filter(({ incidentId }) => incidentId === id)
    .map(({ content }) => content)
    .join('\n');

const inRoom = () => JSON.stringify(world.slack.world.messages);
const podNamed = (name: string) => world.kubernetes.world.pods.find(({ metadata }) => metadata.name === name);

/** As a busy namespace has them: before all others in every list. */
function addOtherPods(count: number) {
  const { pods } = world.kubernetes.world;
  const [pattern] = pods;
  if (!pattern) throw new Error('the cluster has no pod');
  const others = Array.from({ length: count }, (_, index) => {
    const pod = structuredClone(pattern);
    const name = `recommendations-batch-${index}-6c8d9f7b5d-k2x7q`;
    pod.metadata = { ...pod.metadata, name, uid: `other-${index}`, labels: { app: 'batch' } };
    delete pod.metadata.ownerReferences;
    return pod;
  });
  pods.unshift(...others);
}

/** The pod of a job, which is never started again: its only log is the present one. */
function addJobPod(job: string) {
  const at = '2026-11-21T10:00:00Z';
  const terminated = { reason: 'Error', exitCode: 3, startedAt: at, finishedAt: at };
  const [pattern] = world.kubernetes.world.pods;
  if (!pattern) throw new Error('the cluster has no pod');
  const pod = structuredClone(pattern);
  const name = `${job}-x7k2q`;
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: job, uid: `uid-${job}`, controller: true };
  pod.metadata = {
    ...pod.metadata,
    name,
    uid: `pod-${job}`,
    labels: { 'job-name': job },
    ownerReferences: [owner],
  };
  pod.status.phase = 'Failed';
  pod.status.conditions = [];
  for (const container of pod.status.containerStatuses)
    Object.assign(container, { ready: false, restartCount: 0, state: { terminated }, lastState: {} });
  world.kubernetes.world.pods.push(pod);
  world.kubernetes.world.logs[`shop/${name}/app`] = { current: 'migration 17 is broken\n' };
  return name;
}

/** How people are told of a log of an incident that is kept whole. */
async function whereKept(subject: string, title: string): Promise<string> {
  const { items } = await world.store.pageOfTexts({ subject, limit: 10 });
  const found = items.find((each) => each.title.endsWith(title));
  const { text = '' } = (found && (await world.store.readText(subject, found.digest))) ?? {};
  expect(text).toHaveLength(found?.bytes ?? 0);
  return `All of it (${Math.ceil(text.length / 1024)} KB) is kept: baton texts show ${found?.digest}`;
}

describe('a crash loop', () => {
  it('is diagnosed in the note, the war room and the issue, and nothing is changed in the cluster', async () => {
    const pod = crashLoop(world.kubernetes, 'shop', 'search');
    const long = `GET /search ${'x'.repeat(300)}\n`.repeat(150);
    world.kubernetes.world.logs[`shop/${pod}/app`] = { current: '', previous: long };
    const id = raiseIncident(world.pagerDuty, {
      title: 'CrashLoopBackOff in shop/search',
      service: 'Search',
      alert: {
        key: 'k8s/shop/search',
        severity: 'critical',
        summary: 'Pod restarts',
        details: { namespace: 'shop', deployment: 'search' },
      },
    });
    expect((await ended(id)).outcome).toBe('diagnosed');
    expect(notes(id)).toContain(pod);
    expect(inRoom()).toContain(await whereKept(id, `Log of shop/${pod} (app) before its last restart`));
    expect(world.slack.world.messages.some(({ blocks }) => JSON.stringify(blocks ?? '').includes(pod))).toBe(
      true,
    );
    expect(world.jira.ledger.some(({ effect }) => effect === 'comment added')).toBe(true);
    expect(world.kubernetes.ledger).toEqual([]);
    expect(
      world.jira.world.issues.filter(({ fields }) => fields.labels.includes(`baton-${id}`)),
    ).toHaveLength(1);
    expect(world.slack.world.channels.filter(({ purpose }) => purpose.includes(id))).toHaveLength(1);
  });

  it('in a namespace of 1 500 other pods is found by the pod’s name, then by its owner’s selector', async () => {
    addOtherPods(1_500);
    const pod = crashLoop(world.kubernetes, 'shop', 'checkout');
    const before = world.kubernetes.calls.length;
    const id = raiseIncident(world.pagerDuty, {
      title: `[FIRING:1] KubePodCrashLooping (app shop ${pod} monitoring/k8s warning)`,
      service: 'Checkout',
      alert: {
        key: 'k8s/large',
        severity: 'warning',
        summary: 'KubePodCrashLooping',
        details: {
          firing: `Labels:\n - container = app\n - namespace = shop\n - pod = ${pod}\n - prometheus = monitoring/k8s\n`,
        },
      },
    });
    expect((await ended(id)).outcome).toBe('diagnosed');
    expect(notes(id)).toContain(pod);
    expect(notes(id)).toMatch(/of 3 pods ready/);
    const lists = world.kubernetes.calls.slice(before).filter(({ path }) => path.includes('/pods?'));
    expect(lists.every(({ path }) => /[?&](field|label)Selector=/.test(path))).toBe(true);
  });

  it('of pods that were not among those that could be read is not said to be none', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'crash loop of shop/inventory', service: 'Checkout' });
    expect((await ended(id)).outcome).toBe('found no pods');
    expect(notes(id)).toMatch(/among the first 1\d{3} pods of shop that could be read/);
    expect(notes(id)).not.toContain('There are no pods');
  });

  it('of a stateful set, a daemon set and a job is diagnosed, each with its own pods', async () => {
    const job = addJobPod('migrate');
    const firing = [{ statefulset: 'carts' }, { daemonset: 'log-collector' }, { job_name: 'migrate' }].map(
      (labels) => ({ status: 'firing', labels: { namespace: 'shop', ...labels } }),
    );
    const over = { status: 'resolved', labels: { namespace: 'shop', deployment: 'search' } };
    const id = raiseIncident(world.pagerDuty, {
      title: '[FIRING:3] KubePodCrashLooping',
      service: 'Search',
      alert: { key: 'k8s/3', severity: 'warning', summary: 'Pods', details: { firing: [...firing, over] } },
    });
    expect((await ended(id)).outcome).toBe('diagnosed');
    expect(notes(id)).toContain('names several; 3 were looked at');
    for (const part of ['shop/carts: ', 'shop/log-collector: ', 'shop/migrate: ', job, 'exit code 3'])
      expect(notes(id)).toContain(part);
    expect(notes(id)).not.toContain('shop/search');
    expect(inRoom()).toContain('migration 17 is broken');
  });

  it('is looked at in five places at most, and the others are named', async () => {
    const pods = world.kubernetes.world.pods.slice(0, 7).map(({ metadata }) => metadata.name);
    const firing = pods.map((pod) => `Labels:\n - namespace = shop\n - pod = ${pod}\n`).join('');
    const id = raiseIncident(world.pagerDuty, {
      title: '[FIRING:7] KubePodCrashLooping',
      service: 'Search',
      alert: { key: 'k8s/7', severity: 'warning', summary: 'Pods', details: { firing } },
    });
    expect((await ended(id)).outcome).toBe('diagnosed');
    expect(notes(id)).toContain('5 were looked at');
    expect(notes(id)).toContain(`Named too and not looked at: shop/${pods[5]}, shop/${pods[6]}`);
  });

  it('of a container that prepares the pod shows the log of that one', async () => {
    const pod = podNamed(crashLoop(world.kubernetes, 'shop', 'search'));
    const [app] = pod?.status.containerStatuses ?? [];
    if (!pod || !app) throw new Error('no pod');
    pod.spec.initContainers = [{ name: 'warm-up', image: 'shop/warm-up:1' }];
    pod.status.initContainerStatuses = [{ ...structuredClone(app), name: 'warm-up' }];
    Object.assign(app, { restartCount: 0, state: { waiting: { reason: 'PodInitializing' } }, lastState: {} });
    world.kubernetes.world.logs[`shop/${pod.metadata.name}/warm-up`] = {
      current: 'x',
      previous: 'the cache is gone\n',
    };
    const id = raiseIncident(world.pagerDuty, {
      title: `Back-off restarting failed container warm-up in pod ${pod.metadata.name}_shop`,
      service: 'Search',
    });
    expect((await ended(id)).outcome).toBe('diagnosed');
    expect(notes(id)).toContain('Its container warm-up ended last with exit code 1');
    expect(inRoom()).toContain('the cache is gone');
  });

  it('is found in the cluster before a word with a slash is believed', async () => {
    const id = raiseIncident(world.pagerDuty, {
      title: 'crash loop seen by monitoring/k8s and web/mobile: shop/search',
      service: 'Search',
    });
    world.kubernetes.fail({ kind: 'status', status: 403, match: '/namespaces/monitoring/' });
    expect((await ended(id)).outcome).toBe('diagnosed');
    expect(notes(id)).toContain('shop/search: ');
    expect(notes(id)).not.toContain('monitoring/k8s');
  });

  it('that names no pods gets a note that asks for them', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'A crash loop somewhere', service: 'Checkout' });
    expect((await ended(id)).outcome).toBe('does not know the workload');
    expect(notes(id)).toContain('namespace');
  });

  it('in a cluster that refuses fails the run, with the provider’s reason', async () => {
    world.kubernetes.fail({ kind: 'status', status: 403, times: 4, match: '/namespaces/secret/' });
    const id = raiseIncident(world.pagerDuty, {
      title: 'CrashLoopBackOff in secret/vault',
      service: 'Checkout',
    });
    const run = await ended(id);
    expect(run.state).toBe('failed');
    expect(run.failure).toMatchObject({ class: 'ProviderRefused', activity: 'listKubernetesPods' });
  });
});

describe('a deployment that crashes since its last rollout', () => {
  const { sinceRollout, outOfTheBlue, breakAll, asked, answer, ended: endOf } = crashing(() => world);
  const statusOf = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id)?.status;
  const imageOf = (name: string) =>
    world.kubernetes.world.deployments.find(({ metadata }) => metadata.name === name)?.spec.template.spec
      .containers[0]?.image;
  const did = (name: string) =>
    world.kubernetes.ledger.filter(({ target }) => target === `shop/${name}`).map(({ effect }) => effect);

  it('is diagnosed at once, with its log, and returned to the revision before once somebody has approved that', async () => {
    const { image, raise } = sinceRollout('billing');
    const id = raise();
    const approval = await asked(id);
    // All is told, and nothing is done before.
    expect(notes(id)).toContain('A roll-back to revision 1 is offered');
    expect(inRoom()).toContain('starting billing');
    expect(did('billing')).toEqual([]);
    expect(approval).toMatchObject({
      summary: `Returns deployment shop/billing to revision 1: ${image}`,
      approvers: { role: 'approver', onCallOf: expect.stringMatching(/^P/) },
      calls: [{ dryRun: { outcome: 'accepted', said: 'Kubernetes would do it' } }],
    });
    await answer(id, 'approved');
    expect((await endOf(id)).outcome).toBe('rolled back');
    expect(imageOf('billing')).toBe(image);
    expect(did('billing')).toEqual(['deployment template changed']);
    expect(statusOf(id)).toBe('resolved');
    expect(notes(id)).toContain('its pods have all been ready for 1 s without a break');
    // By the journal, and by nobody else.
    const told = () => world.pagerDuty.world.changeEvents.filter(({ details }) => details.incident === id);
    await eventually('PagerDuty to be told of the change', () => told().length > 0);
    expect(told()).toHaveLength(1);
  });

  it('is returned, and its incident left open where another alert of it still fires', async () => {
    const { image, raise } = sinceRollout('invoices');
    const id = raise();
    raiseOtherAlert(world.pagerDuty, id);
    await answer(id, 'approved');
    expect((await endOf(id)).outcome).toBe('handed to a person');
    expect(imageOf('invoices')).toBe(image);
    expect(notes(id)).toContain(`left open, as more fires in it: ${otherAlert}.`);
    expect(statusOf(id)).toBe('acknowledged');
  });

  it('is left alone where somebody refuses: the diagnosis stands, and the incident is open', async () => {
    const id = sinceRollout('mailer').raise();
    await answer(id, 'refused');
    expect((await endOf(id)).outcome).toBe('diagnosed');
    expect(notes(id)).toContain('was not made: Ben Okafor refused it');
    expect([did('mailer'), statusOf(id)]).toEqual([[], 'triggered']);
  });

  it('is handed to a person where that does not help, and the incident stays open', async () => {
    const { image, raise } = sinceRollout('ledger');
    const id = raise();
    await asked(id);
    breakAll('ledger', image);
    await answer(id, 'approved');
    expect((await endOf(id)).outcome).toBe('handed to a person');
    expect(notes(id)).toMatch(/and it did not help: 0 of \d pods are ready/);
    expect(notes(id)).toContain('The roll-back is taken back with npx baton undo.');
    expect(statusOf(id)).toBe('acknowledged');
  });

  it('is offered no roll-back where a tool would put it back, which the note names', async () => {
    const { metadata, raise } = sinceRollout('gateway');
    metadata.labels = { ...metadata.labels, 'argocd.argoproj.io/instance': 'shop' };
    const id = raise();
    expect((await endOf(id)).outcome).toBe('diagnosed');
    expect(notes(id)).toContain('Neither a roll-back nor a restart is offered: Argo CD (shop) keeps it');
  });

  it('is offered neither where that was made again and again: an issue is for the cause, until a person lifts that', async () => {
    await changedOften(world, 'restartKubernetesDeployment', 'kubernetes:shop/deployment/parcels');
    const id = outOfTheBlue('parcels');
    expect((await endOf(id)).outcome).toBe('diagnosed');
    const [issue] = world.jira.world.issues.filter(({ fields }) =>
      fields.labels.includes(`baton-${id}-cause`),
    );
    expect(issue?.fields.summary).toBe('Find out why the pods of shop/parcels crash again and again');
    expect(notes(id)).toMatch(
      new RegExp(`is offered: [\\s\\S]*baton changes allow \\d+\\. Its cause has the issue ${issue?.key}`),
    );
    const holds = await world.store.listHolds({ live: true, limit: 10 });
    expect(holds).toMatchObject([{ kind: 'repeats', target: 'kubernetes:shop/deployment/parcels' }]);
  });

  it('is offered a restart where its revision had worked for long', async () => {
    const id = outOfTheBlue('stock');
    expect((await asked(id)).summary).toMatch(/^Replaces the pods of deployment shop\/stock/);
    // It has crashed once more since the diagnosis.
    const { logs } = world.kubernetes.world;
    const long = 'GET /stock answered 500 after 12 ms\n'.repeat(1_500);
    for (const place of Object.keys(logs).filter((each) => each.startsWith('shop/stock-')))
      logs[place] = { current: 'starting anew\n', previous: `${long}the disk of the cache is full\n` };
    await answer(id, 'approved');
    expect((await endOf(id)).outcome).toBe('restarted');
    expect(notes(id)).toMatch(
      /is kept: baton texts show (\w{64}) or http:\S+\/api\/v1\/texts\/\1\. Its end:\n[\s\S]*the disk of the cache is full/,
    );
    const where = await whereKept(id, 'before its last restart');
    for (const told of [notes(id), inRoom()])
      expect(told).toContain(`before its last restart, read before the restart. ${where}`);
    expect(inRoom()).toContain('the disk of the cache is full');
    expect(did('stock')).toEqual(['deployment restarted']);
    expect(statusOf(id)).toBe('resolved');
  });
});
