import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
import { seedStore } from '../seed.ts';
import { entry } from '../store/world.ts';
import { runBaton } from './command.ts';

const secrets = [
  'canary-of-the-environment-0815',
  'canary-of-a-connection-4711',
  'xoxb-canary-of-slack-1234',
];
const people = ['ada@example.com', 'ben@example.com'];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-bundle-'));
  const dataDir = join(folder, 'data');
  seedStore(dataDir);
  const store = await openStore({ dataDir });
  const failed = { type: 'ProviderRefused', message: `Slack refused: nobody is ${people[0]} there` };
  const detail = { run: 'run/1', activity: 'openSlackRoom', attempt: 1, failure: failed };
  await store.append([
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
    for (const each of [...secrets, ...people, 'card 4111']) expect(text).not.toContain(each);
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
    expect(bundle.failures).toEqual([
      expect.objectContaining({
        action: 'activity.failed',
        subject: 'P1FAILED',
        activity: 'openSlackRoom',
        type: 'ProviderRefused',
        message: 'Slack refused: nobody is …@… there',
      }),
      expect.objectContaining({ action: 'operation.refused', subject: '…@…', reason: 'no' }),
    ]);
    expect(bundle.store.items.length).toBeGreaterThan(3);
    // It writes over nothing.
    expect(await runBaton(['bundle', '--out', file], { env: env() })).toMatchObject({ exit: 5 });
  }, 60_000);
});
