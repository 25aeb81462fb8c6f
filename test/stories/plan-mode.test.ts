import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { impair } from '../../simulator/ec2.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { taskQueue } from '../../worker/worker.ts';
import { signedMemo } from '../authority.ts';
import { isChange, simulatorsIn } from '../requests.ts';
import { startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [] });
});
afterAll(() => world.close());

/** Runs a shipped workflow to its end in plan mode, and gives the summaries of what it would have done, by activity. */
async function plan(
  workflow: string,
  input: { incidentId: string; graceTime?: string },
): Promise<Record<string, string>> {
  const workflowId = `plan/${input.incidentId}`;
  const memo = signedMemo({ workflowId, workflow, input }, { mode: 'plan', subject: input.incidentId });
  const { client } = world.temporal;
  await client.workflow.execute(workflow, { workflowId, taskQueue, args: [input], memo });
  const lines = await world.record(input.incidentId);
  expect(lines.filter(({ action }) => action === 'activity.failed')).toEqual([]);
  return Object.fromEntries(
    lines
      .filter(({ action }) => action === 'activity.planned')
      .map(({ detail }) => [
        String(detail.activity),
        (detail.plan as { summary: string } | undefined)?.summary ?? 'done',
      ]),
  );
}

function expectNothingChanged(): void {
  const simulators = simulatorsIn(world);
  const requests = simulators.flatMap(({ provider, calls }) =>
    calls.map((request) => ({ provider, request })),
  );
  expect(requests.length).toBeGreaterThan(5);
  expect(requests.filter(({ provider, request }) => isChange(provider, request))).toEqual([]);
  expect(simulators.flatMap(({ ledger }) => ledger)).toEqual([]);
}

describe('a runbook in plan mode', () => {
  it('of a production incident goes through to its end and tells all that it would do', async () => {
    const incidentId = raiseIncident(world.pagerDuty, { title: 'Checkout is slow', service: 'Checkout' });
    resolveAs(world.pagerDuty, incidentId, 'PBENOKA');
    const planned = await plan('pagerdutyProductionIncidentPolicy', { incidentId, graceTime: '1 second' });
    expect(planned).toMatchObject({
      openSlackWarRoom: expect.stringMatching(/^Opens the public channel inc-\d+-checkout-is-slow/),
      showSlackStatusCard: `Shows the state of incident ${incidentId} in CPLANNED: resolved`,
      createJiraIssue: expect.any(String),
      addPagerDutyNote: `Adds a note to incident ${incidentId}`,
      archiveSlackChannel: 'Archives the channel CPLANNED',
    });
    expectNothingChanged();
  });

  it('of an unhealthy instance reboots nothing', async () => {
    const instance = 'i-0abc12345def67890';
    impair(world.ec2, instance);
    const title = `EC2 ${instance} StatusCheckFailed`;
    const incidentId = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
    expect(await plan('ec2UnhealthyRestart', { incidentId })).toMatchObject({
      acknowledgePagerDutyIncident: `Acknowledges incident ${incidentId} "${title}"`,
      rebootEc2Instances: expect.stringContaining(instance),
    });
    expectNothingChanged();
  });
});
