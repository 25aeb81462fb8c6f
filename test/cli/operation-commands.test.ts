import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { operations } from '../../server/operations/index.ts';
import { openStore } from '../../store/open.ts';
import { serve } from '../api/served.ts';
import { seedStore } from '../seed.ts';
import { runBaton } from './command.ts';
import { news } from './fixture/trigger.ts';

/** Which command asks for which operation. */
const commandOf: Record<(typeof operations)[number]['name'], string> = {
  'incidents.list': 'incidents list',
  'incidents.show': 'incidents show',
  'incidents.numbers': 'incidents numbers',
  'incidents.acknowledge': 'incidents acknowledge',
  'incidents.resolve': 'incidents resolve',
  'incidents.note': 'incidents note',
  'incidents.why': 'why',
  'incidents.timeline': 'timeline',
  'incidents.record': 'audit show',
  'incidents.transcript': 'incidents transcript',
  'incidents.texts': 'incidents texts',
  'texts.show': 'texts show',
  'events.list': 'events list',
  'events.show': 'events show',
  'events.why': 'why',
  'events.test': 'triggers test',
  'events.replay': 'events replay',
  'runs.list': 'runs list',
  'runs.show': 'runs show',
  'runs.timeline': 'runs show',
  'runs.start': 'runs start',
  'runs.stop': 'runs stop',
  'runs.unpark': 'runs unpark',
  'approvals.list': 'approvals list',
  'approvals.show': 'approvals show',
  'approvals.approve': 'approvals approve',
  'approvals.refuse': 'approvals refuse',
  'changes.holds': 'changes holds',
  'changes.halt': 'changes halt',
  'changes.freeze': 'changes freeze',
  'changes.allow': 'changes allow',
  'questions.list': 'questions list',
  'questions.show': 'questions show',
  'questions.answer': 'questions answer',
  'triggers.list': 'triggers list',
  'triggers.show': 'triggers show',
  'triggers.test': 'triggers test',
  'triggers.plan': 'triggers plan',
  'triggers.agreement': 'triggers agreement',
  'triggers.lower': 'triggers lower',
  'triggers.enable': 'triggers enable',
  'workflows.list': 'workflows list',
  'policies.list': 'policies list',
  'activities.list': 'activities list',
  'activities.show': 'activities show',
  'record.search': 'record search',
  'record.export': 'record export',
  'record.verify': 'audit verify',
  'record.compare': 'audit verify',
  'connections.list': 'connections list',
  'connections.providers': 'connections providers',
  'connections.show': 'connections show',
  'connections.add': 'connections add',
  'connections.change': 'connections change',
  'connections.rotate': 'connections rotate',
  'connections.remove': 'connections remove',
  'connections.restore': 'connections restore',
  'connections.test': 'connections test',
  'subscriptions.list': 'subscriptions list',
  'subscriptions.failed': 'subscriptions failed',
  'subscriptions.replay': 'subscriptions replay',
  'subscriptions.resume': 'subscriptions resume',
  'connections.ping': 'connections ping',
  'setup.questions': 'setup pagerduty',
  'setup.choices': 'setup pagerduty',
  'setup.papers': 'setup pagerduty',
  'setup.consent': 'setup pagerduty',
  'setup.consented': 'setup pagerduty',
  'setup.connect': 'setup pagerduty',
  'teardown.connection': 'teardown pagerduty',
  'routes.list': 'routes list',
  'routes.set': 'routes set',
  'routes.remove': 'routes remove',
  'doctor.check': 'doctor',
  'status.show': 'status',
  'me.show': 'me show',
  'me.waiting': 'me waiting',
  'tokens.list': 'tokens list',
  'tokens.create': 'tokens create',
  'tokens.revoke': 'tokens revoke',
  'people.list': 'people list',
  'people.set': 'people set',
  'people.remove': 'people remove',
  'people.link': 'people link',
  'identities.list': 'identities list',
  'settings.list': 'config',
  'store.size': 'store size',
  'simulator.show': 'simulator show',
  'simulator.play': 'simulator play',
  'simulator.storm': 'simulator storm',
  'simulator.fail': 'simulator fail',
  'simulator.heal': 'simulator heal',
  'simulator.worker': 'simulator worker',
};

const apiToken = 'u+of-the-tests-4711';

describe('the commands that come from operations', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton-operations-'));
    seedStore(join(folder, 'data'));
    await (await openStore({ dataDir: join(folder, 'data') })).close();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const baton = (words: string, { stdin = '', env = {} as NodeJS.ProcessEnv } = {}) =>
    runBaton(words.split(' '), {
      env: { BATON_DATA_DIR: join(folder, 'data'), BATON_SIMULATE: 'slack', ...env },
      stdin: Readable.from([stdin]),
      loadTriggers: async () => [news],
      loadPolicies: async () => ({ pages: [], journal: [] }),
      loadWorkflows: async () => ({ names: ['restart'], startable: [] }),
    });
  const done = async (words: string, options = {}) => {
    const { exit, stdout, stderr } = await baton(words, options);
    expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' });
    return stdout;
  };
  const json = async (words: string) => JSON.parse(await done(`${words} --json`));

  it.each(Object.entries(commandOf))('serve %s by: baton %s', async (_, command) => {
    const help = await done(`${command} --help`);
    expect(help).toContain(`Usage: baton ${command} `);
  });

  it('leave no operation without a command', () => {
    expect(operations.map(({ name }) => name).sort()).toEqual(Object.keys(commandOf).sort());
  });

  it('tell in their help what each field is, and what it is when it is left out', async () => {
    const help = await done('tokens create --help');
    expect(help).toMatch(/name +what it is for/);
    expect(help).toMatch(/--role <value> +one of: viewer, responder, .*admin;\s+required/s);
    expect(help).toMatch(/--days <value> +until it expires; \(default: 90\)/);
  });

  it('add, list, change and remove a connection, and no secret comes out again', async () => {
    const added = await done(
      'connections add eu --provider pagerduty PAGERDUTY_API_TOKEN=- PAGERDUTY_REGION=eu',
      {
        stdin: `${apiToken}\n`,
      },
    );
    expect(added).toMatch(/^name +eu\nprovider +pagerduty\n/);
    expect(added).toMatch(/PAGERDUTY_API_TOKEN +true(?!.*4711)/);
    expect(await done('connections list')).toMatch(/^NAME +PROVIDER +STATE .*\neu +pagerduty +unverified/);
    // What the environment connects is told beside them.
    expect(await done('connections list')).toMatch(/\ndefaults:\nPROVIDER +VARIABLES\npagerduty +-\n/);

    const file = join(folder, 'routing-key');
    writeFileSync(file, '0123456789abcdef0123456789abcdef\n');
    await done(`connections change eu PAGERDUTY_REGION= PAGERDUTY_ROUTING_KEY=@${file}`);
    const { variables } = await json('connections show eu');
    expect(variables).toEqual([
      { name: 'PAGERDUTY_API_TOKEN', isSecret: true },
      { name: 'PAGERDUTY_ROUTING_KEY', isSecret: true, ends: 'cdef' },
    ]);

    await done('routes set --provider pagerduty --workflow restart --connection eu');
    expect(await json('routes list')).toEqual([
      { provider: 'pagerduty', workflow: 'restart', connection: 'eu' },
    ]);
    expect(await baton('connections remove eu')).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining('for the workflow restart'),
    });
    await done('routes remove --provider pagerduty --workflow restart');
    await done('connections remove eu --force');
    expect(await json('connections list')).toEqual([]);
    const record = await done('audit show connection:eu');
    expect(record).toContain('connection.changed');
    for (const told of [added, record]) expect(told).not.toContain(apiToken);
  }, 60_000);

  it('rotate secrets alone, which hold from then on and come out nowhere', async () => {
    await done(
      'connections add us --provider jira JIRA_BASE_URL=https://one.example JIRA_API_TOKEN=- JIRA_EMAIL=a@b.example',
      {
        stdin: 'old-token',
      },
    );
    const before = await json('connections show us');
    const told = await done('connections rotate us JIRA_API_TOKEN=-', { stdin: apiToken });
    expect(told).not.toContain(apiToken);
    const after = await json('connections show us');
    expect(after.variables).toEqual(before.variables);
    expect(after.updatedAt > before.updatedAt).toBe(true);
    for (const words of [
      'JIRA_BASE_URL=https://other.example',
      'JIRA_API_TOKEN=x JIRA_BASE_URL=https://other.example',
      '',
    ])
      expect(await baton(`connections rotate us ${words}`.trim())).toMatchObject({
        exit: 2,
        stderr: expect.stringContaining('connections.change'),
      });
    expect((await json('connections show us')).updatedAt).toBe(after.updatedAt);
    expect(await done('audit show connection:us')).toContain('connection.changed');
    await done('connections remove us');
  }, 60_000);

  it('tell no value that has not the form NAME=value', async () => {
    const { exit, stderr } = await baton(`connections add eu --provider pagerduty ${apiToken}`);
    expect(exit).toBe(2);
    expect(stderr).toContain('NAME=value');
    expect(stderr).not.toContain(apiToken);
    expect((await baton('connections add eu --provider pagerduty A=@/none/such')).exit).toBe(3);
  });

  it('test a connection, and end with 1 where it is not confirmed', async () => {
    expect(await json('connections test default --provider slack')).toMatchObject({ outcome: 'confirmed' });
    expect((await baton('connections test none')).exit).toBe(3);
    const nobody = 'http://127.0.0.1:1';
    await done(
      `connections add far --provider pagerduty PAGERDUTY_API_TOKEN=- PAGERDUTY_API_URL=${nobody} PAGERDUTY_EVENTS_URL=${nobody}`,
      { stdin: apiToken },
    );
    const { exit, stdout } = await baton('connections test far');
    await done('connections remove far');
    expect(exit).toBe(1);
    expect(stdout).toMatch(/^outcome +unverified$/m);
  });

  it('show the secret of a new token alone, once, and revoke the token', async () => {
    const { exit, stdout, stderr } = await baton(
      'tokens create ci --role operator --workflows one --workflows two --days 7',
    );
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^baton_[0-9a-f]{12}_\S+\n$/);
    expect(stderr).toContain('shown this once');
    expect(stderr).not.toContain(stdout.trim());
    const [made] = await json('tokens list');
    expect(made).toMatchObject({ name: 'ci', state: 'live', scope: { workflows: ['one', 'two'] } });
    expect((await baton('tokens create ci --role viewer')).exit).toBe(5);
    expect(await done(`tokens revoke ${made.id}`)).toMatch(/\nstate +revoked\n/);
    expect((await baton('tokens revoke 000000000000')).exit).toBe(3);
  });

  it('give people a role, link them in Slack, take that back, and remove them', async () => {
    expect(await done('people set Ada@example.com --role responder')).toMatch(
      /^email +ada@example.com\nrole +responder/,
    );
    expect(await json('people link ada@example.com --slack-user U0ADA')).toMatchObject({
      slackUser: 'U0ADA',
    });
    expect(await json('people link ada@example.com --no-slack-user')).not.toHaveProperty('slackUser');
    await done('people remove ada@example.com');
    expect(await done('people list --json')).not.toContain('ada@example.com');
    expect((await baton('people remove ada@example.com')).exit).toBe(3);
  });

  it('print as JSON all that they print for people, and a list alone where it is the only one', async () => {
    const told = JSON.parse(await done('policies list --json'));
    expect(Object.keys(told).sort()).toEqual([
      'deployments',
      'heartbeats',
      'items',
      'monitors',
      'subscriptions',
      'urgent',
    ]);
    expect(told.items).toMatchObject([{ workflow: 'restart', pages: 'always' }]);
    expect(await done('policies list')).toContain(told.urgent);
    expect(JSON.parse(await done('routes list --json'))).toEqual(expect.any(Array));
  });

  it('tell who in Slack is who in PagerDuty, and who said so, page by page', async () => {
    for (const [email, slackUser] of [
      ['ann@example.com', 'U0ANN'],
      ['ben@example.com', 'U0BEN'],
      ['cleo@example.com', 'U0CLEO'],
    ])
      await done(`people link ${email} --slack-user ${slackUser}`);
    const env = { BATON_PEOPLE: 'U0BEN=ben@pagerduty.example,U0DAN=dan@pagerduty.example' };
    const identities = [
      { slackUser: 'U0ANN', email: 'ann@example.com', by: 'link' },
      { slackUser: 'U0BEN', email: 'ben@pagerduty.example', by: 'BATON_PEOPLE' },
      { slackUser: 'U0CLEO', email: 'cleo@example.com', by: 'link' },
      { slackUser: 'U0DAN', email: 'dan@pagerduty.example', by: 'BATON_PEOPLE' },
    ];
    expect(JSON.parse(await done('identities list --json', { env }))).toEqual(identities);
    for (const limit of [1, 3])
      expect(JSON.parse(await done(`identities list --json --limit ${limit}`, { env }))).toEqual(
        identities.slice(0, limit),
      );
    for (const { email } of identities.filter(({ by }) => by === 'link'))
      await done(`people remove ${email}`);
    await done('people remove ben@example.com');
  }, 60_000);

  it('list as many as are asked for', async () => {
    for (const name of ['a', 'b', 'c']) await done(`people set ${name}@page.example --role viewer`);
    expect(await json('people list --limit 2')).toHaveLength(2);
    expect((await json('people list')).length).toBeGreaterThan(2);
  });

  it('end with 2 on what the operation does not take, in its own words', async () => {
    for (const [words, told] of [
      ['tokens create ci --role owner --days x', /role: .*days: .*tokens.create takes: name, role/],
      ['people link ada@example.com', /slackUser: /],
      ['people set nobody --role viewer', /email: /],
      ['routes set --connection eu', /--provider/],
    ] as const)
      expect(await baton(words)).toMatchObject({ exit: 2, stdout: '', stderr: expect.stringMatching(told) });
  });

  it('go over HTTP by the rights of a token', async () => {
    seedStore(join(folder, 'served'));
    const store = await openStore({ dataDir: join(folder, 'served') });
    onTestFinished(() => store.close());
    const served = await serve(store);
    onTestFinished(() => served.close());
    const as = (token: string) => ({ env: { BATON_API_URL: served.url, BATON_API_TOKEN: token } });
    expect(await done('me show', as('viewer'))).toMatch(/^kind +token\nname +the-viewer\nrole +viewer\n/);
    expect(await baton('tokens list', as('viewer'))).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('people.manage'),
    });
    await done('people set ben@example.com --role viewer', as('admin'));
    expect((await baton('people set ben@example.com --role x', as('admin'))).exit).toBe(2);
    expect((await baton('triggers show none', as('viewer'))).exit).toBe(3);
    expect((await baton('people list --json', as('admin'))).stdout).toContain('ben@example.com');
  });
});
