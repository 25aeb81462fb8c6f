import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionEvent } from '../../domain/watched.ts';
import { changeConnection } from '../../server/operations/connections.ts';
import { perform } from '../../server/operations/perform.ts';
import { impair, restedInstance } from '../../simulator/ec2.ts';
import { pagerDutyEnvironment, raiseIncident } from '../../simulator/pagerduty.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { followJobs } from '../../triggers/jobs.ts';
import { runs } from '../../triggers/runs.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { type Reply, startServing } from '../activities/run.ts';
import { addNamed } from '../named-connections.ts';
import { testBundle } from '../temporal.ts';
import { eventually, startWorld, type World } from '../world.ts';
import { freezeDeployments, steerRuns, tellOfRun, waitToFailOver } from './fixture/with-automations.ts';
import { stepsOf, stepTriggers } from './steps-of-runs.ts';

const secret = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const instance = 'i-0abc12345def67890';
const channelId = 'C0GENERAL';
let hook = '';

const nightly = (name: string, source: string, connection: string) =>
  followJobs({ name, source, connection, finishWithin: '2 hours' });
const waits = defineTrigger({
  name: 'waits',
  on: 'http.steering',
  when: { 'asks for it': ({ type }) => type === 'wait' },
  run: waitToFailOver,
  input: () => ({}),
  each: 'event',
  mode: 'auto',
});
const steers = defineTrigger({
  name: 'steers',
  on: 'http.steering',
  when: { 'asks for it': ({ type }) => type === 'steer' },
  run: steerRuns,
  input: ({ body }) => body as Parameters<typeof steerRuns>[0],
  each: 'event',
  mode: 'auto',
});
const workersGone = defineTrigger({
  name: 'workers-gone',
  on: ['worker.unhealthy', 'schedule.missed'],
  when: 'always',
  run: freezeDeployments,
  input: ({ summary }) => ({ hook, channelId, why: summary }),
  target: ({ about }) => about,
  mode: 'auto',
});
const tells = defineTrigger({
  name: 'tells',
  ...runs({ tags: ['remediation'], states: ['started', 'completed', 'failed'] }),
  run: tellOfRun,
  input: ({ runId, workflow, target, outcome }) => ({ channelId, runId, workflow, target, outcome }),
  each: 'event',
  mode: 'auto',
});

const triggers = [
  nightly('nightly-jobs', 'batch', 'platform'),
  nightly('reports', 'reports', 'platform-quiet'),
  waits,
  steers,
  workersGone,
  tells,
  ...stepTriggers(channelId),
  ec2Unhealthy,
];

let bundle: ReturnType<typeof testBundle>;
let world: World;
beforeAll(async () => {
  bundle = testBundle();
  world = await startWorld({ bundle, triggers, env: { HTTP_ALLOWED_HOSTS: '127.0.0.1' } });
  hook = `${world.service.url}/hooks/freeze`;
  const search = world.pagerDuty.world.services.find(({ name }) => name === 'Search');
  const key = {
    ...pagerDutyEnvironment(world.pagerDuty.url),
    PAGERDUTY_ROUTING_KEY: search?.routingKey ?? '',
  };
  await addNamed(world.connections, 'platform', 'pagerduty', { ...key, PAGERDUTY_SEVERITY: 'critical' });
  await addNamed(world.connections, 'platform-quiet', 'pagerduty', {
    ...key,
    PAGERDUTY_SEVERITY: 'info',
    PAGERDUTY_SUMMARY: '[quiet] {workflow}: {class}',
  });
  for (const source of ['batch', 'reports', 'steering'])
    await addNamed(world.connections, source, 'http', { HTTP_WEBHOOK_SECRETS: `whsec_${secret}` });
});
afterAll(() => world.close());

/** A job outside of Temporal reports by a CloudEvent, signed as Standard Webhooks has it. */
async function reports(
  source: string,
  type: string,
  {
    subject = 'export',
    time = new Date().toISOString(),
    data = {},
  }: { subject?: string; time?: string; data?: object } = {},
): Promise<string> {
  const id = randomUUID();
  const body = JSON.stringify({ specversion: '1.0', id, source: '/cron', type, subject, time, data });
  const seconds = Math.floor(Date.now() / 1_000);
  const signature = createHmac('sha256', Buffer.from(secret, 'base64'))
    .update(`${id}.${seconds}.${body}`)
    .digest('base64');
  const answer = await fetch(`${world.server.url}/webhooks/http/${source}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`,
    },
    body,
  });
  expect(answer.status).toBe(202);
  const { events } = (await answer.json()) as { events: { id: string }[] };
  return events[0]?.id ?? '';
}
const alert = (subject: string) =>
  world.pagerDuty.world.alerts.find(({ key }) => key.endsWith(` ${subject}`));
const paged = (subject: string, status: 'triggered' | 'resolved' = 'triggered') =>
  eventually(`the page for ${subject} to be ${status}`, () => {
    const found = alert(subject);
    return found?.status === status ? found : undefined;
  });
const ended = (id: string) =>
  eventually(`the run ${id} to end`, async () => {
    const run = await world.run(id);
    return run?.endedAt ? run : undefined;
  });
const said = (text: string) =>
  eventually(`Slack to read: ${text}`, () =>
    world.slack.world.messages.some((message) => JSON.stringify(message).includes(text)),
  );

describe('a job outside of Temporal that reports its states by CloudEvents', () => {
  it('pages where it has failed, and its next good end takes the page back', async () => {
    await reports('batch', 'com.example.job.failed', {
      data: { message: 'exit 1', url: 'https://ci.example.com/7' },
    });
    const page = await paged('export');
    expect(page).toMatchObject({
      severity: 'critical',
      summary: 'The job export has failed: exit 1',
      links: expect.arrayContaining([{ href: 'https://ci.example.com/7', text: 'The job' }]),
    });
    await reports('batch', 'com.example.job.started');
    await reports('batch', 'com.example.job.completed');
    await paged('export', 'resolved');
  });

  it('pages where it has not finished in its time, also by what it reports late, and is taken back', async () => {
    const time = new Date(Date.now() - 3 * 3_600_000).toISOString();
    await reports('batch', 'com.example.job.started', { subject: 'slow', time });
    expect((await paged('slow')).summary).toMatch(/^The job slow has not ended by /);
    await reports('batch', 'com.example.job.completed', { subject: 'slow' });
    await paged('slow', 'resolved');
  });

  it('pages by one of several connections with one key, as severe and in the words that this one has', async () => {
    await reports('reports', 'com.example.job.failed', { subject: 'weekly' });
    const quiet = await paged('weekly');
    expect(quiet).toMatchObject({ severity: 'info', summary: '[quiet] weekly: failed' });
    expect(quiet.serviceId).toBe(alert('export')?.serviceId);
  });

  it('pages with another severity once the connection has another one, without any change of code', async () => {
    const admin = { kind: 'token' as const, name: 'admin', role: 'admin' as const };
    const values = { PAGERDUTY_SEVERITY: 'warning' };
    await perform(
      changeConnection,
      { name: 'platform-quiet', values },
      { ...world.operations, principal: admin, via: 'api' },
    );
    await reports('reports', 'com.example.job.failed', { subject: 'monthly' });
    expect((await paged('monthly')).severity).toBe('warning');
  });
});

describe('an automation', () => {
  it('tells Slack of each state that runs with a tag enter, by what started them', async () => {
    impair(world.ec2, instance);
    const id = raiseIncident(world.pagerDuty, {
      title: `EC2 ${instance} StatusCheckFailed`,
      service: 'Checkout',
    });
    await said(`started (ec2-unhealthy/${id})`);
    const run = await ended(`ec2-unhealthy/${id}`);
    await said(`${run.outcome} (ec2-unhealthy/${id})`);
  });

  it('calls HTTP and Slack where workers are gone, and where a schedule was missed', async () => {
    for (const [type, group] of [
      ['worker.unhealthy', 'workers'],
      ['schedule.missed', 'nightly'],
    ] as const) {
      const summary = `what is wrong with ${group}`;
      const trouble = {
        key: `baton/test/${group}`,
        summary,
        severity: 'error',
        component: 'x',
        class: 'TooFew',
        group,
        details: {},
      } as const;
      const since = new Date().toISOString();
      await world.store.tell(conditionEvent(type, { trouble, since }, since));
      await said(`Deployments are held. ${summary}`);
    }
    expect(world.service.world.keys).toHaveLength(2);
  });

  it('tells a run to go on, stops another and starts a third, whose id follows from its own', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'Region is down', service: 'Search' });
    await eventually('the incident', () => world.store.findIncident(id));
    const waiting = `waits/${await reports('steering', 'wait', { subject: 'one' })}`;
    const other = `waits/${await reports('steering', 'wait', { subject: 'other' })}`;
    for (const run of [waiting, other])
      await eventually('the run to live', async () => (await world.run(run))?.state === 'running');
    const data = { incidentId: id, waiting, other };
    const steering = `steers/${await reports('steering', 'steer', { subject: 'now', data })}`;
    const done = await ended(steering);
    expect(done).toMatchObject({
      state: 'completed',
      outcome: expect.stringMatching(/^told, stopped, started manual\/[0-9a-f]{24}$/),
    });
    expect(await ended(waiting)).toMatchObject({ outcome: `told by ${steering}: {"to":"eu-central-1"}` });
    expect((await ended(other)).state).toBe('cancelled');
    const begun = done.outcome?.split(' ').at(-1) ?? '';
    expect(await world.run(begun)).toMatchObject({
      workflow: 'pagerdutyProductionIncidentPolicy',
      subject: id,
    });
    expect(await world.store.findCause(begun)).toMatchObject({
      startedBy: { kind: 'baton', name: `run ${steering}` },
      chain: ['steers'],
    });
  });

  it('learns that there is no run to tell or to stop', async () => {
    const id = raiseIncident(world.pagerDuty, { title: 'Region is up', service: 'Search' });
    await eventually('the incident', () => world.store.findIncident(id));
    const data = { incidentId: id, waiting: 'waits/none', other: 'waits/none' };
    const run = await ended(`steers/${await reports('steering', 'steer', { subject: 'again', data })}`);
    expect(run.outcome).toMatch(/^not told, not stopped, started manual\//);
  });
});

describe('a step of a run', () => {
  const { toldOf, entered, linesOf, replay } = stepsOf(() => world);
  const serving = (reply: (method: string | undefined) => Reply) =>
    startServing(({ method }) => (method === 'GET' ? { status: 200 } : reply(method)));
  const begin = async (trigger: string, data: object) =>
    `${trigger}/${await reports('steering', trigger, { subject: trigger, data })}`;

  it('is told as it is scheduled, started and completed, reads among them, once each, also past a new history', async () => {
    const { url } = await serving(() => ({ status: 200 }));
    const run = await begin('call', { url, again: true });
    expect((await ended(run)).outcome).toBe('called');
    const told = await toldOf(run);
    const states = ['scheduled', 'started', 'completed'];
    const both = ['readHttpResource#1', 'sendHttpRequest#1', 'readHttpResource#2', 'sendHttpRequest#2'];
    expect([...told.keys()].sort()).toEqual(
      both.flatMap((step) => states.map((state) => `${state} ${step}`)).sort(),
    );
    expect(told.get('started sendHttpRequest#1')).toMatchObject({
      id: `activity.started/${run}/sendHttpRequest/1`,
      runId: run,
      workflow: 'callHook',
      trigger: 'call',
      activity: 'sendHttpRequest',
      kind: 'change',
      key: `${run}#sendHttpRequest#1`,
      attempt: 1,
      outcome: 'started',
      scheduledAt: expect.stringMatching(/^20.*Z$/),
    });
    expect(told.get('completed readHttpResource#1')).toMatchObject({ kind: 'read', targets: [] });
    await said(`sendHttpRequest on : completed (${run})`);
  });

  it('says what it acts on', async () => {
    const instance = restedInstance(world.ec2);
    impair(world.ec2, instance);
    const title = `EC2 ${instance} StatusCheckFailed`;
    const run = `ec2-unhealthy/${raiseIncident(world.pagerDuty, { title, service: 'Checkout' })}`;
    const told = await entered(run, 'activity.completed', 'rebootEc2Instances');
    expect(told).toMatchObject({
      kind: 'destructive',
      targets: [`ec2:${instance}`],
      service: { name: 'Checkout' },
      tags: ['remediation'],
    });
    await ended(run);
  });

  it('starts another workflow where it has failed for good, whatever comes of the run', async () => {
    const { url } = await serving(() => ({ status: 422, body: 'not this one' }));
    const run = await begin('call', { url });
    await said(`sendHttpRequest on : failed (${run})`);
    const { failure } = await entered(run, 'activity.failed');
    expect(failure).toMatchObject({ class: 'ProviderRefused' });
    expect([...(await toldOf(run)).keys()]).not.toContain('completed sendHttpRequest#1');
    const [, other] = await eventually('the run that follows', async () => {
      const found = await world.run(`tells-of-steps/activity.failed/${run}/sendHttpRequest/1`);
      return found && [found, await world.store.findCause(found.id)];
    });
    expect(other).toMatchObject({ trigger: 'tells-of-steps', chain: ['call'] });
    // What follows is told nothing of by the trigger that has led to it.
    expect(other).not.toHaveProperty('heard');
  });

  it('has timed out where Temporal waits for it no longer, and says so', async () => {
    const { url } = await serving(() => ({ status: 503 }));
    const run = await begin('call-at-once', { url });
    const { failure } = await entered(run, 'activity.timed_out');
    expect(failure).toMatchObject({ class: 'TimedOut', message: expect.stringMatching(/ScheduleToClose/) });
    await ended(run);
    expect([...(await toldOf(run)).keys()].sort()).toEqual([
      'scheduled sendHttpRequest#1',
      'started sendHttpRequest#1',
      'timed_out sendHttpRequest#1',
    ]);
    expect(await linesOf(run)).toContain('activity.timed_out');
  });

  it('is cancelled with its run', async () => {
    const { url } = await serving(() => ({ status: 503, headers: { 'retry-after': '60' } }));
    const run = await begin('call', { url });
    await eventually('its first attempt to fail', async () =>
      (await linesOf(run)).includes('activity.failed'),
    );
    await world.temporal.client.workflow.getHandle(run).cancel();
    await entered(run, 'activity.cancelled');
    expect((await ended(run)).state).toBe('cancelled');
    expect([...(await toldOf(run)).keys()]).not.toContain('failed sendHttpRequest#1');
  });

  it('is cancelled where its run ends without it', async () => {
    const { url } = await serving(() => ({ status: 503 }));
    const run = await begin('call', { url, leaves: true });
    expect((await ended(run)).outcome).toBe('left');
    const told = [...(await toldOf(run)).keys()];
    expect(told).toContain('cancelled sendHttpRequest#1');
    expect(told).not.toContain('failed sendHttpRequest#1');
  });

  it('is cancelled where its run begins a new history without it', async () => {
    const { url } = await serving(() => ({ status: 503 }));
    const run = await begin('call', { url, leaves: true, again: true });
    expect((await ended(run)).outcome).toBe('left');
    const told = [...(await toldOf(run)).keys()].filter((name) => !name.startsWith('started'));
    const [first, second] = ['sendHttpRequest#1', 'sendHttpRequest#2'];
    expect(told.sort()).toEqual(
      ['cancelled', 'scheduled'].flatMap((state) => [`${state} ${first}`, `${state} ${second}`]),
    );
    await replay(run, bundle);
  });

  it('is told once though attempts fail before, beside others, and nothing in the history is in the way of a replay', async () => {
    let isBack = false;
    const { url } = await serving(() => ({ status: isBack ? 200 : 503 }));
    const run = await begin('call', { url, times: 3 });
    await eventually('further attempts', async () =>
      (await linesOf(run)).filter((action) => action === 'activity.failed').at(3),
    );
    isBack = true;
    await ended(run);
    const told = await toldOf(run);
    const states = ['completed', 'scheduled', 'started'];
    expect([...told.keys()].filter((name) => name.includes('sendHttp')).sort()).toEqual(
      states.flatMap((state) => [1, 2, 3].map((number) => `${state} sendHttpRequest#${number}`)),
    );
    expect(told.get('started sendHttpRequest#1')).toMatchObject({ attempt: 1 });
    await replay(run, bundle);
  });
});
