import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BrowserContext, Page } from 'playwright-core';
import { activities } from '../../../activities/index.ts';
import { providers } from '../../../activities/providers.ts';
import { chromiumPath, openBrowser } from '../../../console/chromium.ts';
import type { Role } from '../../../domain/rights.ts';
import { builtConsole } from '../../../processes/console.ts';
import { directIncidents } from '../../../processes/direct-incidents.ts';
import { doctorFor } from '../../../processes/doctor.ts';
import { stoppableWorker } from '../../../processes/stoppable-worker.ts';
import { secretHash } from '../../../secrets/token.ts';
import { simulationOf } from '../../../simulator/control.ts';
import { untaggedInstance } from '../../../simulator/ec2.ts';
import { raiseIncident, simulatedWebhookSecret } from '../../../simulator/pagerduty.ts';
import { playStorm } from '../../../simulator/stories.ts';
import { ec2Unhealthy } from '../../../triggers/ec2-unhealthy.ts';
import { kubernetesCrashLoop } from '../../../triggers/kubernetes-crash-loop.ts';
import { policies } from '../../../triggers/policies/index.ts';
import { batonFor } from '../../../worker/baton.ts';
import { clientsFor } from '../../clients.ts';
import { entry } from '../../store/world.ts';
import { eventually, startServerBeside, startWorld, type World } from '../../world.ts';

/** Where there is none, the tests of the console are left out. */
export const chromium = chromiumPath();
if (!chromium)
  process.stderr.write(
    'There is no Chromium (on the PATH, or in BATON_TEST_CHROMIUM): the console is not tried in a browser.\n',
  );

export interface Visit {
  page: Page;
  context: BrowserContext;
}

export interface ConsoleWorld extends World {
  /** Somebody of this role in a browser of their own, signed in. */
  visit(role: Role, email?: string): Promise<Visit>;
  /** What no page of ours may do: complaints of the policy, errors, requests to others. */
  faults: string[];
  /** Raises an incident on an instance that must not be rebooted unasked, and waits until its run asks. */
  raiseAsking(): Promise<{ id: string; instance: string; approval: string }>;
  raise(title: string): string;
  newBrowser(): Promise<BrowserContext>;
  /** Ends the server; gives what starts another one at the same address. */
  stopServer(): Promise<() => Promise<void>>;
}

const triggers = [ec2Unhealthy, kubernetesCrashLoop];

/** A whole Baton with its built console, and a browser. */
export async function openConsole(): Promise<ConsoleWorld> {
  if (!chromium) throw new Error('There is no Chromium');
  const root = join(import.meta.dirname, '../../..');
  // The build fails where it is too heavy.
  await promisify(execFile)(process.execPath, [join(root, 'console/build.ts')]);
  const [world, { browser, close }] = await Promise.all([startWorld({ triggers }), openBrowser(chromium)]);
  const port = Number(new URL(world.server.url).port);
  const startServer = async () => {
    world.server = await startServerBeside(world, {
      port,
      triggers,
      console: builtConsole,
      pagerDutySecrets: [simulatedWebhookSecret],
    });
  };
  await world.server.stop();
  await startServer();
  world.operations.running = () => world.server.state();
  world.operations.changesIncident = directIncidents(
    async () => activities,
    { ...clientsFor(world.env), baton: batonFor({ store: world.store }) },
    [],
    providers,
  );
  world.operations.doctor = () =>
    doctorFor(
      { loadActivities: async () => activities, loadPolicies: async () => policies },
      {
        env: world.env,
        providers,
        settings: { simulated: [], connectedBy: Object.keys(world.env) },
        connections: world.connections,
        store: world.store,
      },
    );
  const { pagerDuty, slack, jira, kubernetes, ec2, github } = world;
  world.operations.simulation = simulationOf([pagerDuty, slack, jira, kubernetes, ec2, github], {
    play: async () => raiseIncident(pagerDuty, { title: 'Played', service: 'Checkout' }),
    storm: async (incidents) => playStorm(pagerDuty, incidents),
  });
  // It is not the one that carries out the runs of all cases.
  world.operations.worker = await stoppableWorker(
    async () => ({ stopped: new Promise(() => {}), stop: async () => {} }),
    () => {},
  );
  const faults: string[] = [];
  const origin = `http://127.0.0.1:${port}`;
  const newBrowser = async () => {
    const context = await browser.newContext({ baseURL: origin, viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(10_000);
    context.on('page', (page) => watch(page, origin, faults));
    return context;
  };
  return {
    ...world,
    faults,
    newBrowser,
    async visit(role, email = `${role}@example.com`) {
      const id = randomBytes(32).toString('base64url');
      await world.store.signIn(secretHash(id), email, role, () => entry({ subject: email }));
      const context = await newBrowser();
      await context.addCookies([{ name: 'baton', value: id, url: origin }]);
      return { context, page: await context.newPage() };
    },
    async raiseAsking() {
      const instance = untaggedInstance(world.ec2);
      const title = `EC2 ${instance} StatusCheckFailed`;
      const id = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
      const approval = await eventually('an approval to be asked for', async () => {
        const { items } = await world.store.pageOfApprovals({ subject: id, state: 'pending', limit: 1 });
        return items[0]?.id;
      });
      return { id, instance, approval };
    },
    raise: (title) => raiseIncident(world.pagerDuty, { title, service: 'Checkout' }),
    async stopServer() {
      await world.server.stop();
      return startServer;
    },
    async close() {
      await close();
      await world.server.stop();
      await world.close();
    },
  };
}

/** What is refused by the server is no fault of a page; what the browser refuses is. */
function watch(page: Page, origin: string, faults: string[]): void {
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|TrustedHTML/i.test(message.text()))
      faults.push(message.text());
  });
  page.on('request', (request) => {
    const url = request.url();
    if (/^https?:/.test(url) && !url.startsWith(`${origin}/`)) faults.push(`request: ${url}`);
  });
}
