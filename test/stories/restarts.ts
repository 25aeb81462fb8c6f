import type { Approval } from '../../domain/approval.ts';
import type { Mode } from '../../domain/mode.ts';
import { untaggedInstance } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { eventually, type World } from '../world.ts';

/** The shipped runbook by a trigger of this name and mode; the title names it. */
export const restartBy = (name: string, mode: Mode) =>
  defineTrigger({
    name: `restart-${name}`,
    on: 'pagerduty.incident.triggered',
    when: { 'is for this trigger': ({ title }) => title.endsWith(` (${name})`) },
    run: ec2UnhealthyRestart,
    input: ({ id }) => ({ incidentId: id, stableForSeconds: 1 }),
    mode,
  });

/** What happens to instances, and what people do, in a world of such triggers. */
export function restarts(world: () => World) {
  /** An instance that fails its checks and may be rebooted. */
  function taggedInstance(): string {
    const instance = untaggedInstance(world().ec2);
    const found = world().ec2.world.instances.find(({ id }) => id === instance);
    if (!found) throw new Error('There is no such instance');
    found.tags['baton:restart'] = 'allowed';
    return instance;
  }

  const raise = (instance: string, mode: string) =>
    raiseIncident(world().pagerDuty, {
      title: `EC2 ${instance} StatusCheckFailed (${mode})`,
      service: 'Checkout',
    });
  const ended = (id: string, mode: string) =>
    eventually(`the run in the mode ${mode} to end`, async () => {
      const run = await world().run(`restart-${mode}/${id}`);
      return run?.endedAt ? run : undefined;
    });
  const reboots = (instance: string) =>
    world().ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);
  const approvals = async (id: string): Promise<Approval[]> =>
    (await world().store.pageOfApprovals({ subject: id, limit: 10 })).items;
  const asked = (id: string) =>
    eventually('an approval to be asked for', async () =>
      (await approvals(id)).find(({ state }) => state === 'pending'),
    );
  const answer = ({ id }: Approval, decision: 'approved' | 'refused') =>
    world().store.answerApproval(id, {
      by: 'person:ben@example.com',
      name: 'Ben Okafor',
      via: 'cli',
      decision,
    });
  /** What has changed at PagerDuty by Baton, and what was rebooted. */
  const changesTo = (id: string) =>
    world().pagerDuty.ledger.filter(({ target, effect }) => target === id && effect !== 'incident triggered');
  const notes = (id: string) =>
    world()
      .pagerDuty.world.notes.flatMap(({ incidentId, content }) => (incidentId === id ? [content] : []))
      .join('\n');

  return { taggedInstance, raise, ended, reboots, approvals, asked, answer, changesTo, notes };
}
