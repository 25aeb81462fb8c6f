import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Output } from '../../cli/output.ts';
import { consentBy } from '../../cli/setup-consent.ts';
import type { Ask } from '../../processes/door.ts';
import { CliFailure } from '../../processes/failure.ts';
import { type PagerDutySimulator, startPagerDuty } from '../../simulator/pagerduty.ts';
import { openStore } from '../../store/open.ts';
import { seedStore } from '../seed.ts';
import { accountToken, changesAt } from '../server/operations/set-up-world.ts';
import { atTerminal, down, enter, type Typed } from './at-terminal.ts';
import { runBaton } from './command.ts';

let folder: string;
let simulator: PagerDutySimulator;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-setup-'));
  seedStore(join(folder, 'data'));
  await (await openStore({ dataDir: join(folder, 'data') })).close();
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  simulator = await startPagerDuty();
  simulator.world.token = accountToken;
});
afterEach(() => simulator.close());

const env = () => ({
  BATON_DATA_DIR: join(folder, 'data'),
  BATON_PUBLIC_URL: 'https://baton.example.com',
  BATON_SIMULATE: 'slack',
});
const addresses = () => ['--api-url', simulator.url, '--events-url', `${simulator.url}/events`];
const baton = (words: string, { stdin = '', more = [] as string[] } = {}) =>
  runBaton([...words.split(' '), ...more], { env: env(), stdin: Readable.from([stdin]) });

const flags = '--region eu --token - --from ada@example.com --service Checkout --webhook account --no-test';

describe('baton setup pagerduty, without a terminal', () => {
  it.each([
    ['--region', flags.replace('--region eu ', '')],
    ['--token', flags.replace('--token - ', '')],
    ['--service', flags.replace('--service Checkout ', '')],
    ['--webhook', flags.replace('--webhook account ', '')],
  ])('names the flag that is missing: %s', async (flag, given) => {
    const told = await baton(`setup pagerduty --name missing ${given}`, {
      stdin: accountToken,
      more: addresses(),
    });
    expect(told).toMatchObject({ exit: 2, stderr: expect.stringContaining(`${flag} is missing`) });
    expect(simulator.calls).toEqual([]);
  });

  it('prints the calls of a dry run, and makes none of them', async () => {
    const { exit, stdout } = await baton(`setup pagerduty --name dry ${flags} --dry-run`, {
      stdin: accountToken,
      more: addresses(),
    });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^connection +dry +to be made\nservice +Checkout +was there +PCHECKO\n/);
    expect(stdout).toContain('\nPOST /services/PCHECKO/integrations\n  {"integration":');
    expect(stdout).toContain('\nPOST /webhook_subscriptions\n');
    expect(stdout).not.toContain(accountToken);
    expect(changesAt(simulator)).toEqual([]);
  });

  it('sets up, adopts, tears down and restores, and shows no secret', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${accountToken}\n`);
    const made = await baton(`setup pagerduty ${flags.replace('--token -', `--token @${file}`)}`, {
      more: addresses(),
    });
    expect(made).toMatchObject({ exit: 0, stderr: expect.stringContaining('filed as pagerduty/<id>') });
    expect(made.stdout).toMatch(/^connection +pagerduty +made\n/);
    expect(made.stdout).toContain('webhooks come to https://baton.example.com/webhooks/pagerduty/pagerduty');
    const count = changesAt(simulator).length;
    // Its token and its region are known.
    const again = await baton('setup pagerduty --service Checkout --webhook account --no-test');
    expect(again).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/integration +baton-checkout +made before/),
    });
    expect(changesAt(simulator)).toHaveLength(count);
    const down = await baton('teardown pagerduty pagerduty');
    expect(down).toMatchObject({ exit: 0, stdout: expect.stringContaining('delete baton-checkout') });
    const restored = await baton('connections restore pagerduty');
    expect(restored).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^name +pagerduty\n/) });
    const secrets = [accountToken, simulator.world.services[0]?.integrations?.[0]?.routingKey ?? ''];
    for (const { stdout, stderr } of [made, again, down, restored])
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
  }, 60_000);

  it('names the flags that help where a subscription leads here already', async () => {
    const url = 'https://baton.example.com/webhooks/pagerduty/taken';
    simulator.world.subscriptions.push({ url, secret: 'x'.repeat(64) });
    const told = await baton(`setup pagerduty --name taken ${flags}`, {
      stdin: accountToken,
      more: addresses(),
    });
    expect(told).toMatchObject({ exit: 5, stderr: expect.stringContaining('--replace-subscription') });
  });
});

describe('baton setup pagerduty, at a terminal', () => {
  const typed = (argv: readonly string[], answers: Typed) => atTerminal(argv, answers, env());

  it('asks for what has no flag, has a list searched by typing, and shows what it will do first', async () => {
    const { exit, said, printed } = await typed(
      ['setup', 'pagerduty', '--name', 'typed', '--no-test', ...addresses()],
      [
        ['In which service region', [down, enter]],
        ['A token of the REST API', [accountToken, enter]],
        ['The address of the user', ['ada@example.com', enter]],
        ['On which service', ['check', enter]],
        ['Of what are webhooks', [enter]],
        ['Make this?', [enter]],
      ],
    );
    expect({ exit, said: exit === 0 ? '' : said }).toEqual({ exit: 0, said: '' });
    expect(said).not.toContain(accountToken);
    expect(printed).toMatch(/connection +typed +to be made\n.*connection +typed +made\n/s);
    expect(changesAt(simulator)).toEqual([
      'POST /services/PCHECKO/integrations',
      'POST /webhook_subscriptions',
    ]);
  });

  it('changes nothing where whoever sits there leaves', async () => {
    const { exit } = await typed(
      ['setup', 'pagerduty', '--name', 'left', '--no-test', ...addresses()],
      [['In which service region', ['\u0003']]],
    );
    expect(exit).toBe(130);
    expect(simulator.calls).toEqual([]);
  });
});

describe('a user who is asked to consent', () => {
  const begun = {
    consent: 'c-1',
    address: 'https://identity.pagerduty.com/oauth/authorize?state=s',
    redirectUri: 'https://baton.example.com/setup/callback',
    minutes: 10,
  };
  /** What Baton says, one after the other; `passing`: of the time that the user has, between two looks. */
  const asking = (told: readonly (object | Error)[], passing = 0) => {
    const notes: string[] = [];
    const left = [...told];
    const ask = async (operation: string) => {
      const said = operation === 'setup.consent' ? begun : left.shift();
      if (said instanceof Error) throw said;
      return said;
    };
    const output = { note: (text: string) => void notes.push(text) } as unknown as Output;
    const about = { provider: 'pagerduty', name: 'eu', answers: {} };
    const pass = async () => void vi.setSystemTime(Date.now() + passing * begun.minutes * 60_000);
    return { notes, waiting: consentBy(ask as unknown as Ask, about, output, pass) };
  };
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('is told the address, and what the app has to allow', async () => {
    const { notes, waiting } = asking([{ state: 'granted' }]);
    expect(await waiting).toBe('c-1');
    expect(notes).toEqual([
      `The app has to allow this redirect address: ${begun.redirectUri}`,
      'Open this address in a browser within 10 minutes, and let Baton in:',
      begun.address,
    ]);
  });

  it('is no longer waited for where they have said no', async () => {
    const { waiting } = asking([{ state: 'refused', reason: 'PagerDuty refused (access_denied)' }]);
    await expect(waiting).rejects.toMatchObject({ message: 'There is no consent', exit: 1 });
  });

  it.each([
    ['refuses for now', new CliFailure('The store is away')],
    ['does not answer in time', new CliFailure('It did not answer in time', { exit: 8 })],
    ['begins anew', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  ])('is waited for while Baton %s, and no longer than they have time', async (_, away) => {
    expect(await asking([away, { state: 'asked' }, away, { state: 'granted' }], 0.1).waiting).toBe('c-1');
    await expect(asking([away, away], 1).waiting).rejects.toBe(away);
  });

  it('is not waited for where Baton says that nobody has asked them', async () => {
    const gone = new CliFailure('There is no such consent', { exit: 3 });
    await expect(asking([gone]).waiting).rejects.toBe(gone);
  });

  it('names the app that is missing, where no terminal is there to ask for it', async () => {
    const told = await baton('setup pagerduty --name user --oauth --region eu --service Checkout', {
      more: addresses(),
    });
    expect(told).toMatchObject({ exit: 2, stderr: expect.stringContaining('--client-id is missing') });
  });
});
