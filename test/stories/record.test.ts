import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineDetails } from '../../server/operations/line-details.ts';
import { impair } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { triggers } from '../../triggers/index.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
let incidentId: string;
beforeAll(async () => {
  world = await startWorld();
  impair(world.ec2, 'i-0abc12345def67890');
  incidentId = raiseIncident(world.pagerDuty, {
    title: 'EC2 i-0abc12345def67890 StatusCheckFailed',
    service: 'Checkout',
  });
  await eventually('the restart', async () => (await world.run(`ec2-unhealthy/${incidentId}`))?.endedAt);
  await eventually('the issue to be done', () => world.jira.world.issues[0]?.status === 'Done');
});
afterAll(() => world.close());

describe('the record of an incident', () => {
  it('has an intent before and an outcome after each change, and leaves none open', async () => {
    // A run goes on with the room: what it is about to do at this moment has no outcome yet.
    const { intended, concluded } = await eventually('no intent to be open', async () => {
      const lines = await world.record(incidentId);
      const keys = (action: string) =>
        lines
          .filter((line) => line.action === action && line.detail.kind !== 'read')
          .map(({ detail }) => detail.key);
      const intended = keys('activity.intended');
      const concluded = [...keys('activity.completed'), ...keys('activity.failed')];
      return intended.every((key) => concluded.includes(key)) ? { intended, concluded } : undefined;
    });
    expect(intended.length).toBeGreaterThan(8);
    for (const key of concluded) expect(intended).toContain(key);
  });

  it('has an activity for each effect that the providers made', async () => {
    const lines = await world.record(incidentId);
    const completed = lines
      .filter(({ action }) => action === 'activity.completed')
      .map(({ detail }) => String(detail.activity));
    const made = [world.pagerDuty, world.slack, world.jira, world.ec2].flatMap(({ ledger }) =>
      ledger.map(({ effect }) => effect),
    );
    const by: Record<string, string> = {
      'instance rebooted': 'rebootEc2Instances',
      'issue created': 'createJiraIssue',
      'channel created': 'openSlackWarRoom',
      'incident resolved': 'resolvePagerDutyIncident',
      'change event added': 'sendPagerDutyChangeEvent',
    };
    for (const [effect, activity] of Object.entries(by)) {
      expect(made).toContain(effect);
      expect(completed).toContain(activity);
    }
  });

  it('says in each line what the document of the API says of it', async () => {
    const lines = await world.store.readRecord({ limit: 10_000 });
    expect(new Set(lines.map(({ action }) => action)).size).toBeGreaterThan(6);
    for (const { action, detail } of lines) {
      const known = Object.entries(lineDetails).find(([name]) => name === action);
      expect(known?.[1].safeParse(detail), action).toMatchObject({ success: true, data: detail });
    }
  });

  it('has one answer of every trigger to every event', async () => {
    const lines = await world.record(incidentId);
    const answered = lines.filter(({ action }) => action === 'event.answered');
    const received = lines.filter(({ action }) => action === 'event.received');
    expect(answered.map(({ detail }) => detail.event).sort()).toEqual(
      received.map(({ detail }) => detail.eventId).sort(),
    );
    // Those that a schedule asks are not in this world.
    const asked = triggers.filter(({ schedule }) => !schedule);
    for (const { detail } of answered) expect(detail.answers).toHaveLength(asked.length);
  });
});

describe('a secret', () => {
  it('is found nowhere but in the call to its provider', async () => {
    const secrets = Object.entries(world.env)
      .filter(([name]) => /TOKEN|SECRET|ROUTING_KEY/.test(name))
      .map(([, value]) => value);
    expect(secrets.length).toBeGreaterThanOrEqual(6);
    const histories: string[] = [];
    for await (const { workflowId } of world.temporal.client.workflow.list()) {
      const history = await world.temporal.client.workflow.getHandle(workflowId).fetchHistory();
      const payloads = JSON.stringify(history, (_, value) =>
        value instanceof Uint8Array || value?.type === 'Buffer'
          ? Buffer.from(value.data ?? value).toString('utf8')
          : value,
      );
      histories.push(payloads);
    }
    expect(histories.some((text) => text.includes('rebootEc2Instances'))).toBe(true);
    const metrics = await (await fetch(`${world.server.url}/metrics`)).text();
    const places: Record<string, string> = {
      histories: histories.join(),
      log: world.log.join(),
      record: JSON.stringify(await world.store.readRecord({ limit: 10_000 })),
      events: JSON.stringify(await world.store.listEvents({ limit: 1_000 })),
      metrics,
    };
    expect(places.log).toContain('dispatched');
    for (const secret of secrets)
      for (const form of [
        secret,
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64'),
        JSON.stringify(secret).slice(1, -1),
      ])
        for (const [place, text] of Object.entries(places))
          expect(text.includes(form), `${place} holds a secret`).toBe(false);
  });
});
