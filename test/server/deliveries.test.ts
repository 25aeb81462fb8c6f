import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { stageBoard } from '../../docs/examples/triggers/subscriptions/stage-board.ts';
import { startDeliveries } from '../../server/rounds/deliveries.ts';
import { startServing } from '../activities/run.ts';
import { backends } from '../store/backends.ts';
import { entry, fresh } from '../store/world.ts';
import { failed, log, newSecret, ok, oldSecret, type Settings, sending, tellingOn } from './subscriber.ts';

describe.each(await backends())('a subscriber, on $name', ({ world }) => {
  const [store, other] = [world.newStore({ secrets: ['hunter2'] }), world.newStore()];

  const { subscriber, happens } = tellingOn(world, store);

  it('is told of what has happened since it was listed, as CloudEvents that the package standardwebhooks verifies', async () => {
    await happens(failed());
    const { tell, heard, state, name } = await subscriber(ok);
    const subject = await happens(failed(), { action: 'run.said', detail: { text: 'not for them' } });
    await tell();
    expect(heard).toHaveLength(1);
    const [{ call = '', headers = {}, body = '' } = {}] = heard;
    expect([call, headers['content-type']]).toEqual([
      'POST /hook',
      'application/cloudevents+json; charset=utf-8',
    ]);
    const verified = new Webhook(newSecret).verify(body, headers as Record<string, string>);
    expect(verified).toEqual({
      specversion: '1.0',
      id: headers['webhook-id'],
      source: 'https://baton.test',
      type: 'baton.run.failed',
      subject,
      time: '2026-03-01T10:00:00.000Z',
      datacontenttype: 'application/json',
      data: {
        run: `ec2-unhealthy/${subject}`,
        workflow: 'restart',
        outcome: 'failed',
        healthy: false,
        failure: { class: 'NotHealthy', message: 'the instance is "gone"\n' },
      },
    });
    expect(() => new Webhook(oldSecret).verify(body, headers as Record<string, string>)).toThrow();
    expect(await state()).toMatchObject({ name, waiting: 0, exhausted: 0 });
    await tell();
    expect(heard).toHaveLength(1);
  });

  it('gets no secret, and of an activity neither what it was given nor what it answered', async () => {
    const { tell, heard } = await subscriber(ok);
    const attempt = { activity: 'sendSlackMessage', kind: 'change', key: 'k', attempt: 1 };
    await happens(
      failed('the password is hunter2'),
      {
        action: 'activity.completed',
        detail: { ...attempt, input: { text: 'private' }, result: { ts: 'private' } },
      },
      { action: 'activity.completed', detail: { ...attempt, result: 'x'.repeat(100_000) } },
    );
    await tell();
    const told = heard.map(({ body }) => JSON.parse(body));
    expect(told.map(({ data: { failure, activity } }) => failure?.message ?? activity)).toEqual([
      'the password is [secret]',
      'sendSlackMessage',
      'sendSlackMessage',
    ]);
    expect(JSON.stringify(told)).not.toContain('private');
    // A line that was too long for the record still says whose run it is.
    expect(told[2].data.run).toMatch(/^ec2-unhealthy\//);
  });

  it('gets the types, workflows, tags, services and stages that it has asked for, and no others', async () => {
    const of = async (name: string, more: object) => {
      const run = fresh(`${name}/`);
      const row = { id: run, trigger: name, workflow: name, target: 'shop' };
      const service = { id: 'PSHOP', name: 'Shop' };
      const cause = { tags: ['remediation'], incident: { id: 'Q1', title: 'Down', service } };
      await store.beginRun({ ...row, input: {}, cause, ...more }, entry());
      return run;
    };
    const [restart, staged, elsewhere, drill] = await Promise.all([
      of('ec2UnhealthyRestart', { input: { stage: 'production' } }),
      of('ec2UnhealthyRestart', { input: { environment: 'staging' } }),
      of('scaleOut', { input: { stage: 'production' }, cause: {} }),
      of('ec2UnhealthyRestart', {
        cause: {
          mode: 'observe',
          incident: { id: 'Q2', title: 'x', drill: true, service: { id: 'PX', name: 'X' } },
        },
      }),
    ]);
    const given = [
      {},
      { types: ['approval.*'] as const },
      { workflows: [async function ec2UnhealthyRestart() {}] },
      { services: ['Shop'] },
      { services: ['PSHOP'], stages: ['production'] },
      { tags: ['remediation'], types: ['run.*'] as const },
    ];
    // One after the other: all at once would wait for each other's connections, and one that waits too long is listed with its next round.
    const all: Awaited<ReturnType<typeof subscriber>>[] = [];
    for (const each of given) all.push(await subscriber(ok, each));
    await happens(...[restart, staged, elsewhere, drill].map((run) => ({ ...failed(), run })), {
      action: 'approval.asked',
      run: restart,
      detail: { approval: 'a1', summary: 'Reboots it' },
    });
    for (const { tell } of all) await tell();
    const runs = all.map(({ heard }) => heard.map(({ body }) => JSON.parse(body).data.run));
    expect(runs).toEqual([
      [restart, staged, elsewhere, drill, restart],
      [restart],
      [restart, staged, drill, restart],
      [restart, staged, restart],
      [restart, restart],
      [restart, staged],
    ]);
    const last = JSON.parse(all[0]?.heard[3]?.body ?? '').data;
    expect(last).toMatchObject({ mode: 'observe', drill: true, workflow: 'ec2UnhealthyRestart' });
  });

  it('gets a body of its own by its method, valid JSON whatever the texts hold, with the headers of file and connection', async () => {
    const { tell, heard, settings } = await subscriber(ok, {
      ...stageBoard,
      types: ['run.failed'],
      stages: ['production'],
      workflows: undefined as never,
    });
    settings.HTTP_SUBSCRIBER_HEADERS = '{"Authorization":"Bearer of-the-board"}';
    const run = fresh('deploy/');
    const row = { id: run, trigger: 'deploy', workflow: 'deploy', target: 'a"\\\n{x}{{y}}' };
    await store.beginRun({ ...row, input: { stage: 'production' }, cause: {} }, entry());
    await happens({ ...failed('it said "no", }{ \u2028'), run });
    await tell();
    const [{ call, headers, body } = { call: '', headers: {}, body: '{}' }] = heard;
    expect([call, headers['x-team'], headers.authorization, headers['content-type']]).toEqual([
      'PUT /hook',
      'shop',
      'Bearer of-the-board',
      'application/json',
    ]);
    expect(new Webhook(newSecret).verify(body, headers as Record<string, string>)).toEqual({
      key: headers['webhook-id'],
      at: '2026-03-01T10:00:00.000Z',
      title: 'deploy failed on a"\\\n{x}{{y}}',
      why: 'it said "no", }{ \u2028',
      class: 'NotHealthy',
      labels: { service: 'none', 'run id': run },
    });
  });

  it('that was down for an hour gets each event then, once, under the id of the first attempt', async () => {
    let isDown = true;
    const { tell, heard, pass, state } = await subscriber(() => ({ status: isDown ? 503 : 200 }));
    await happens(failed());
    // 0 s, 5 s, 5 min, 30 min; the next after 2 h.
    for (const seconds of [0, 5.6, 331, 1_990]) {
      await pass(seconds);
      await tell();
    }
    expect(heard).toHaveLength(4);
    await pass(1_200);
    await tell();
    expect(heard).toHaveLength(4);
    expect(await state()).toMatchObject({ waiting: 1, reason: 'answered 503' });
    isDown = false;
    await pass(7_000);
    await tell();
    await tell();
    expect(heard).toHaveLength(5);
    expect(new Set(heard.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await state()).toMatchObject({ waiting: 0, exhausted: 0 });
  });

  it('is tried no sooner than its schedule says', async () => {
    const { tell, heard, pass } = await subscriber(() => ({ status: 500 }));
    await happens(failed());
    await tell();
    await pass(6);
    await tell();
    await pass(250);
    await tell();
    expect(heard).toHaveLength(2);
    await pass(81);
    await tell();
    expect(heard).toHaveLength(3);
  });

  it('says by Retry-After for how long it wants to be left alone', async () => {
    const { tell, heard, pass } = await subscriber(() => ({
      status: 429,
      headers: { 'retry-after': '600' },
    }));
    await happens(failed());
    await tell();
    await pass(590);
    await tell();
    expect(heard).toHaveLength(1);
    await pass(11);
    await tell();
    expect(heard).toHaveLength(2);
  });

  it('whose answer was lost is told again under the same id, signed for the time of the attempt', async () => {
    let isCut = true;
    const { tell, heard, pass } = await subscriber(() =>
      isCut ? { status: 200, headers: { 'content-length': '10' }, body: '1' } : { status: 200 },
    );
    await happens(failed());
    // The connection ends in the middle of the answer.
    await tell();
    isCut = false;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_000 });
    onTestFinished(() => void vi.useRealTimers());
    await pass(70);
    await tell();
    const [first, second] = heard;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    const verify = (each = first) =>
      new Webhook(newSecret).verify(each?.body ?? '', each?.headers as Record<string, string>);
    expect(verify(second)).toBeTruthy();
    expect(() => verify(first)).toThrow('too old');
  });

  it('knows its messages by the old secret and the new one while they are changed', async () => {
    const { tell, heard, settings } = await subscriber(ok);
    settings.HTTP_SUBSCRIBER_SECRETS = `${newSecret}, ${oldSecret}`;
    await happens(failed());
    await tell();
    const [{ headers = {}, body = '' } = {}] = heard;
    for (const secret of [newSecret, oldSecret])
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toBeTruthy();
  });

  it('that never takes it is given up after eight attempts, which is recorded, told, and replayed', async () => {
    let status = 500;
    const { tell, heard, pass, state, name } = await subscriber(() => ({ status }));
    await happens(failed());
    for (let attempt = 0; attempt < 9; attempt += 1) {
      await tell();
      await pass(40_000);
    }
    expect(heard).toHaveLength(8);
    expect(await state()).toMatchObject({ waiting: 0, exhausted: 1 });
    const { items } = await store.pageOfFailedDeliveries({ subscription: name, limit: 10 });
    expect(items).toMatchObject([
      { subscription: name, type: 'run.failed', attempts: 8, reason: 'answered 500' },
    ]);
    const lines = await store.readRecord({ subject: `subscription:${name}`, limit: 10 });
    expect(lines).toMatchObject([
      { action: 'delivery.exhausted', detail: { subscription: name, attempts: 8, reason: 'answered 500' } },
    ]);
    status = 200;
    const [{ id = 0 } = {}] = items;
    expect(await store.replayDeliveries({ subscription: name, id }, () => entry())).toBe(1);
    await tell();
    expect(heard).toHaveLength(9);
    expect(new Set(heard.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    // What was taken is told again only where that is asked for.
    const since = new Date(Date.now() - 3_600_000).toISOString();
    expect(await store.replayDeliveries({ subscription: name, since }, () => entry())).toBe(0);
    expect(await store.replayDeliveries({ subscription: name, since, taken: true }, () => entry())).toBe(1);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect(
      await store.replayDeliveries({ subscription: name, since: until, taken: true }, () => entry()),
    ).toBe(0);
  });

  it('that answers 410 is stopped, which is recorded; resumed, it misses nothing', async () => {
    let status = 410;
    const { tell, heard, state, name } = await subscriber(() => ({ status }));
    await happens(failed());
    await tell();
    await happens(failed());
    await tell();
    expect(heard).toHaveLength(1);
    expect(await state()).toMatchObject({ stopped: { because: expect.stringContaining('410') }, waiting: 1 });
    const lines = await store.readRecord({ subject: `subscription:${name}`, limit: 10 });
    expect(lines.map(({ action }) => action)).toEqual(['subscription.stopped']);
    status = 200;
    expect(await store.resumeSubscription(name, entry())).toBe(true);
    expect(await store.resumeSubscription(name, entry())).toBe(false);
    await tell();
    expect(heard).toHaveLength(3);
    expect(await state()).not.toHaveProperty('stopped');
  });

  it('leads nowhere else: a redirect is not followed', async () => {
    const target = await startServing(ok);
    const { tell, state } = await subscriber(() => ({ status: 307, headers: { location: target.url } }));
    await happens(failed());
    await tell();
    expect(target.counted.connections).toBe(0);
    expect(await state()).toMatchObject({ waiting: 1, reason: expect.stringContaining('not followed') });
  });

  it.each<[string, Settings, RegExp]>([
    ['lies inside', { HTTP_ALLOWED_HOSTS: 'ci.internal' }, /not allowed|not an address of the public/],
    ['has no secret', { HTTP_SUBSCRIBER_SECRETS: '' }, /HTTP_SUBSCRIBER_SECRETS/],
    ['has no address', { HTTP_SUBSCRIBER_URL: '' }, /HTTP_SUBSCRIBER_URL/],
  ])('that %s gets nothing, and it is told why', async (_, changes, reason) => {
    const { tell, heard, state, settings, counted } = await subscriber(ok);
    Object.assign(settings, changes);
    await happens(failed());
    await tell();
    expect([heard.length, counted.connections]).toEqual([0, 0]);
    expect(await state()).toMatchObject({ waiting: 1, reason: expect.stringMatching(reason) });
  });

  it('whose body cannot be made is given up at once, with the reason, and told once the file is right', async () => {
    const { tell, heard, name, subscription } = await subscriber(ok, {
      body: () => {
        throw new Error('data.service is undefined');
      },
    });
    await happens(failed());
    await tell();
    const { items } = await store.pageOfFailedDeliveries({ subscription: name, limit: 10 });
    expect(items).toMatchObject([
      { attempts: 1, reason: expect.stringContaining('data.service is undefined') },
    ]);
    await store.replayDeliveries({ subscription: name, id: items[0]?.id }, () => entry());
    await tell(store, { ...subscription, body: () => ({ fine: true }) });
    expect(heard.map(({ body }) => body)).toEqual(['{"fine":true}']);
  });

  it('is told once by two servers at a time, and by the next one where a server has died', async () => {
    const { tell, heard, name, pass } = await subscriber(ok);
    for (let each = 0; each < 5; each += 1) await happens(failed());
    await Promise.all([tell(), tell(other)]);
    await Promise.all([tell(other), tell()]);
    expect(heard).toHaveLength(5);
    expect(new Set(heard.map(({ headers }) => headers['webhook-id'])).size).toBe(5);
    // One that has taken it and is gone.
    await happens(failed());
    await store.fanOut(name, ({ hash }) => ({
      ...JSON.parse(heard[0]?.body ?? ''),
      id: `evt-${hash.slice(0, 32)}`,
    }));
    expect(await store.takeDeliveries(name, 10, 60)).toHaveLength(1);
    await tell(other);
    expect(heard).toHaveLength(5);
    await pass(60);
    await tell(other);
    expect(heard).toHaveLength(6);
  });

  it('may be told again for a week of what it has taken, and for as long as the record of what it has not', async () => {
    const { tell, name } = await subscriber(ok);
    await happens(failed(), failed());
    await tell();
    const kept = async () => {
      await store.prune({ days: 30 });
      const of = world.db.selectFrom('deliveries').where('subscription', '=', name);
      return (await of.select('state').execute()).map(({ state }) => state);
    };
    const pass = (days: number) =>
      world.run(
        `update deliveries set settled_at = settled_at - interval '${days} days' where subscription = '${name}'`,
      );
    await world.run(`update deliveries set state = 'exhausted'
      where id = (select max(id) from deliveries where subscription = '${name}')`);
    await pass(6);
    expect(await kept()).toHaveLength(2);
    await pass(2);
    expect(await kept()).toEqual(['exhausted']);
    await pass(23);
    expect(await kept()).toEqual([]);
  });

  it('that does not answer holds up no other', async () => {
    const slow = await subscriber(ok, { connection: 'slow' });
    const quick = await subscriber(ok);
    await happens(failed());
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const deliveries = startDeliveries({
      store,
      subscriptions: [slow.subscription, quick.subscription],
      async send(given, signal) {
        if (given.connection === 'slow') await answered;
        return sending(() => quick.settings)(given, signal);
      },
      source: 'https://baton.test',
      log,
    });
    await vi.waitFor(() => expect(quick.heard).toHaveLength(1), 10_000);
    expect(await slow.state()).toMatchObject({ waiting: 1 });
    answer();
    await deliveries.stop();
    expect(await slow.state()).toMatchObject({ waiting: 0 });
  });
});
