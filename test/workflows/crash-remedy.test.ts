import { describe, expect, it } from 'vitest';
import { remedyFor, type Seen } from '../../workflows/kit/crash-remedy.ts';

const reportedAt = '2026-11-21T12:00:00Z';
const ago = (minutes: number) => new Date(Date.parse(reportedAt) - minutes * 60_000).toISOString();

type Pod = Seen['pods'][number];
type Container = Pod['containers'][number];

function pod(name: string, set: string, container: Partial<Container> = {}): Pod {
  const crashed: Container = {
    name: 'app',
    ready: false,
    restarts: 4,
    waiting: 'CrashLoopBackOff',
    lastState: { exitCode: 1, reason: 'Error' },
    ...container,
  };
  const { ready } = crashed;
  const owner = { kind: 'ReplicaSet', name: set };
  return { name, uid: name, phase: 'Running', ready, restarts: 4, images: [], containers: [crashed], owner };
}
const well = (name: string, set: string) => ({
  ...pod(name, set, { ready: true }),
  ready: true,
  containers: [{ name: 'app', ready: true, restarts: 0 }],
});

/** Revision 7 began 12 minutes before the incident, and its pod crashes; revision 6 was there for a day before. */
const seen = (more: Partial<Seen> = {}): Seen => ({
  deployment: 'checkout',
  workload: {
    kind: 'Deployment',
    images: [],
    replicas: { desired: 2, updated: 1, ready: 1, available: 1 },
    paused: false,
    conditions: [],
    selector: 'app=checkout',
  },
  revisions: [
    { revision: 7, images: [], createdAt: ago(12), name: 'checkout-new' },
    { revision: 6, images: [], createdAt: ago(12 + 24 * 60), name: 'checkout-old' },
  ],
  pods: [pod('checkout-new-1', 'checkout-new'), well('checkout-old-1', 'checkout-old')],
  reportedAt,
  ...more,
});
/** Revision 7 was there for five days. */
const settled = (pods = [pod('checkout-new-1', 'checkout-new')]) =>
  seen({
    pods,
    revisions: [{ revision: 7, images: [], createdAt: ago(5 * 24 * 60), name: 'checkout-new' }],
  });

describe('what is offered about a deployment whose pods crash', () => {
  it('is a roll-back where they crash since the newest revision and the one before had worked', () => {
    expect(remedyFor(seen())).toEqual({
      kind: 'roll back',
      deployment: 'checkout',
      toRevision: 6,
      because:
        'revision 7 began 12 minutes before the incident, all pods that crash are of it, and revision 6 was there for 24 hours before',
    });
  });

  it.each(['ImagePullBackOff', 'CreateContainerConfigError'])(
    'is a roll-back too where the newest revision does not even start: %s',
    (waiting) => {
      const pods = [pod('checkout-new-1', 'checkout-new', { waiting, restarts: 0 })];
      expect(remedyFor(seen({ pods })).kind).toBe('roll back');
    },
  );

  it.each<[string, Partial<Seen>, RegExp]>([
    [
      'a tool would put it back',
      { workload: { ...seen().workload, keeper: 'Argo CD (shop)' } },
      /^Argo CD \(shop\) keeps it/,
    ],
    ['it is paused', { workload: { ...seen().workload, paused: true } }, /paused/],
    ['no pod crashes now', { pods: [well('checkout-new-1', 'checkout-new')] }, /none of its pods crashes/],
    ['there may be pods that were not read', { truncated: true }, /not all of its pods/],
    [
      'pods of the revision before crash too',
      { pods: [pod('checkout-new-1', 'checkout-new'), pod('checkout-old-1', 'checkout-old')] },
      /checkout-old-1 crashes too and is not of it/,
    ],
    [
      'the newest revision is the replica set of an older one, to which it was rolled back',
      {
        revisions: [
          { revision: 8, images: [], createdAt: ago(5 * 24 * 60), name: 'checkout-new' },
          { revision: 7, images: [], createdAt: ago(60), name: 'checkout-old' },
        ],
      },
      /^revision 8 was rolled back to, and since when is not known/,
    ],
    ['there is no revision before', { revisions: seen().revisions.slice(0, 1) }, /there is none before it/],
    [
      'the revision before was there for minutes only',
      { revisions: [seen().revisions[0], { ...seen().revisions[1], createdAt: ago(20) }] as never },
      /not seen that revision 6 before it had worked/,
    ],
    [
      'the newest revision is younger than the incident',
      { revisions: [{ ...seen().revisions[0], createdAt: ago(-3) }] as never },
      /began after the incident/,
    ],
    ['nothing is told of its age', { revisions: [{ revision: 7, images: [] }] }, /not known since when/],
    ['no revision is told', { revisions: [] }, /not known since when/],
  ])('is nothing where %s, and that is said', (_, more, because) => {
    expect(remedyFor(seen(more))).toEqual({ kind: 'none', because: expect.stringMatching(because) });
  });

  it('is a restart where the revision had worked, since something around it has changed', () => {
    expect(remedyFor(settled())).toEqual({
      kind: 'restart',
      deployment: 'checkout',
      because: expect.stringMatching(/^revision 7 had worked for 5 days, .*ConfigMap/),
    });
  });

  it.each<[string, Partial<Container>]>([
    ['OOMKilled', { lastState: { exitCode: 137, reason: 'OOMKilled' } }],
    ['ImagePullBackOff', { waiting: 'ImagePullBackOff', restarts: 0 }],
    ['CreateContainerConfigError', { waiting: 'CreateContainerConfigError', restarts: 0 }],
    ['exit code 127', { lastState: { exitCode: 127 } }],
  ])('is no restart where that does not help: %s', (words, container) => {
    const pods = [pod('checkout-new-1', 'checkout-new', container)];
    expect(remedyFor(settled(pods))).toEqual({ kind: 'none', because: expect.stringContaining(words) });
  });
});
