import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sizeInWords } from '../../domain/kept-text.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { startTimeSkipping } from '../temporal.ts';
import { eventually, startWorld, type World } from '../world.ts';

/** As shipped, with a short grace time. What is of low urgency gets a private room here. */
const rooms = defineTrigger({
  name: 'rooms',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id, urgency }) => ({
    incidentId: id,
    graceTime: '1 minute' as const,
    private: urgency === 'low',
  }),
  whenResolved: 'continue',
});

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [rooms], temporal: await startTimeSkipping() });
});
afterAll(async () => {
  await world.close();
  await world.temporal.teardown();
});

const roomOf = (id: string) => world.slack.world.channels.find(({ purpose }) => purpose.includes(id));
const refuse = { kind: 'status', status: 403 } as const;
const noMoreFaults = () => fetch(`${world.jira.url}/_simulator/faults`, { method: 'DELETE' });

/** Ada says something in the room of an incident, which is resolved and followed to its end. */
async function tellInRoom(text: string, urgency: 'high' | 'low' = 'high', times = 1): Promise<string> {
  const id = raiseIncident(world.pagerDuty, { title: 'Checkout is slow', service: 'Checkout', urgency });
  const { id: channelId } = await eventually('the room', () => roomOf(id));
  for (let count = 0; count < times; count += 1)
    world.slack.world.messages.push({ channelId, ts: `${Date.now() / 1000 + count}`, userId: 'U0ADA', text });
  resolveAs(world.pagerDuty, id, 'PBENOKA');
  await eventually('the end', async () => {
    await world.temporal.sleep('1 minute');
    return (await world.runs(id)).every(({ endedAt }) => endedAt);
  });
  expect(roomOf(id)?.archived).toBe(true);
  return id;
}
const linesOf = async (id: string) => JSON.stringify((await world.record(id)).map(({ detail }) => detail));

describe('what was said in a room that is archived', () => {
  it('is kept where no issue could be made', async () => {
    world.jira.fail({ ...refuse, times: 50 });
    const id = await tellInRoom('It was the cache');
    await noMoreFaults();
    const [kept] = await world.store.transcriptsOf(id, 10);
    expect(kept).toMatchObject({ room: expect.stringContaining(roomOf(id)?.id ?? '?'), truncated: false });
    expect(kept?.markdown).toContain('**Ada Lopez**: It was the cache');
    const digest = createHash('sha256')
      .update(kept?.markdown ?? '')
      .digest('hex');
    expect(kept?.digest).toBe(digest);
    const lines = await linesOf(id);
    expect(lines).toContain(`SHA-256 ${digest}`);
    expect(lines).toContain('baton incidents transcript tells it');
  });

  it('is kept where the issue does not take it', async () => {
    world.jira.fail({ ...refuse, match: '/comment', times: 50 });
    const id = await tellInRoom('It was the disk');
    await noMoreFaults();
    expect(world.jira.world.issues).toHaveLength(1);
    const [kept] = await world.store.transcriptsOf(id, 10);
    expect(kept?.markdown).toContain('**Ada Lopez**: It was the disk');
  });

  it('that is too long for the issue is kept whole, and the comment, the record and the command name it', async () => {
    const long = `${'It was slow. '.repeat(300)}\n`;
    const id = await tellInRoom(long, 'high', 12);
    const [kept] = (await world.store.pageOfTexts({ subject: id, limit: 10 })).items;
    const text = (await world.store.readText(id, kept?.digest ?? ''))?.text ?? '';
    expect(text.split('It was slow. ')).toHaveLength(12 * 300 + 1);
    const named = `All of it (${sizeInWords(kept?.bytes ?? 0)}) is kept: baton texts show ${kept?.digest}`;
    const issue = world.jira.world.issues.find(({ fields }) => fields.labels.includes(`baton-${id}`));
    expect(JSON.stringify(issue?.comments)).toContain(
      `This is the beginning: the room has all of it. ${named}`,
    );
    expect(await linesOf(id)).toContain(`SHA-256 ${kept?.digest}. ${named}`);
    expect(await world.store.transcriptsOf(id, 10)).toEqual([]);
  });

  it('is not kept twice where the issue has it, and never of a private room', async () => {
    const onIssue = await tellInRoom('It was the network');
    expect(JSON.stringify(world.jira.world.issues)).toContain('It was the network');
    expect(await world.store.transcriptsOf(onIssue, 10)).toEqual([]);
    world.jira.fail({ ...refuse, match: '/comment', times: 50 });
    const inPrivate = await tellInRoom('Between us', 'low');
    await noMoreFaults();
    expect(await linesOf(inPrivate)).toContain('Transcript of the war room');
    expect(await world.store.transcriptsOf(inPrivate, 10)).toEqual([]);
    expect(JSON.stringify(await world.record(inPrivate))).not.toContain('Between us');
  });
});
