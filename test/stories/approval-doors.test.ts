import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approveApproval } from '../../server/operations/approvals.ts';
import { perform } from '../../server/operations/perform.ts';
import { impair } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { ask, bearer, newToken, openDoor, sendJson } from '../rights/door.ts';
import { entry } from '../store/world.ts';
import { eventually, startWorld, type World } from '../world.ts';
import { overHttp } from './slack-doors.ts';

const instance = 'i-0def12345abc67890';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident, ec2Unhealthy, approvalMessage, slackRequest] });
  await world.store.setRole('ben@example.com', 'approver', entry());
});
afterAll(() => world.close());

const message = () =>
  world.slack.world.messages.find(({ metadata }) => metadata?.event_type === 'baton_approval');
const shown = () => JSON.stringify(message()?.blocks ?? '');

describe('an approval that is asked for in Slack, which then goes down', () => {
  it('is given by command, once; the API says who was first, and so does Slack when it is back', async () => {
    const { store, slack, ec2, operations } = world;
    impair(ec2, instance);
    const id = raiseIncident(world.pagerDuty, {
      title: `EC2 ${instance} StatusCheckFailed`,
      service: 'Search',
    });
    const { channelId, ts } = await eventually('the message', message);
    const approval = await eventually('the message to be known', async () =>
      (await store.pageOfApprovals({ subject: id, limit: 10 })).items.find(({ messages }) => messages[0]),
    );
    expect(shown()).toContain('"approve"');

    slack.fail({ kind: 'status', status: 503, match: '/api/', times: Number.MAX_SAFE_INTEGER });
    const principal = { kind: 'person', name: 'ada@example.com', role: 'admin' } as const;
    const taken = await perform(
      approveApproval,
      { id: approval.id },
      { ...operations, principal, via: 'cli' },
    );
    expect(taken).toMatchObject({ state: 'approved', name: 'Ada Lopez', takenUp: true });

    const api = await openDoor(store, { world: operations });
    const { text } = await newToken(store, { role: 'approver' });
    const late = await ask(
      `${api.url}/api/v1/approvals/${approval.id}/approve`,
      sendJson('POST', {}, bearer(text)),
    );
    expect(late.status).toBe(409);
    expect(late.json.detail).toMatch(/^It was approved by Ada Lopez at .*, by cli already\.$/);

    await eventually('the incident to be resolved', () =>
      world.pagerDuty.world.incidents.some((each) => each.id === id && each.status === 'resolved'),
    );
    expect(shown()).toContain('"approve"');
    await fetch(`${slack.url}/_simulator/faults`, { method: 'DELETE' });
    await eventually('the message to be mended', () => shown().includes('Approved by Ada Lopez (cli'));
    expect(shown()).not.toContain('"approve"');

    // An old screen still shows the button.
    const button = { actionId: 'approve', value: approval.id, channelId, messageTs: ts, userId: 'U0BEN' };
    slack.world.channels.find((each) => each.id === channelId)?.memberIds.push('U0BEN');
    await overHttp(world).press(button);
    await eventually('Ben to be told who was first', () =>
      slack.world.ephemerals.some(
        ({ userId, text }) => userId === 'U0BEN' && text.includes('It was approved by Ada Lopez'),
      ),
    );
    const kept = await store.findApproval(approval.id);
    expect(kept?.answers).toMatchObject([{ by: 'person:ada@example.com', via: 'cli', decision: 'approved' }]);
    expect(ec2.ledger).toMatchObject([{ effect: 'instance rebooted', target: instance }]);
    const decided = (await world.record(id)).filter(({ action }) => action === 'approval.answered');
    expect(decided).toHaveLength(1);
  }, 60_000);
});
