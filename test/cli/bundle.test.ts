import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anonymous } from '../../cli/anonymous.ts';
import { openStore } from '../../store/open.ts';
import { seedStore } from '../seed.ts';
import { delivery, entry } from '../store/world.ts';
import { runBaton } from './command.ts';

const secrets = [
  'canary-of-the-environment-0815',
  'canary-of-a-connection-4711',
  'xoxb-canary-of-slack-1234',
];
const people = ['ada@example.com', 'ben@example.com'];
/** What nobody who helps needs to see, each where some text of others may repeat it. */
const planted = [
  'Ada Lopez',
  'Lopez',
  'ada%40example.com',
  'cyd@example.org',
  'U0ADA99LOPEZ',
  '+49 170 1234567',
  'Card 4111 is charged twice',
  'card 4111',
  'reset=xyz',
  'customers/4711',
  'the last line of a long log',
];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-bundle-'));
  const dataDir = join(folder, 'data');
  seedStore(dataDir);
  const store = await openStore({ dataDir });
  const failed = { class: 'ProviderRefused', message: `Slack refused: nobody is ${people[0]} there` };
  const told = {
    id: 'P1FAILED',
    title: 'Card 4111 is charged twice',
    status: 'triggered',
    urgency: 'high',
    service: { id: 'PPAY', name: 'Pay' },
    assignees: [{ id: 'PADA', name: 'Ada Lopez' }],
    teams: [],
    createdAt: '2026-03-01T10:00:00.000Z',
  } as const;
  const { seq } = await store.receive(delivery({ subject: told.id, event: { id: 'E1', data: told } }));
  const incident = { id: told.id, status: 'triggered', seenAt: told.createdAt, told } as const;
  await store.decide({ seq, incident: incident as never, runs: [], entries: [] });
  const messages = [
    'Ada Lopez was asked, then LOPEZ, U0ADA99LOPEZ and "Card 4111 is charged twice"',
    'see https://ada%40example.com:x@shop.example/customers/4711?reset=xyz&by=ada%40example.com, or call +49 170 1234567',
    `mailto:cyd@example.org,\nben@example.com ${'log '.repeat(200)}the last line of a long log`,
  ];
  const detail = { run: 'run/1', activity: 'openSlackRoom', attempt: 1, failure: failed };
  await store.append([
    ...messages.map((message) =>
      entry({
        action: 'run.failed',
        subject: 'P1FAILED',
        detail: { run: 'run/1', failure: { class: 'X', message } },
      }),
    ),
    entry({
      action: 'activity.failed',
      subject: 'P1FAILED',
      detail: { ...detail, input: { text: 'card 4111' } },
    }),
    entry({
      action: 'operation.refused',
      subject: `person:${people[1]}`,
      detail: { operation: 'runs.stop', reason: 'no' },
    }),
  ]);
  await store.seal();
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const env = () => ({
  BATON_DATA_DIR: join(folder, 'data'),
  BATON_SIMULATE: 'all',
  PAGERDUTY_REGION: 'eu',
  PAGERDUTY_FROM_EMAIL: people[0],
  PAGERDUTY_API_TOKEN: secrets[0],
});

describe('baton bundle', () => {
  it('writes one file for its owner alone, with what helps and without secrets and people', async () => {
    const added = await runBaton(
      [
        'connections',
        'add',
        'eu',
        '--provider',
        'pagerduty',
        `PAGERDUTY_API_TOKEN=${secrets[1]}`,
        'PAGERDUTY_API_URL=http://127.0.0.1:9',
      ],
      { env: env() },
    );
    expect(added.exit).toBe(0);
    const file = join(folder, 'bundle.json');
    const made = await runBaton(['bundle', '--out', file], { env: env() });
    expect(made).toMatchObject({ exit: 0, stdout: `${file}\n` });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    for (const each of [...secrets, ...people, ...planted])
      expect(text.toLowerCase()).not.toContain(each.toLowerCase());
    const bundle = JSON.parse(text);
    expect(bundle.versions.node).toBe(process.version);
    expect(bundle.settings).toEqual(
      expect.arrayContaining([
        'PAGERDUTY_REGION=eu',
        'PAGERDUTY_FROM_EMAIL=(set)',
        'PAGERDUTY_API_TOKEN=(set)',
      ]),
    );
    expect(bundle.connections).toMatchObject([{ name: 'eu', provider: 'pagerduty', state: 'unverified' }]);
    expect(bundle.doctor.map(({ provider }: { provider: string }) => provider)).toContain('pagerduty');
    expect(bundle.failures.filter(({ action }: { action: string }) => action === 'run.failed')).toHaveLength(
      3,
    );
    expect(text).toContain('https://shop.example/…');
    expect(bundle.failures.filter(({ action }: { action: string }) => action !== 'run.failed')).toEqual([
      expect.objectContaining({
        action: 'activity.failed',
        subject: 'P1FAILED',
        activity: 'openSlackRoom',
        class: 'ProviderRefused',
        message: 'Slack refused: nobody is …@… there',
      }),
      expect.objectContaining({ action: 'operation.refused', subject: 'person:…@…', reason: 'no' }),
    ]);
    expect(bundle.store.items.length).toBeGreaterThan(3);
    // It writes over nothing.
    expect(await runBaton(['bundle', '--out', file], { env: env() })).toMatchObject({ exit: 5 });
  }, 60_000);
});

describe('a text without people', () => {
  it('tells nothing of a title that holds an address, or has spaces and lines as nobody repeats them', () => {
    const words = anonymous([
      'Login of bob@shop.example fails for card 4111',
      'See https://shop.example/orders/7 of Miller',
      'Queue  of\nOslo stands',
    ]);
    expect(words('no room for "Login of bob@shop.example fails for card 4111"')).toBe('no room for "…"');
    expect(words('no room for See https://shop.example/orders/7 of Miller')).toBe('no room for …');
    expect(words('Queue of Oslo stands; Queue  of\nOslo stands')).toBe('…; …');
  });
});
