import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { impair } from '../../simulator/ec2.ts';
import { raiseIncident, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { ledgersOf, violations } from '../check.ts';
import { startPostgres, type TestPostgres } from '../store/postgres.ts';
import { startTestTemporal } from '../temporal.ts';
import { eventually, type Providers, startProviders } from '../world.ts';
import { type BatonProcess, startBaton } from './process.ts';
import { untilAtRest } from './rest.ts';
import { startTap, type Tap } from './sender.ts';

const program = fileURLToPath(new URL('../../baton.ts', import.meta.url));
const incidents = 50;
const instance = 'i-0abc12345def67890';
/** So much faster time passes for workers: a minute and a half for the instance to get well in. */
const timeScale = 10;

const postgres: TestPostgres | undefined = await startPostgres();

describe.skipIf(!postgres)('fifty incidents about one instance, with two servers and two workers', () => {
  let folder: string;
  let temporal: TestWorkflowEnvironment;
  let providers: Providers;
  let store: Store;
  let processes: BatonProcess[] = [];
  let tap: Tap;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-fifty-'));
    temporal = await startTestTemporal();
    providers = await startProviders(folder);
    store = await openStore({ databaseUrl: postgres?.url, dataDir: folder });
    processes = await Promise.all(['server', 'server', 'worker', 'worker'].map(start));
    const servers = processes.slice(0, 2);
    let deliveries = 0;
    tap = await startTap(() => {
      deliveries += 1;
      return servers[deliveries % servers.length]?.url ?? '';
    });
    const url = `${tap.url}/webhooks/pagerduty`;
    providers.pagerDuty.world.subscriptions.push({ url, secret: simulatedWebhookSecret });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.kill('SIGKILL')));
    await tap?.close();
    await store.close();
    await providers.close();
    await temporal.teardown();
    await postgres?.stop();
    await rm(folder, { recursive: true });
  });

  async function start(command: string): Promise<BatonProcess> {
    const env = {
      ...providers.env,
      BATON_SIMULATED_TIME_SCALE: String(timeScale),
      BATON_SECRET_KEY: 'the secret key of this test',
      BATON_DATA_DIR: await mkdtemp(join(folder, `${command}-`)),
      DATABASE_URL: postgres?.url ?? '',
      TEMPORAL_ADDRESS: temporal.address,
      // A server pages for runs that a slow machine holds up, which is no effect of a run.
      ...(command === 'server' ? { PAGERDUTY_ROUTING_KEY: '' } : {}),
    };
    return startBaton(env, undefined, [program, command]);
  }

  const reboots = () => providers.ec2.ledger.filter(({ effect }) => effect === 'instance rebooted');
  const notesOf = (id: string) =>
    providers.pagerDuty.world.notes.flatMap(({ incidentId, content }) =>
      incidentId === id ? [content] : [],
    );
  const runsOf = async () =>
    (await store.listRuns({ limit: 200 })).filter(({ trigger }) => trigger === 'ec2-unhealthy');

  it('make one reboot, and the runs of the other forty-nine say which guard has held them and until when', async () => {
    // The reboot helps, and not before all others have seen it.
    providers.ec2.world.timeScale = 0;
    impair(providers.ec2, instance);
    const begun = Date.now();
    const raised = Array.from({ length: incidents }, (_, place) =>
      raiseIncident(providers.pagerDuty, {
        title: `EC2 ${instance} StatusCheckFailed (${place + 1})`,
        service: 'Checkout',
        urgency: 'low',
      }),
    );
    await eventually(
      'all but one to have ended',
      async () => (await runsOf()).filter(({ endedAt }) => endedAt).length === incidents - 1,
      120_000,
    );
    const took = Date.now() - begun;
    providers.ec2.world.timeScale = 100;
    const runs = await eventually(
      'the last one to end',
      async () => {
        const found = await runsOf();
        return found.every(({ endedAt }) => endedAt) ? found : undefined;
      },
      60_000,
    );
    console.info(`${incidents} incidents: all but one run ended after ${took} ms`);

    expect(reboots().map(({ target }) => target)).toEqual([instance]);
    expect(runs.map(({ subject }) => subject).sort()).toEqual([...raised].sort());
    const [first, ...more] = runs.filter(({ outcome }) => outcome === 'restarted');
    expect(more).toEqual([]);
    const others = runs.filter((run) => run !== first);
    expect(others.map(({ outcome }) => outcome)).toEqual(others.map(() => 'handed to a person'));
    for (const { id, subject = '' } of others) {
      const refused = (await store.readRecord({ subject, limit: 500 })).filter(
        ({ action }) => action === 'activity.refused',
      );
      // An attempt that a slow machine loses is made again, and refused again.
      expect([id, refused.length > 0]).toEqual([id, true]);
      for (const { detail } of refused)
        expect(detail).toMatchObject({
          run: id,
          activity: 'rebootEc2Instances',
          failure: { class: 'Held' },
          held: { guard: 'cool-down', retryAt: expect.stringMatching(/^20/) },
        });
      expect([id, notesOf(subject).join('\n')]).toEqual([
        id,
        expect.stringContaining(`${instance} was changed by ${first?.id}`),
      ]);
    }
    expect(notesOf(first?.subject ?? '').join('\n')).toContain(`Rebooted ${instance}`);

    await untilAtRest({ url: processes[0]?.url ?? '', client: temporal.client, providers });
    expect(await violations({ store, ledgers: ledgersOf(providers), sent: tap.sent })).toEqual([]);
  }, 240_000);
});
