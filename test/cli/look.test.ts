import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import { serveControl } from '../../processes/control.ts';
import { simulatedAccountOf } from '../../processes/simulators.ts';
import { type PagerDutySimulator, pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { triggers } from '../../triggers/index.ts';
import { runBaton } from './command.ts';

const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

let pagerDuty: PagerDutySimulator;
let folder: string;
beforeAll(async () => {
  pagerDuty = await startPagerDuty({ past: { incidents: 300, days: 120 } });
  folder = mkdtempSync(join(tmpdir(), 'baton-look-'));
});
afterAll(async () => {
  await pagerDuty.close();
  rmSync(folder, { recursive: true });
});

const account = () => {
  const { PAGERDUTY_API_URL = '', PAGERDUTY_API_TOKEN = '' } = pagerDutyEnvironment(pagerDuty.url);
  return { PAGERDUTY_API_URL, PAGERDUTY_API_TOKEN };
};
const baton = (argv: string[], env: NodeJS.ProcessEnv = account(), wiring = {}) =>
  runBaton(argv, {
    env: { BATON_DATA_DIR: join(folder, 'data'), ...env },
    loadTriggers: async () => triggers,
    loadActivities: async () => activities,
    workflowsPath,
    ...wiring,
  });
const json = async (argv: string[], wiring = {}) => {
  const { exit, stdout } = await baton([...argv, '--json'], account(), wiring);
  return { exit, told: JSON.parse(stdout) };
};

describe('baton look', () => {
  it('only reads, by a key that may do no more', async () => {
    pagerDuty.world.scopes = ['incidents.read'];
    const before = structuredClone(pagerDuty.world);
    pagerDuty.calls.length = 0;
    const { exit, told } = await json(['look']);
    expect(exit).toBe(0);
    expect(
      [...new Set(pagerDuty.calls.map(({ method, path }) => `${method} ${path.split('?')[0]}`))].sort(),
    ).toEqual(['GET /incidents', 'GET /log_entries']);
    expect(told.requests).toBe(pagerDuty.calls.length);
    expect(pagerDuty.ledger).toEqual([]);
    expect(pagerDuty.world).toEqual(before);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('tells what repeats and what each trigger would have done, as the arithmetic says', async () => {
    const { told } = await json(['look', '--since', '130d']);
    expect(told).toMatchObject({ simulated: false, incidents: 300, unreadable: 0, cut: [] });
    const counts = told.repeats.map(({ count }: { count: number }) => count);
    expect(counts).toEqual(counts.toSorted((one: number, other: number) => other - one));
    for (const { inHand } of told.repeats)
      expect(inHand.totalMinutes).toBe(inHand.count * inHand.medianMinutes);
    const byName = Object.fromEntries(told.triggers.map((each: { trigger: string }) => [each.trigger, each]));
    const { runs, targets, noes, incidents } = byName['ec2-unhealthy'];
    expect(runs).toBeGreaterThan(5);
    expect(incidents).toHaveLength(runs);
    expect(targets[0].target).toMatch(/^i-/);
    expect(runs + Object.values<number>(noes).reduce((sum, each) => sum + each, 0)).toBe(300);
    expect(byName['production-incident'].joined).toBeGreaterThan(0);
    expect(byName['quiet-incident'].runs).toBeGreaterThan(0);
    expect(byName['shift-handoff']).toMatchObject({ isTold: false, runs: 0 });
  });

  it('says so in lines of 80 columns, with what it does not know', async () => {
    const { exit, stdout, stderr } = await baton(['look']);
    expect(exit).toBe(0);
    expect(stderr).toBe('Reading 90 days of PagerDuty. Nothing is written there.\n');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatch(/^ +\d+ × Search: Disk of \* is \* % full$/m);
    expect(stdout).toMatch(/ {2}until a person acted: \d+ incidents × median \d+ min = \d+ h \d+ min/);
    expect(stdout).toContain('What this does not know');
    expect(stdout).toMatch(/PagerDuty's log has none of their events:[\s\S]*shift-handoff/);
  });

  it('reads the account that a running npm start simulates where no token is set, and says so', async () => {
    const dataDir = join(folder, 'running');
    mkdirSync(dataDir);
    const simulators = { env: account(), stories: [], close: async () => {} };
    const control = await serveControl(dataDir, {
      simulatedAccount: async () => simulatedAccountOf(simulators),
    });
    try {
      const { exit, stdout } = await baton(['look'], { BATON_DATA_DIR: dataDir });
      expect(exit).toBe(0);
      expect(stdout).toMatch(/^SIMULATED: /);
      expect(stdout).not.toContain(account().PAGERDUTY_API_TOKEN);
    } finally {
      await control.close();
      rmSync(dataDir, { recursive: true });
    }
  });

  it('says what to set where there is neither a token nor a simulated account', async () => {
    const { exit, stderr } = await baton(['look'], {});
    expect(exit).toBe(2);
    expect(stderr).toContain(
      'PAGERDUTY_API_TOKEN is not set, and no Baton runs here that simulates an account',
    );
    expect(stderr).toContain('read-only key');
    expect(() => simulatedAccountOf(undefined)).toThrow('PagerDuty is not simulated here');
  });

  it('says why the account cannot be read, and not with which token', async () => {
    const { exit, stderr } = await baton(['look'], { ...account(), PAGERDUTY_API_TOKEN: 'wrong-token' });
    expect(exit).toBe(1);
    expect(stderr).toMatch(/The past of the account cannot be read\n.*401.*Authentication failed/);
    expect(stderr).not.toContain('wrong-token');
  });

  it.each(['90', '0d', '400d', 'a week'])('takes no time of %j', async (since) => {
    const { exit, stderr } = await baton(['look', '--since', since]);
    expect(exit).toBe(2);
    expect(stderr).toContain('for example 90d');
  });
});

describe('baton look --from', () => {
  const head =
    'id,incident_number,description,service_id,service_name,created_on,resolved_on,seconds_to_first_ack,urgency,acknowledged_user_names,resolved_by_user_name';
  const rows = [
    'Q1,1,EC2 i-0abc12345def67890 StatusCheckFailed,PF,Checkout,2026-01-04T10:00:00-08:00,2026-01-04T10:30:00-08:00,180,high,Ada Lopez,Ada Lopez',
    'Q2,2,"Disk, of ""a-1""\nis full",PS,Search,2026-01-05 10:00:00,2026-01-05 10:01:00,,low,,',
    'Q3,3,Disk of a-2 is full,PS,Search,2026-01-06T10:00:00Z,2026-01-06T10:01:00Z,10,high,Baton Bot,Baton Bot',
    'Q4,4,Still open,PS,Search,2026-01-07T10:00:00Z,,,high,,',
  ];
  const exported = (name: string, text: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const from = async (text: string | Buffer, ...more: string[]) => {
    const path = exported('export', text);
    const { exit, stdout } = await baton(['look', '--from', path, ...more, '--json'], {});
    expect(exit).toBe(0);
    return JSON.parse(stdout);
  };
  const csv = [head, ...rows].join('\r\n');

  it('tells how long the incidents of a report waited, with automation and without, and asks nobody', async () => {
    pagerDuty.calls.length = 0;
    const told = await from(`\uFEFF${csv}\r\n`, '--automation', 'Baton Bot');
    expect(pagerDuty.calls).toEqual([]);
    expect(told).toMatchObject({ incidents: 4, requests: 0, bad: [], unreadable: 0 });
    expect(told.waits).toEqual({
      all: {
        incidents: 4,
        acknowledged: { count: 2, medianSeconds: 95, meanSeconds: 95 },
        resolved: { count: 3, medianSeconds: 60, meanSeconds: 640 },
      },
      withAutomation: {
        incidents: 1,
        acknowledged: { count: 1, medianSeconds: 10, meanSeconds: 10 },
        resolved: { count: 1, medianSeconds: 60, meanSeconds: 60 },
      },
      withoutAutomation: {
        incidents: 3,
        acknowledged: { count: 1, medianSeconds: 180, meanSeconds: 180 },
        resolved: { count: 2, medianSeconds: 930, meanSeconds: 930 },
      },
    });
  });

  it('tells what triggers would have done about them, and takes automation for nobody', async () => {
    const told = await from(csv, '--automation', 'Baton Bot');
    const production = told.triggers.find(
      ({ trigger }: { trigger: string }) => trigger === 'production-incident',
    );
    expect(production).toMatchObject({ incidents: [1, 3, 4], unattended: 2 });
    expect(told.repeats).toEqual([]);
  });

  const rest = {
    id: 'Q9',
    incident_number: 9,
    title: 'CrashLoopBackOff in shop/checkout',
    service: { id: 'PF', summary: 'Checkout' },
    created_at: '2026-01-04T10:00:00Z',
    resolved_at: '2026-01-04T10:02:00Z',
    status: 'resolved',
    urgency: 'high',
  };
  it.each([
    ['as the API lists incidents', JSON.stringify({ incidents: [rest] })],
    ['as its analytics do', JSON.stringify({ data: [rest] })],
    ['as a list', JSON.stringify([rest], null, 2)],
    ['one a line', `${JSON.stringify(rest)}\n`],
  ])('reads JSON %s', async (_, text) => {
    const told = await from(text);
    expect(told.waits.all.resolved).toEqual({ count: 1, medianSeconds: 120, meanSeconds: 120 });
  });

  const umlauts = csv.replaceAll('Baton Bot', 'Jürgen');
  it.each([
    ['semicolons', umlauts.replaceAll(',', ';')],
    ['tabs, in UTF-16', Buffer.from(`\uFEFF${umlauts.replaceAll(',', '\t')}`, 'utf16le')],
    ['commas, in UTF-16 the other way round', Buffer.from(`\uFEFF${umlauts}`, 'utf16le').swap16()],
    ['umlauts as Windows had them', Buffer.from(umlauts, 'latin1')],
    ['half a character at the end', Buffer.from(`${umlauts}ü`).subarray(0, -1)],
  ])('reads a report that a spreadsheet has written with %s', async (_, text) => {
    const { bad, waits } = await from(text, '--automation', 'Jürgen');
    expect([bad, waits.all.resolved.count, waits.withAutomation.incidents]).toEqual([[], 3, 1]);
  });

  it('says how much a quote takes with it that nothing closes', async () => {
    const told = await from(
      [head, rows[0], 'Q8,8,"Disk,,,2026-01-06T10:00:00Z,,,,,', ...rows.slice(3)].join('\n'),
    );
    expect(told.bad).toEqual([
      { where: 'lines 3 to 4', why: 'are left out, as a quote is opened there that nothing closes' },
    ]);
  });

  it('takes a number that is none for no incident, and an empty cell for no time', async () => {
    const told = await from(
      'incident_number,created_on,seconds_to_resolve\n1,2026-01-06T10:00:00Z, \n?,2026-01-06T10:00:00Z,\n',
    );
    expect(told.bad).toEqual([{ where: 'line 3', why: 'has no id of an incident' }]);
    expect(told.waits.all.resolved).toEqual({ count: 0 });
  });

  it('names by its line what it cannot read, leaves it out, and tells the rest', async () => {
    const bad = [
      'Q5,5,Disk,PS,Search',
      'Q6,6,Disk,PS,Search,yesterday,,,high,,',
      'Q7,7,Disk,PS,Search,2026-01-06T10:00:00Z,,soon,high,,',
      'Q8,8,Disk,PS,Search,2026-01-06T10:00:00Z,2026-01-05T10:00:00Z,,high,,',
      rows[0],
      'Q9,9,"Disk,PS,Search,2026-01-06T10:00:00Z,,,high,,',
    ];
    const told = await from([head, ...rows, ...bad].join('\n'));
    expect(told.incidents).toBe(4);
    expect(told.bad).toEqual([
      { where: 'line 7', why: 'has 5 cells, and the first line 11' },
      { where: 'line 8', why: 'created_on is no time: "yesterday"' },
      { where: 'line 9', why: 'seconds_to_first_ack is no number of seconds: "soon"' },
      { where: 'line 10', why: 'was resolved before it was created' },
      { where: 'line 11', why: 'has the incident Q1 again, as line 2' },
      { where: 'line 12', why: 'has a quote that nothing closes' },
    ]);
    const { stdout } = await baton(['look', '--from', join(folder, 'export')], {});
    expect(stdout).toContain('  line 8 created_on is no time: "yesterday"\n');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it.each([
    ['# A page', 'The first line names no column created_at or created_on'],
    ['{"error": "no"}', 'It is JSON, and holds no list of incidents'],
    [`${head}\nQ1,1`, 'line 2 has 2 cells, and the first line 11'],
    ['[]', 'It is empty.'],
  ])('says that %j is no export of incidents', async (text, why) => {
    const { exit, stderr } = await baton(['look', '--from', exported('none', text)], {});
    expect(exit).toBe(2);
    expect(stderr).toContain(why);
  });

  it('reads a file that is there, and no days of it', async () => {
    expect((await baton(['look', '--from', join(folder, 'nowhere')], {})).exit).toBe(3);
    expect((await baton(['look', '--from', 'x', '--since', '30d'], {})).exit).toBe(2);
  });
});

describe('baton backtest', () => {
  it('names runs, targets, and what a workflow can change', async () => {
    const { exit, stdout } = await baton(['backtest', '--since', '120d']);
    expect(exit).toBe(0);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatch(/^ec2-unhealthy\n {2}\d+ runs of ec2UnhealthyRestart on \d targets\n {2}on i-/m);
    expect(stdout).toMatch(/^ {2}destructive: rebootEc2Instances$/m);
  });

  it('fails where a trigger would have begun more runs than allowed, and names it', async () => {
    expect((await baton(['backtest', '--max-runs', '300'])).exit).toBe(0);
    const { exit, stdout, stderr } = await baton(['backtest', '--max-runs', '30', '--json']);
    expect(exit).toBe(1);
    expect(stderr).toMatch(/More runs than 30 would have begun: production-incident \d+/);
    expect(JSON.parse(stdout).incidents).toBeGreaterThan(100);
    expect((await baton(['backtest', '--max-runs', 'few'])).exit).toBe(2);
  });

  describe('against another commit', () => {
    let repository: string;
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
        cwd: repository,
      });
    const trigger = (name: string, title: string) => `{
      name: '${name}', on: ['pagerduty.incident.triggered'], workflow: 'disk', each: 'subject', whenResolved: 'stop',
      respond: ({ type, data, subject }) => type === 'pagerduty.incident.triggered' && data.title.includes('${title}')
        ? { start: 'disk', id: '${name}/' + subject, input: {} } : { no: 'is another matter' },
      target: ({ data }) => data.service.name,
    }`;
    const write = (list: string[], change: string) => {
      for (const name of ['triggers', 'workflows', 'activities'])
        mkdirSync(join(repository, name), { recursive: true });
      const put = (path: string, text: string) => writeFileSync(join(repository, path), text);
      put('triggers/index.ts', `console.log('loaded'); export const triggers = [${list.join()}];`);
      put('workflows/index.ts', "export { disk } from './disk.ts';");
      put('workflows/disk.ts', `export async function disk() { await steps.${change}({}); }`);
      put(
        'activities/index.ts',
        "export const activities = [{ name: 'cleanDisk', kind: 'change' }, { name: 'wipeDisk', kind: 'destructive' }];",
      );
    };
    /** As the command is wired in that repository, as it lies there now. */
    const here = async () => {
      const load = (name: string) => import(join(repository, name, 'index.ts'));
      return {
        workflowsPath: join(repository, 'workflows', 'index.ts'),
        loadTriggers: async () => (await load('triggers')).triggers,
        loadActivities: async () => (await load('activities')).activities,
      };
    };

    beforeAll(() => {
      repository = join(folder, 'repository');
      mkdirSync(repository);
      symlinkSync(
        fileURLToPath(new URL('../../node_modules', import.meta.url)),
        join(repository, 'node_modules'),
      );
      write([trigger('disk', 'Disk of search-1'), trigger('old', 'Queue')], 'cleanDisk');
      git('init', '--quiet', '--initial-branch=main');
      git('add', 'triggers', 'workflows', 'activities');
      git('commit', '--quiet', '--message', 'First');
      write([trigger('disk', 'Disk of search'), trigger('new', 'Nightly')], 'wipeDisk');
    });
    afterAll(() => rmSync(repository, { recursive: true }));

    const leftBehind = () => readdirSync(tmpdir()).filter((name) => name.startsWith('baton-backtest-'));

    it('tells which runs there would be more, and which fewer, of which trigger, and cleans up', async () => {
      const before = leftBehind();
      const { exit, told } = await json(['backtest', '--compare', 'main'], await here());
      expect(exit).toBe(0);
      expect(told.compared).toBe('main');
      const [disk, fresh, former] = told.differences;
      expect(disk).toMatchObject({
        trigger: 'disk',
        removed: [],
        changed: [],
        gained: [{ activity: 'wipeDisk', kind: 'destructive' }],
        lost: [{ activity: 'cleanDisk', kind: 'change' }],
      });
      expect(disk.added.length).toBeGreaterThan(0);
      expect(disk.added.length).toBeLessThan(told.triggers[0].runs.length);
      expect(fresh).toMatchObject({ trigger: 'new', only: 'here' });
      expect(former).toMatchObject({ trigger: 'old', only: 'there', added: [] });
      expect(leftBehind()).toEqual(before);
      expect(git('worktree', 'list').toString().trim().split('\n')).toHaveLength(1);
    });

    it('says it in words of 80 columns', async () => {
      const { stdout } = await baton(['backtest', '--compare', 'main'], account(), await here());
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(stdout).toMatch(/Against main\n {2}disk: \d+ runs more, on incidents \d+/);
      expect(stdout).toContain('  disk: may also change by wipeDisk (destructive)');
      expect(stdout).toContain('  new: is new');
      expect(stdout).toContain('  old: is there no longer');
    });

    it.each(['nosuch', '--upload-pack=x', ''])('knows no commit %j', async (ref) => {
      const { exit, stderr } = await baton(['backtest', `--compare=${ref}`], account(), await here());
      expect(exit).toBe(3);
      expect(stderr).toContain(`git knows no commit "${ref}"`);
    });

    it('says why the code of that commit cannot be asked', async () => {
      const before = leftBehind();
      writeFileSync(join(repository, 'triggers', 'index.ts'), "throw new Error('half done');");
      git('checkout', '--quiet', '-b', 'broken');
      git('commit', '--quiet', '--all', '--message', 'Broken');
      const wiring = { ...(await here()), loadTriggers: async () => [] };
      const { exit, stderr } = await baton(['backtest', '--compare', 'broken'], account(), wiring);
      expect(exit).toBe(1);
      expect(stderr).toContain('The triggers of broken cannot be asked\nhalf done');
      expect(leftBehind()).toEqual(before);
    });
  });
});
