import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anyFreePort } from '../../../processes/ports.ts';
import { type RunningTemporal, startTemporal } from '../../../processes/temporal-server.ts';
import { impair } from '../../../simulator/ec2.ts';
import { raiseIncident, simulatedWebhookSecret } from '../../../simulator/pagerduty.ts';
import { openEmbedded } from '../../../store/embedded/embedded.ts';
import { ask, bearer } from '../../rights/door.ts';
import { sendPress, signedPress } from '../../stories/slack-doors.ts';
import { eventually, type Providers, startProviders } from '../../world.ts';
import { type BatonProcess, startBaton } from '../process.ts';

let folder: string;
let temporal: RunningTemporal;
let providers: Providers;
let env: Record<string, string>;
let port: number;
let baton: BatonProcess;
let startTemporalAgain: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-approvals-'));
  const options = {
    path: inject('temporalPath'),
    dataDir: join(folder, 'temporal'),
    port: await anyFreePort('127.0.0.1'),
  };
  startTemporalAgain = async () => {
    temporal = await startTemporal(options);
  };
  await startTemporalAgain();
  providers = await startProviders(folder);
  env = { ...providers.env, BATON_DATA_DIR: folder, TEMPORAL_ADDRESS: temporal.address };
  port = await anyFreePort('127.0.0.1');
  baton = await startBaton(env, port);
  const url = `${baton.url}/webhooks/pagerduty`;
  providers.pagerDuty.world.subscriptions.push({ url, secret: simulatedWebhookSecret });
});
afterAll(async () => {
  await baton.kill('SIGKILL');
  await temporal.stop();
  await providers.close();
  await rm(folder, { recursive: true });
});

const api = (path: string, options: { method?: string; body?: string } = {}) =>
  ask(`${baton.url}/api/v1${path}`, {
    ...options,
    headers: {
      ...bearer(readFileSync(join(folder, 'admin.token'), 'utf8').trim()),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  });
const answer = async (id: string, verb: 'approve' | 'refuse') =>
  api(`/approvals/${id}/${verb}`, { method: 'POST', body: '{"reason":"it is quiet"}' });

const doors = join(import.meta.dirname, 'doors.ts');

let last = 0;
/** An instance without the tag fails its checks, and the run asks whether it may be rebooted. */
async function asked(): Promise<{ instance: string; run: string; id: string }> {
  const [like] = providers.ec2.world.instances;
  if (!like) throw new Error('There is no instance to be like');
  last += 1;
  const instance = `i-0beef${String(last).padStart(12, '0')}`;
  providers.ec2.world.instances.push({ ...structuredClone(like), id: instance, tags: {} });
  impair(providers.ec2, instance);
  const incident = raiseIncident(providers.pagerDuty, {
    title: `EC2 ${instance} StatusCheckFailed`,
    service: 'Checkout',
  });
  const run = `ec2-unhealthy/${incident}`;
  const found = await eventually('an approval to be asked for', async () => {
    const { json } = await api(`/approvals?run=${encodeURIComponent(run)}`);
    return json.items[0];
  });
  return { instance, run, id: found.id };
}
const reboots = (instance: string) =>
  providers.ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);
/** Where Slack shows it. */
const messageOf = (id: string) =>
  eventually('the message of the approval', async () => (await api(`/approvals/${id}`)).json.messages[0]);
/** Ben, who may answer, presses its button in Slack. */
async function press(id: string): Promise<void> {
  await api('/people/ben@example.com', { method: 'PUT', body: '{"role":"approver"}' });
  const { channelId, ts: messageTs } = await messageOf(id);
  const button = { actionId: 'approve', value: id, channelId, messageTs, userId: 'U0BEN' };
  await sendPress({ server: baton }, signedPress(providers, button));
}
const benIsTold = (words: string, milliseconds?: number) =>
  eventually(
    `Ben to be told: ${words}`,
    () => {
      const { ephemerals, messages } = providers.slack.world;
      return [...ephemerals, ...messages].some(({ text }) => text.includes(words));
    },
    milliseconds,
  );
const shownAs = async (id: string, words: string) => {
  const { channelId, ts } = await messageOf(id);
  await eventually(`the message to say ${words}`, () => {
    const found = providers.slack.world.messages.find(
      (each) => each.channelId === channelId && each.ts === ts,
    );
    return JSON.stringify(found?.blocks).includes(words);
  });
};
const outcomeOf = (run: string) =>
  eventually('the run to end', async () => (await api(`/runs/${run}`)).json.outcome, 60_000);
const pending = async (type: string) =>
  (await api(`/events?disposition=pending&type=${type}`)).json.items.length;

describe('an approval', () => {
  it('that is given goes to the run at once', async () => {
    const { id, run, instance } = await asked();
    const { status, json } = await answer(id, 'approve');
    expect({ status, json }).toMatchObject({
      status: 200,
      json: { state: 'approved', takenUp: true, missing: 0 },
    });
    expect(await outcomeOf(run)).toBe('restarted');
    expect(reboots(instance)).toHaveLength(1);
  });

  it('that is given while Temporal is away is kept, and goes to the run once, when it is back', async () => {
    const { id, run, instance } = await asked();
    await temporal.stop();
    const began = performance.now();
    const { status, json } = await answer(id, 'approve');
    expect(performance.now() - began).toBeLessThan(3_000);
    expect({ status, json }).toMatchObject({ status: 200, json: { state: 'approved', takenUp: false } });
    expect((await answer(id, 'refuse')).status).toBe(409);
    expect(await pending('approval.approved')).toBe(1);
    expect(reboots(instance)).toEqual([]);
    await startTemporalAgain();
    expect(await outcomeOf(run)).toBe('restarted');
    expect(reboots(instance)).toHaveLength(1);
    // It is settled once Temporal has said that the run has it, which may have ended by then.
    await eventually('the event to be settled', async () => (await pending('approval.approved')) === 0);
  });

  it('whose button is pressed while Temporal is away is held up, and given once, when it is back', async () => {
    const { id, run, instance } = await asked();
    await messageOf(id);
    await temporal.stop();
    await eventually('Baton to see that Temporal is away', async () => {
      const { status } = (await (await fetch(`${baton.url}/readyz`)).json()) as { status: string };
      return status === 'degraded';
    });
    const began = performance.now();
    await press(id);
    await benIsTold('Baton is held up now: this is recorded', 3_000);
    expect(performance.now() - began).toBeLessThan(3_000);
    expect((await api(`/approvals/${id}`)).json).toMatchObject({ state: 'pending', answers: [] });
    expect(await pending('slack.request')).toBe(1);
    await startTemporalAgain();
    expect(await outcomeOf(run)).toBe('restarted');
    await benIsTold('You approved it.');
    expect(reboots(instance)).toHaveLength(1);
    expect((await api(`/approvals/${id}`)).json.answers).toMatchObject([
      { by: 'person:ben@example.com', via: 'slack', decision: 'approved' },
    ]);
    expect(await pending('slack.request')).toBe(0);
  });

  it('whose time is over while Baton is down is refused to who comes late, and nothing is done', async () => {
    const { id, run, instance } = await asked();
    await messageOf(id);
    await baton.kill('SIGKILL');
    const { db, release } = await openEmbedded(folder);
    await sql`update approvals set expires_at = now() - interval '1 second' where id = ${id}`.execute(db);
    await db.destroy();
    release();
    baton = await startBaton(env, port);
    const { status, json } = await answer(id, 'approve');
    expect({ status, detail: json.detail }).toEqual({
      status: 409,
      detail: expect.stringMatching(/^It expired at/),
    });
    expect(await outcomeOf(run)).toBe('handed to a person');
    expect(reboots(instance)).toEqual([]);
    await shownAs(id, 'Expired, and not done');
    await press(id);
    await benIsTold('It expired at');
    expect((await api(`/approvals/${id}`)).json).toMatchObject({ state: 'expired', answers: [] });
  });

  it('whose time is over while Baton is down goes to the next level, or pages, once', async () => {
    await baton.kill('SIGKILL');
    baton = await startBaton(env, port, [doors, 'start']);
    const ofRun = async (run: string) =>
      (await api(`/approvals?state=any&run=${encodeURIComponent(run)}`)).json.items;
    const runs = ['Levels', 'Pages'].map((title) => {
      const incident = raiseIncident(providers.pagerDuty, { title, service: 'Search' });
      return `${title.toLowerCase()}/${incident}`;
    });
    const [levels = '', pages = ''] = runs;
    const [first] = await eventually('both to be asked', async () => {
      const found = await Promise.all(runs.map(ofRun));
      return found.every(({ length }) => length === 1) ? found.flat() : undefined;
    });
    await baton.kill('SIGKILL');
    expect(Date.now()).toBeLessThan(Date.parse(first.expiresAt));
    const over = Date.parse(first.expiresAt) + 2_000;
    await eventually('the time to be over', () => Date.now() > over, 30_000);
    const isOf = ({ key }: { key?: string }) => key === 'baton/openTheDoor/ApprovalExpired/north';
    expect(providers.pagerDuty.ledger.filter(isOf)).toEqual([]);
    baton = await startBaton(env, port, [doors, 'start']);

    await eventually('the page', () => providers.pagerDuty.world.alerts.some(isOf), 40_000);
    await eventually('the next level to be asked', async () => (await ofRun(levels)).length === 2, 40_000);
    const asked = await ofRun(levels);
    const second = asked.find(({ id }: { id: string }) => id !== first.id);
    expect((await api(`/approvals/${second.id}`)).json).toMatchObject({
      state: 'pending',
      approvers: { role: 'admin' },
    });
    expect((await answer(first.id, 'approve')).status).toBe(409);
    expect((await answer(second.id, 'approve')).status).toBe(200);
    expect(await outcomeOf(levels)).toBe('approved');
    expect(await ofRun(levels)).toHaveLength(2);
    expect(await ofRun(pages)).toMatchObject([{ state: 'expired' }]);
    expect((await api(`/runs/${pages}`)).json).toMatchObject({ state: 'failed' });
    expect(providers.pagerDuty.ledger.filter(isOf)).toMatchObject([{ effect: 'alert raised' }]);
  }, 180_000);
});
