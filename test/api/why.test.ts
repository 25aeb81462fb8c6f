import { afterAll, describe, expect, it } from 'vitest';
import { defineTrigger } from '../../triggers/trigger.ts';
import { news } from '../cli/fixture/trigger.ts';
import { waitForNews } from '../cli/fixture/workflows.ts';
import { dispatcherOn } from '../server/dispatcher.ts';
import { liveRun } from '../store/approval.ts';
import { parkedAt, question } from '../store/question.ts';
import { delivery, embeddedWorld, entry, fresh, intent } from '../store/world.ts';
import type { Asking } from './served.ts';
import { serve } from './served.ts';

const broken = defineTrigger({
  name: 'broken',
  on: 'pagerduty.incident.triggered',
  when: {
    'is of a service that it knows': ({ service }) => {
      if (service.id === 'PBROKEN') throw new Error('no such service in the table');
      return false;
    },
  },
  run: waitForNews,
  input: ({ id }) => ({ incidentId: id }),
});
const triggers = [news, broken];

const world = await embeddedWorld();
const store = world.newStore();
let isUp = true;
const served = await serve(store, {
  triggers: async () => triggers,
  running: () => ({
    temporal: { up: isUp, since: '2026-11-20T09:00:00.000Z' },
    troubles: {},
    stuckRuns: {},
    halves: [],
    workersExpected: 1,
  }),
});
afterAll(async () => {
  await served.close();
  await world.close();
});

const get = async (path: string, options: Asking = {}) => {
  const { status, json } = await served.ask('GET', `/api/v1${path}`, options);
  expect([path, status]).toEqual([path, 200]);
  return json;
};

interface Arrival {
  subject?: string;
  type?: string;
  time?: string;
  urgency?: string;
  service?: string;
  status?: string;
  eventId?: string;
}

/** An event of PagerDuty, as it comes. */
async function arrives({
  subject = fresh('Q'),
  type = 'triggered',
  time = new Date().toISOString(),
  urgency = 'low',
  service = 'PCHECK',
  status = type === 'resolved' || type === 'acknowledged' ? type : 'triggered',
  eventId = fresh('E'),
}: Arrival = {}) {
  const data = {
    id: subject,
    number: 77,
    title: 'Slow',
    status,
    urgency,
    service: { id: service, name: 'Checkout' },
    assignees: [],
    teams: [],
    createdAt: '2026-03-01T10:00:00.000Z',
  };
  const event = {
    id: eventId,
    source: '/pagerduty/default',
    type: `pagerduty.incident.${type}`,
    subject,
    time,
    agent: { kind: 'person', id: 'PADA', name: 'Ada Lopez' },
    data,
  };
  const { seq } = await store.receive(
    delivery({ eventId, type: event.type, subject, time, event, source: event.source, leave: true }),
  );
  return { subject, seq, eventId };
}

/** As the dispatcher of a server does it. */
async function dispatched(arrival: Arrival = {}) {
  const arrived = await arrives(arrival);
  await settled(arrived.seq);
  return arrived;
}
async function settled(seq: number) {
  const dispatcher = dispatcherOn(store, triggers, { start: async () => {}, signal: async () => {} });
  await expect
    .poll(async () => (await store.findEvent(String(seq)))?.disposition, { timeout: 5_000 })
    .toBeDefined();
  await dispatcher.stop();
  while ((await store.seal()) > 0);
}

describe('the numbers', () => {
  it('tell of each workflow what became of its runs, and how long its incidents waited', async () => {
    const time = (minute: number) => new Date(Date.now() + minute * 60_000).toISOString();
    const { subject } = await dispatched({ urgency: 'high', service: 'PNUMBERS' });
    await dispatched({
      subject,
      urgency: 'high',
      service: 'PNUMBERS',
      type: 'acknowledged',
      time: time(1),
    });
    const numbers = await get('/numbers?service=PNUMBERS&days=366');
    expect(numbers.workflows).toEqual([
      {
        workflow: 'waitForNews',
        runs: 1,
        live: 1,
        completed: 0,
        failed: 0,
        stopped: 0,
        helped: 0,
        notHelped: 0,
        refused: 0,
        notNeeded: 0,
        falsePositives: 0,
        acknowledged: { count: 1, medianSeconds: expect.any(Number) },
        resolved: { count: 0 },
      },
    ]);
    expect((await get('/numbers?service=PNOBODY')).workflows).toEqual([]);
  });
});

describe('the story of an incident', () => {
  it('is one list in words, with counts, times and what is new since', async () => {
    const { subject } = await dispatched({ urgency: 'high', time: '2026-03-01T10:00:01.000Z' });
    await dispatched({ subject, urgency: 'high', type: 'acknowledged', time: '2026-03-01T10:04:00.000Z' });
    const story = await get(`/incidents/${subject}/timeline`);
    expect(story).toMatchObject({
      acknowledgedAfterSeconds: 240,
      acknowledgedBy: 'Ada Lopez',
      withAutomation: false,
      warnings: [expect.stringMatching(/^PagerDuty's own log of it is not among this/)],
    });
    expect(story.counts.all).toBeGreaterThan(story.counts.story);
    const texts = story.items.map(({ text }: { text: string }) => text);
    expect(texts).toEqual([
      'Ada Lopez triggered the incident: "Slow", of Checkout, urgency high',
      `starts news/${subject}, the workflow waitForNews, in the mode approve`,
      'Ada Lopez acknowledged the incident',
    ]);
    const all = await get(`/incidents/${subject}/timeline?show=all&order=newest&limit=2`);
    expect(all.items).toHaveLength(2);
    const rest = await get(`/incidents/${subject}/timeline?show=all&order=newest&limit=2&cursor=${all.next}`);
    const ids = [...all.items, ...rest.items].map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(4);
    expect((await get(`/incidents/${subject}/timeline?after=${story.position}`)).items).toEqual([]);
    await dispatched({ subject, type: 'resolved', time: '2026-03-01T11:00:00.000Z' });
    const since = await get(`/incidents/${subject}/timeline?after=${story.position}`);
    expect(since.items.map(({ text }: { text: string }) => text)).toEqual([
      'Ada Lopez resolved the incident',
    ]);
    expect(since).toMatchObject({ resolvedAfterSeconds: 3600 });
  });

  it('is listed with what it waits for, and with what you may do', async () => {
    const { subject } = await dispatched({ urgency: 'high', service: 'PLIST' });
    const runId = `news/${subject}`;
    await store.askQuestion(question({ runId, subject }));
    const list = async (query: string, token = 'admin') =>
      (await get(`/incidents?service=PLIST${query}`, { token })).items[0];
    expect(await list('&q=%2377&order=state')).toMatchObject({
      id: subject,
      runs: [{ id: runId, waitsFor: [{ kind: 'answer', summary: 'Which region takes over?' }] }],
      needsMe: [{ kind: 'answer', run: runId }],
      can: { acknowledge: true, resolve: true, note: true, run: true },
    });
    const asViewer = await list('', 'viewer');
    expect(asViewer.needsMe).toEqual([]);
    expect(asViewer.can.acknowledge).toContain('this token is viewer');
    expect(await list('&mine=true')).toMatchObject({ id: subject });
    expect(await list('&mine=true', 'viewer')).toBeUndefined();
    expect((await get('/me/waiting')).items).toMatchObject([{ kind: 'answer', subject }]);
    expect(await get('/me', { token: 'viewer' })).toMatchObject({
      can: { 'incidents.read': true, 'runs.start': expect.stringContaining('viewer') },
    });
    const [run] = (await get(`/runs?state=waiting&subject=${subject}`, { token: 'viewer' })).items;
    expect(run.can.cancel).toContain('runs.stop');
    expect((await get(`/runs?state=working&subject=${subject}`)).items).toEqual([]);
  });
});

describe('why', () => {
  it('no trigger fits: the condition of each that said no', async () => {
    const { subject, eventId, seq } = await dispatched();
    const why = await get(`/incidents/${subject}/why`);
    expect(why.summary).toBe(
      'Nothing ran. 2 triggers say no: news: "is of high urgency" does not hold; broken: "is of a service that it knows" does not hold.',
    );
    expect(why.events).toMatchObject([
      {
        id: eventId,
        disposition: 'ignored',
        answers: [
          { trigger: 'news', answer: 'no', forType: true, condition: 'is of high urgency' },
          { trigger: 'broken', answer: 'no', condition: 'is of a service that it knows' },
        ],
      },
    ]);
    expect((await get(`/events/${seq}/why`)).summary).toBe(why.summary);
  });

  it('something runs: which run, how far it may go, and for what it waits', async () => {
    const { subject } = await dispatched({ urgency: 'high' });
    const why = await get(`/incidents/${subject}/why`);
    expect(why.summary).toBe(`One run is under way: news/${subject}.`);
    expect(why.events[0].answers[0]).toMatchObject({
      trigger: 'news',
      answer: 'yes',
      run: `news/${subject}`,
    });
    expect(why.runs[0]).toMatchObject({ id: `news/${subject}`, can: { cancel: true } });
  });

  it('the same delivery again is a duplicate, and an older one is stale', async () => {
    const { subject, eventId } = await dispatched({ type: 'resolved', time: '2026-03-02T10:00:00.000Z' });
    await arrives({ subject, eventId, type: 'resolved', time: '2026-03-02T10:00:00.000Z' });
    await dispatched({ subject, urgency: 'high', time: '2026-03-01T10:00:00.000Z' });
    const why = await get(`/incidents/${subject}/why`);
    expect(why.events.map(({ disposition }: { disposition: string }) => disposition)).toEqual([
      'ignored',
      'duplicate',
      'stale',
    ]);
    expect(why.events[1].reason).toMatch(/^It is a duplicate: .*was dropped\.$/);
    expect(why.events[2].reason).toMatch(
      /It starts nothing new: it came late: the incident was resolved at 2026-03-02 10:00:00 UTC already/,
    );
  });

  it('it is what Baton itself has done, which is told to what runs', async () => {
    const { subject } = await dispatched({ urgency: 'high' });
    await store.intend(
      intent({
        subject,
        runId: `news/${subject}`,
        activity: 'acknowledgePagerDutyIncident',
        causes: ['pagerduty.incident.acknowledged'],
      }),
    );
    await dispatched({ subject, urgency: 'high', type: 'acknowledged' });
    const { events } = await get(`/incidents/${subject}/why`);
    expect(events[1]).toMatchObject({ disposition: 'ignored' });
    expect(events[1].reason).toBe(
      `It starts nothing new: it is what Baton itself has just done (acknowledgePagerDutyIncident of news/${subject}). It was passed on to 1 live run.`,
    );
  });

  it('a trigger is switched off, or lowered', async () => {
    const lowering = { trigger: 'news', by: 'person:ada@example.com', reason: 'it is too eager' };
    await store.lowerTrigger({ ...lowering, mode: 'off' }, entry());
    const { subject } = await dispatched({ urgency: 'high' });
    const why = await get(`/incidents/${subject}/why`);
    expect(why.summary).toContain('news: it was switched off by person:ada@example.com: it is too eager');
    expect(why.events[0].answers[0]).toMatchObject({ trigger: 'news', answer: 'off' });
    expect(why.lowered).toMatchObject([{ trigger: 'news', standing: 'off', reason: 'it is too eager' }]);
    await store.enableTrigger('news', entry());
    await store.lowerTrigger({ ...lowering, mode: 'observe' }, entry());
    const other = await dispatched({ urgency: 'high' });
    const { events } = await get(`/incidents/${other.subject}/why`);
    expect(events[0].answers[0]).toMatchObject({ answer: 'yes', mode: 'observe' });
    const test = await served.ask('POST', '/api/v1/triggers/news/test', {
      body: { event: String(other.seq) },
    });
    expect(test.json).toMatchObject({ mode: 'observe', items: [{ seq: other.seq, answer: 'yes' }] });
  });

  it('a guard or the kill switch holds what it would change', async () => {
    const { subject } = await dispatched({ urgency: 'high' });
    const retryAt = '2030-01-01T00:00:00.000Z';
    await store.append([
      entry({
        subject,
        action: 'activity.refused',
        detail: {
          run: `news/${subject}`,
          activity: 'rebootEc2Instances',
          kind: 'destructive',
          key: 'k',
          attempt: 1,
          input: { instanceIds: ['i-1'] },
          failure: { class: 'Held', message: 'i-1 was changed 2 minutes ago' },
          held: { guard: 'cool-down', retryAt },
        },
      }),
    ]);
    const hold = await store.setHold(
      { kind: 'kill-switch', by: 'person:ada', reason: 'too much at once' },
      () => entry(),
    );
    while ((await store.seal()) > 0);
    const why = await get(`/incidents/${subject}/why`);
    expect(why.held).toEqual([
      {
        run: `news/${subject}`,
        activity: 'rebootEc2Instances',
        target: 'i-1',
        guard: 'cool-down',
        reason: 'i-1 was changed 2 minutes ago',
        retryAt,
      },
    ]);
    expect(why.switches).toMatchObject([{ kind: 'kill-switch', reason: 'too much at once' }]);
    expect(why.summary).toContain('The kill switch is on (too much at once), so nothing is changed.');
    expect(await get('/status')).toMatchObject({
      killSwitches: [{ id: hold.id }],
      temporal: { state: 'up' },
      workers: { state: 'unknown' },
    });
    await store.liftHold(hold.id, 'person:ada', 'over', entry());
  });

  it('a kill switch of others is no word to whoever is limited, and says what it holds', async () => {
    const { subject } = await dispatched({ urgency: 'low' });
    const limits = { provider: 'slack', workflow: 'other', service: 'PSECRET', target: 'ec2:i-secret' };
    const hold = await store.setHold(
      { kind: 'kill-switch', ...limits, by: 'person:ada@example.com', reason: 'a customer’s breach' },
      () => entry(),
    );
    const why = await get(`/incidents/${subject}/why`);
    expect(why.summary).toContain(
      'The kill switch is on for the provider slack, the workflow other, the service PSECRET, ec2:i-secret (a customer’s breach).',
    );
    const principal = {
      kind: 'token',
      name: 'limited',
      role: 'viewer',
      scope: { services: ['PCHECK'] },
    } as const;
    served.principals.set('limited', principal);
    const limited = { token: 'limited' };
    const answers = [await get(`/incidents/${subject}/why`, limited), await get('/status', limited)];
    expect(JSON.stringify(answers)).not.toMatch(/secret|breach/i);
    await store.liftHold(hold.id, 'person:ada', 'over', entry());
  });

  it('an event or a run is parked, or waits in the inbox because Temporal is away', async () => {
    const parked = await dispatched({ service: 'PBROKEN' });
    const why = await get(`/incidents/${parked.subject}/why`);
    expect(why.summary).toBe(
      'Nothing ran. It is parked: trigger broken: no such service in the table. Correct the fault, then: baton events replay',
    );
    expect(why.parked).toMatchObject([{ kind: 'event', id: String(parked.seq) }]);
    const { runId } = await liveRun(store, { subject: parked.subject });
    await store.askQuestion(parkedAt({ runId, subject: parked.subject }));
    expect((await get(`/incidents/${parked.subject}/why`)).parked[0]).toMatchObject({
      kind: 'run',
      id: runId,
    });
    expect(await get(`/runs?state=parked&q=${encodeURIComponent(runId)}`)).toMatchObject({
      items: [{ id: runId, waitsFor: [{ kind: 'parked' }] }],
    });
    const waiting = await arrives();
    isUp = false;
    const { summary, events } = await get(`/incidents/${waiting.subject}/why`);
    isUp = true;
    expect(events[0].disposition).toBe('pending');
    expect(summary).toMatch(
      /^Nothing has run yet. It is still in the inbox since .* UTC: Temporal is away since 2026-11-20 09:00:00 UTC: events are kept, and runs wait.$/,
    );
  });
});
