import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashLoop } from '../../simulator/kubernetes.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
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

describe('a crash loop', () => {
  it('is diagnosed in the note, the war room and the issue, and nothing is changed in the cluster', async () => {
    const pod = crashLoop(world.kubernetes, 'shop', 'search');
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
