import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleWebhook, fullDisk } from '../../cli/example.ts';
import { openStore } from '../../store/open.ts';
import { seedStore } from '../seed.ts';
import { runBaton } from './command.ts';
import { news } from './fixture/trigger.ts';

const incidentOf = (id: string) => ({
  id,
  title: 'p99 latency above 2 s',
  status: 'triggered',
  service: { id: 'PCHECK', name: 'Checkout' },
  assignees: [],
  teams: [],
});

describe('the command line', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-commands-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const baton = (argv: string[], env: NodeJS.ProcessEnv = {}) =>
    runBaton(argv, {
      env: { BATON_DATA_DIR: join(folder, 'data'), ...env },
      isTTY: true,
      loadTriggers: async () => [news],
    });
  const commands = [
    [],
    ['start'],
    ['server'],
    ['worker'],
    ['demo'],
    ['migrate'],
    ['config'],
    ['look'],
    ['backtest'],
    ['doctor'],
    ['access'],
    ['admin-token'],
    ...['list', 'show', 'transcript', 'texts'].map((verb) => ['incidents', verb]),
    ['texts', 'show'],
    ...['list', 'show', 'start', 'stop'].map((verb) => ['runs', verb]),
    ...['list', 'show', 'replay', 'example'].map((verb) => ['events', verb]),
    ...['list', 'show', 'test'].map((verb) => ['triggers', verb]),
    ...['show', 'verify'].map((verb) => ['audit', verb]),
    ...['search', 'export'].map((verb) => ['record', verb]),
    ['workflows', 'list'],
    ...['list', 'show'].map((verb) => ['activities', verb]),
    ...['list', 'show', 'add', 'change', 'rotate', 'remove', 'test'].map((verb) => ['connections', verb]),
    ...['list', 'set', 'remove'].map((verb) => ['routes', verb]),
    ...['list', 'create', 'revoke'].map((verb) => ['tokens', verb]),
    ...['list', 'set', 'remove', 'link'].map((verb) => ['people', verb]),
    ['store', 'size'],
    ['identities', 'list'],
    ['me', 'show'],
  ];

  it.each(commands)('has help for: baton %s %s', async (...words) => {
    const { exit, stdout, stderr } = await baton([
      ...words.filter((word) => typeof word === 'string'),
      '--help',
    ]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: baton/);
    if (words.length > 0 && words.some((word) => typeof word === 'string')) {
      expect(stdout).toContain('--json');
      expect(stdout).toContain('--no-color');
    }
  });

  it.each([
    ['an unknown command', ['runs', 'lst']],
    ['an unknown option', ['runs', 'list', '--live-only']],
    ['a missing argument', ['runs', 'show']],
    ['a limit that is none', ['runs', 'list', '--limit', 'many']],
    ['an unknown disposition', ['events', 'list', '--disposition', 'lost']],
  ])('ends with 2 on %s, with words on stderr only', async (_, argv) => {
    const { exit, stdout, stderr } = await baton(argv);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toContain('--help');
  });

  it('ends with 2 and all complaints when the settings are not usable', async () => {
    const { exit, stderr } = await baton(['config'], { PORT: 'x', BATON_SIMULATE: 'x' });
    expect(exit).toBe(2);
    expect(stderr).toMatch(/PORT .*\n.*BATON_SIMULATE /);
  });

  it('ends with 2 when server or worker lack what they share with others, and names it', async () => {
    for (const command of ['server', 'worker']) {
      const { exit, stderr } = await baton([command], { TEMPORAL_ADDRESS: 'temporal:7233' });
      expect(exit).toBe(2);
      expect(stderr).toContain('DATABASE_URL');
      expect(stderr).toContain('BATON_SECRET_KEY');
      expect(stderr).not.toContain('TEMPORAL_ADDRESS:');
    }
  });

  it('ends with 3 where there is nothing, and says what would help', async () => {
    const { exit, stderr } = await baton(['runs', 'list']);
    expect(exit).toBe(3);
    expect(stderr).toContain('npm start');
  });

  it('ends with 5 when a demo is asked for and nothing runs', async () => {
    expect((await baton(['demo'])).exit).toBe(5);
  });

  it('shows the settings with secrets masked', async () => {
    const env = { SLACK_BOT_TOKEN: 'xoxb-hidden', DATABASE_URL: 'postgres://baton:hidden@db/baton' };
    for (const argv of [['config'], ['config', '--json']]) {
      const { exit, stdout } = await baton(argv, env);
      expect(exit).toBe(0);
      expect(stdout).toContain('SLACK_BOT_TOKEN');
      expect(stdout).not.toContain('hidden');
    }
  });

  it('tests a trigger on a file and starts nothing', async () => {
    const file = join(folder, 'event.json');
    writeFileSync(file, (await baton(['events', 'example'])).stdout);
    const yes = await baton(['triggers', 'test', 'news', '--event', file]);
    expect(yes).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^yes: starts news\/Q\w+, workflow waitForNews/),
    });

    writeFileSync(file, JSON.stringify(exampleWebhook(new Date(), fullDisk)));
    const no = await baton(['triggers', 'test', 'news', '--event', file]);
    expect(no).toMatchObject({ exit: 0, stdout: 'no: "is of high urgency" does not hold\n' });
  });

  it('puts all triggers to a file, and to the newest stored events, and starts nothing', async () => {
    const file = join(folder, 'event.json');
    writeFileSync(file, (await baton(['events', 'example', 'pagerduty.incident.triggered'])).stdout);
    const { stdout: toFile } = await baton(['triggers', 'test', '--event', file]);
    expect(toFile).toMatch(
      /^EVENT .*TRIGGER +ANSWER\n01\w+ .* news +yes\n.*why: starts\s+news\/Q\w+,\s+workflow\s+waitForNews\n$/s,
    );

    seedStore(join(folder, 'data'));
    const store = await openStore({ dataDir: join(folder, 'data') });
    const incidents = ['high', 'low', 'high'].map((urgency, index) => ({ id: `Q${index + 1}`, urgency }));
    for (const { id, urgency } of incidents) {
      const envelope = {
        source: '/pagerduty/default',
        type: 'pagerduty.incident.triggered',
        subject: id,
        time: '2026-11-21T03:02:11.000Z',
      };
      const event = { ...envelope, id: `E${id}`, data: { ...incidentOf(id), urgency } };
      const { id: eventId } = event;
      await store.receive({
        ...envelope,
        eventId,
        body: Buffer.from('{}'),
        event,
        actor: 'pagerduty',
        via: 'webhook',
      });
    }
    await store.receive({
      source: '/pagerduty/default',
      eventId: 'E4',
      type: 'pagerduty.incident.triggered',
      time: '2026-11-21T03:02:11.000Z',
      body: Buffer.from('{}'),
      unreadable: 'title: is missing',
      actor: 'pagerduty',
      via: 'webhook',
    });
    await store.close();

    const { exit, stdout, stderr } = await baton(['triggers', 'test', '--last', '3']);
    expect({ exit, stderr }).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining('Event 4 is left out.'),
    });
    expect(stdout.trim().split('\n').slice(1)).toEqual([
      expect.stringMatching(/^3 .* Q3 +news +yes$/),
      '    why: starts news/Q3, workflow waitForNews',
      expect.stringMatching(/^2 .* Q2 +news +no$/),
      '    why: "is of high urgency" does not hold',
    ]);
    const asJson = await baton(['triggers', 'test', 'news', '--last', '10', '--json']);
    expect(JSON.parse(asJson.stdout)).toMatchObject([
      { seq: 3, trigger: 'news', start: 'waitForNews', id: 'news/Q3' },
      { seq: 2, no: 'is of high urgency' },
      { seq: 1, id: 'news/Q1', input: { incidentId: 'Q1' } },
    ]);
    expect(JSON.parse((await baton(['runs', 'list', '--json'])).stdout)).toEqual([]);

    for (const argv of [[], ['--last', '0'], ['--last', '201'], ['--last', '1', '--event', '1']])
      expect((await baton(['triggers', 'test', ...argv])).exit).toBe(2);
    expect((await baton(['triggers', 'test', 'old', '--last', '1'])).exit).toBe(3);
  }, 60_000);

  it('says what is wrong with an event that it is to test, and with a trigger that there is not', async () => {
    const file = join(folder, 'event.json');
    writeFileSync(file, '{');
    expect((await baton(['triggers', 'test', 'news', '--event', file])).exit).toBe(2);
    writeFileSync(file, '{"event":{}}');
    expect((await baton(['triggers', 'test', 'news', '--event', file])).exit).toBe(2);
    expect((await baton(['triggers', 'test', 'news', '--event', './no-such-file.json'])).exit).toBe(3);
    expect(await baton(['triggers', 'test', 'old', '--event', file])).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('There are: news.'),
    });
  });

  it('reads a data folder that no process holds: what came in, why nothing ran, and whether the record is whole', async () => {
    seedStore(join(folder, 'data'));
    const store = await openStore({ dataDir: join(folder, 'data') });
    await store.receive({
      source: '/pagerduty/default',
      eventId: 'E1',
      type: 'pagerduty.incident.triggered',
      subject: 'Q1',
      time: '2026-11-21T03:02:11.000Z',
      body: Buffer.from('{"a":"\\u001b[2J"}'),
      event: { id: 'E1' },
      actor: 'pagerduty',
      via: 'webhook',
    });
    await store.append([
      {
        at: '2026-11-21T03:02:12.000Z',
        actor: 'baton',
        via: 'dispatch',
        action: 'event.answered',
        subject: 'Q1',
        detail: {
          event: 'E1',
          type: 'pagerduty.incident.triggered',
          answers: [{ trigger: 'news', answer: 'no', reason: 'is of high urgency' }],
        },
      },
    ]);
    await store.keepTranscript('Q1', {
      room: 'https://slack.example/archives/C0ROOM',
      digest: 'a1b2',
      messages: 2,
      people: 1,
      markdown: '- **Ada**: it was\n    the \u001b[2Jcache',
      truncated: false,
    });
    await store.seal();
    await store.close();

    const listed = await baton(['events', 'list', '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ seq: 1, eventId: 'E1', subject: 'Q1' }]);
    expect((await baton(['events', 'show', 'E1'])).stdout).toContain('{"a":');
    expect((await baton(['incidents', 'show', 'Q1'])).stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /Nothing has run yet[\s\S]*news: no, "is of high urgency" does not hold/,
    );
    expect((await baton(['audit', 'show', 'Q1'])).stdout).toMatch(/^1 2\S+ \S+ UTC .*\n[\s\S]*\n2 2/);
    expect((await baton(['incidents', 'transcript', 'Q1'])).stdout).toMatch(
      /^Room https:.*C0ROOM, kept 20.*: 2 messages by 1 people\n.*: a1b2\n- \*\*Ada\*\*: it was\n {4}the cache\n\n$/,
    );
    expect((await baton(['audit', 'verify'])).stdout).toMatch(/^record verified: 2 rows/);
    for (const argv of [
      ['runs', 'show', 'x'],
      ['events', 'show', 'x'],
      ['incidents', 'show', 'x'],
      ['incidents', 'transcript', 'x'],
      ['audit', 'show', 'x'],
    ])
      expect((await baton(argv)).exit).toBe(3);
  });

  it('says of an incident of a storm which run it joined, and of its event that it joins one', async () => {
    const dataDir = join(folder, 'storm');
    seedStore(dataDir);
    const store = await openStore({ dataDir });
    const at = '2026-11-21T03:02:11.000Z';
    const reason = 'news/Q1: more than 10 new incidents within a minute on Checkout';
    const data = { id: 'Q2', title: 'Slow', status: 'triggered', urgency: 'high', assignees: [], teams: [] };
    const type = 'pagerduty.incident.triggered';
    const event = { id: 'E2', source: '/pagerduty/default', type, subject: 'Q2', time: at };
    const { seq } = await store.receive({
      ...{ source: event.source, eventId: event.id, type, subject: 'Q2', time: at, body: Buffer.from('{}') },
      ...{ actor: 'pagerduty', via: 'webhook' },
      event: { ...event, data: { ...data, service: { id: 'PSHOP', name: 'Checkout' } } },
    });
    const answers = [{ trigger: 'news', answer: 'joined' as const, reason }];
    const line = { at, actor: 'baton', via: 'dispatch', action: 'event.answered' as const, subject: 'Q2' };
    await store.decide({
      seq,
      incident: { id: 'Q2', status: 'triggered', seenAt: at, gatheredBy: ['news/Q1'] },
      runs: [],
      entries: [{ ...line, detail: { event: 'E2', type, answers } }],
    });
    await store.close();
    const env = { BATON_DATA_DIR: dataDir };
    expect((await baton(['incidents', 'show', 'Q2'], env)).stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /no run of its own: it is taken up by news\/Q1.*news: joins news\/Q1: more than 10 new incidents within a minute on Checkout/,
    );
    expect((await baton(['triggers', 'test', 'news', '--event', String(seq)], env)).stdout).toContain(
      'As things stand now, it joins news/Q1 before, in a storm',
    );
  });

  it('colours nothing when asked not to', async () => {
    for (const [argv, env] of [
      [['events', 'example', '--no-color'], {}],
      [['config'], { NO_COLOR: '1' }],
    ] as const)
      expect((await baton([...argv], env)).stdout).not.toContain('\u001b');
  });
});
