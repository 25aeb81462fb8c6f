import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addConnection } from '../../../server/operations/connections.ts';
import { restoreConnection } from '../../../server/operations/connections-restore.ts';
import { perform } from '../../../server/operations/perform.ts';
import { setRoute } from '../../../server/operations/routes.ts';
import { setupChoices, setupConnect, setupQuestions } from '../../../server/operations/setup.ts';
import { teardownConnection } from '../../../server/operations/teardown.ts';
import type { Store } from '../../../store/store.ts';
import { embeddedWorld, type World } from '../../store/world.ts';
import { kinds, startAccount, type Word } from './providers-world.ts';

let world: World;
let store: Store;
beforeAll(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterAll(() => world.close());

const words = Object.keys(kinds) as Word[];
const refusal = (status: number, message: RegExp) => ({ status, message: expect.stringMatching(message) });
const outcomes = ({ steps }: { steps: { kind: string; outcome: string }[] }) =>
  Object.fromEntries(steps.map(({ kind, outcome }) => [kind, outcome]));

/** What each connection is to have, beside its secrets and addresses. */
const settings: Record<Word, Record<string, string>> = {
  slack: { SLACK_TEST_CHANNEL: 'C0GENERAL' },
  jira: { JIRA_EMAIL: 'baton@example.com', JIRA_PROJECT_KEY: 'OPS' },
  kubernetes: { KUBERNETES_NAMESPACES: 'shop' },
  aws: { AWS_REGION: 'eu-central-1' },
  github: { GITHUB_REPOSITORIES: 'acme/shop', GITHUB_REPOSITORY: 'acme/shop' },
};
const places: Record<Word, RegExp> = {
  slack: /^the workspace Acme/,
  jira: /^the site http:/,
  kubernetes: /^a cluster of Kubernetes v1\.34/,
  aws: /^the AWS account 111122223333, region eu-central-1$/,
  github: /^GitHub /,
};

describe.each(words)('setup of %s', (word) => {
  it('keeps what is given unseen, adopts it when it is done again, and is taken away and restored', async () => {
    const { answers, ask, context, values, name, secrets, learnt, changes, provider } = await startAccount(
      store,
      word,
    );
    const { name: _, ...given } = answers;
    const input = { provider: word, name, answers: given };
    const done = await perform(setupConnect, input, context);
    expect(outcomes(done)).toMatchObject({ connection: 'made' });
    expect(done.account.place).toMatch(places[word]);
    expect(done.settings).toMatchObject(settings[word]);
    const record = await store.readRecord({ subject: `connection:${name}`, limit: 100 });
    for (const secret of secrets) {
      expect(JSON.stringify([done, record])).not.toContain(secret);
      expect(learnt.join('\n')).toContain(secret);
    }
    expect(record.map(({ action }) => action)).toContain('connection.added');
    const before = await values();
    const made = changes();

    const again = await ask(setupConnect, word === 'github' ? { name, webhook: 'repository' } : { name });
    expect(new Set(again.steps.map(({ outcome }: { outcome: string }) => outcome))).toEqual(
      new Set(word === 'github' ? ['was there', 'made before'] : ['was there']),
    );
    expect(changes()).toEqual(made);
    expect(await values()).toEqual(before);

    await ask(setRoute, { provider, workflow: 'waitForNews', connection: name });
    await expect(ask(teardownConnection, { name })).rejects.toMatchObject(
      refusal(409, /is used by the route of/),
    );
    const gone = await ask(teardownConnection, { name, force: true });
    expect(gone.warnings).toEqual([expect.stringContaining('its calls then fail')]);
    expect(gone.byHand.join('\n')).toMatch(/valid still|is applied|stays/);
    for (const secret of secrets) expect(JSON.stringify(gone)).not.toContain(secret);
    expect(await values()).toBeUndefined();
    expect(await store.listSetUp(name)).toEqual([]);

    await ask(restoreConnection, { name });
    expect(await values()).toEqual(before);
  });

  it('changes nothing in a dry run', async () => {
    const { answers, ask, values, changes, name } = await startAccount(store, word);
    const planned = await ask(setupConnect, { ...answers, dryRun: true });
    expect(new Set(Object.values(outcomes(planned)))).toEqual(new Set(['to be made']));
    expect(changes()).toEqual([]);
    expect(await values()).toBeUndefined();
    expect(await store.listSetUp(name)).toEqual([]);
  });

  it('tells what it asks, and takes no other answers', async () => {
    const { answers, ask } = await startAccount(store, word);
    const { items } = await ask(setupQuestions, {});
    const names = items.map((each: { name: string }) => each.name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(answers).filter((each) => each !== 'name')));
    await expect(ask(setupConnect, { ...answers, colour: 'green' })).rejects.toMatchObject(
      refusal(422, /colour is no question of/),
    );
  });
});

describe('a key that is wrong', () => {
  it.each<[string, Word, Record<string, string>, RegExp]>([
    ['another token', 'slack', { botToken: `xoxb-${'0'.repeat(32)}` }, /invalid_auth/],
    [
      'an app-level token as the bot’s',
      'slack',
      { botToken: `xapp-${'0'.repeat(32)}` },
      /SLACK_BOT_TOKEN holds an app-level token; it belongs into SLACK_APP_TOKEN/,
    ],
    [
      'a channel that is not there',
      'slack',
      { testChannel: '#gener' },
      /no channel gener .*there are general/,
    ],
    ['another token', 'jira', { token: 'wrong-token' }, /Jira refused \(401\)/],
    ['a project that is not there', 'jira', { project: 'op' }, /sees no project op \(there are OPS\)/],
    [
      'another token',
      'kubernetes',
      { kubeconfig: '{"clusters":[],"contexts":[{"name":"a","context":{"cluster":"b"}}]}', context: 'c' },
      /no context c; there are a/,
    ],
    [
      'no kubeconfig',
      'kubernetes',
      { kubeconfig: 'a: [' },
      /KUBECONFIG_CONTENT (is neither YAML nor JSON|is no kubeconfig)|is no kubeconfig, but perhaps its path/,
    ],
    [
      'another key',
      'aws',
      { accessKeyId: 'AKIAOTHER' },
      /AWS STS refused .*Give a key that is active|no active key/,
    ],
    ['a zone as the region', 'aws', { region: 'eu-central-1a' }, /AWS_REGION is no region/],
    ['a temporary key without its token', 'aws', { accessKeyId: 'ASIAOTHER' }, /needs its AWS_SESSION_TOKEN/],
    ['another token', 'github', { token: 'github_pat_wrong' }, /GitHub refused \(401\): Bad credentials/],
    ['no token', 'github', { token: 'hunter2!' }, /GITHUB_TOKEN has not the form of a token/],
  ])('is refused with what it is, and changes nothing: %s of %s', async (_, word, more, words) => {
    const { answers, ask, values, changes } = await startAccount(store, word);
    const failure = await ask(setupConnect, { ...answers, ...more }).catch((error: Error) => error);
    expect(failure).toMatchObject(refusal(422, words));
    for (const secret of ['wrong-token', 'github_pat_wrong', 'hunter2!'])
      expect((failure as Error).message).not.toContain(secret);
    expect(changes()).toEqual([]);
    expect(await values()).toBeUndefined();
  });
});

describe('a right that is missing', () => {
  it.each<[Word, (world: Record<string, unknown>) => void, RegExp]>([
    [
      'slack',
      (its) => Object.assign(its, { scopes: ['chat:write', 'channels:read'] }),
      /^channels:manage: .*OAuth & Permissions/,
    ],
    [
      'jira',
      (its) => Object.assign(its, { denied: ['LINK_ISSUES'] }),
      /^LINK_ISSUES: .*grant it in the project OPS/,
    ],
    [
      'kubernetes',
      (its) =>
        Object.assign(its, {
          granted: ['authorization.k8s.io/selfsubjectaccessreviews create', 'pods list'],
        }),
      /^pods delete: no role allows it in shop/,
    ],
    [
      'aws',
      (its) => Object.assign(its, { denied: ['ec2:StopInstances'] }),
      /^ec2:StopInstances: .*allow ec2:StopInstances/,
    ],
    [
      'github',
      (its) => Object.assign(its, { denied: ['issues:write'] }),
      /^issues:write: .*give the token issues:write/,
    ],
  ])(
    'is named with where it is given, and keeps nothing from being set up: %s',
    async (word, take, words) => {
      const account = await startAccount(store, word);
      take(account.world);
      const done = await account.ask(setupConnect, account.answers);
      expect(done.warnings).toContainEqual(expect.stringMatching(words));
      expect(outcomes(done)).toMatchObject({ connection: 'made' });
    },
  );
});

describe('what is written down of a setup', () => {
  it('holds what was answered, and no secret, also of one that was refused or given in the wrong place', async () => {
    const { context, name, answers } = await startAccount(store, 'jira');
    const given = { ...answers, token: 'wrong-token', name: undefined };
    const input = (more: object) => ({
      provider: 'jira',
      name,
      answers: JSON.parse(JSON.stringify({ ...given, ...more })),
    });
    await expect(perform(setupConnect, input({}), context)).rejects.toMatchObject({ status: 422 });
    const elsewhere = { apiToken: 'wrong-token', site: 'https://ada:wrong-token@acme.atlassian.net' };
    await expect(perform(setupConnect, input(elsewhere), context)).rejects.toMatchObject({ status: 422 });
    const record = await store.readRecord({ subject: `connection:${name}`, limit: 100 });
    expect(record.map(({ action }) => action)).toEqual([
      'operation.intended',
      'operation.refused',
      'operation.intended',
      'operation.refused',
    ]);
    expect(JSON.stringify(record)).not.toContain('wrong-token');
    expect(record[0]?.detail).toMatchObject({
      input: { provider: 'jira', name, answers: { email: 'baton@example.com', project: 'operations' } },
    });
  });
});

describe('a setting of a connection that is there', () => {
  it('goes with the credential to which it belongs, or where it is answered with nothing', async () => {
    const { ask, answers, name, values } = await startAccount(store, 'aws');
    const { endpoint = '' } = answers as Record<string, string>;
    const temporary = {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'ASIAOLD',
      AWS_SECRET_ACCESS_KEY: 'old',
      AWS_SESSION_TOKEN: 'old token',
      EC2_ALLOWED_TAG: 'team=checkout',
      AWS_ENDPOINT_URL_EC2: endpoint,
      AWS_ENDPOINT_URL_STS: endpoint,
    };
    await ask(addConnection, { name, provider: 'ec2', values: temporary });
    const done = await ask(setupConnect, answers);
    expect(done.warnings.join()).not.toContain('temporary');
    expect(await values()).not.toHaveProperty('AWS_SESSION_TOKEN');
    expect(await values()).toMatchObject({ EC2_ALLOWED_TAG: 'team=checkout' });
    const again = await ask(setupConnect, { name, allowedTag: '' });
    expect(again.settings).not.toHaveProperty('EC2_ALLOWED_TAG');
    expect(await values()).not.toHaveProperty('EC2_ALLOWED_TAG');
    // Without it the key would go to AWS itself.
    await expect(ask(setupConnect, { name, endpoint: '' })).rejects.toMatchObject(
      refusal(422, /Give the token too/),
    );
    await expect(ask(setupConnect, { name, accessKeyId: '' })).rejects.toMatchObject(
      refusal(422, /Give the id of an access key/),
    );
  });
});

describe('a role of AWS that cannot be assumed', () => {
  it('is told with what allows it', async () => {
    const account = await startAccount(store, 'aws');
    const role = 'arn:aws:iam::111122223333:role/baton';
    const done = await account.ask(setupConnect, { ...account.answers, role });
    expect(done.account.missing).toEqual([]);
    Object.assign(account.world, { roles: [] });
    const { warnings } = await account.ask(setupConnect, { name: account.name });
    expect(warnings).toContainEqual(
      expect.stringMatching(/^sts:AssumeRole: .*in the trust policy of that role/),
    );
  });
});

describe('what setup can choose from', () => {
  it.each<[Word, string[], Record<string, unknown>]>([
    ['slack', ['botToken', 'apiUrl'], { testChannel: [{ value: 'C0GENERAL', label: '#general' }] }],
    [
      'jira',
      ['site', 'email', 'token', 'project'],
      { project: [{ value: 'OPS', label: 'Operations' }], issueType: [{ value: 'Task' }, { value: 'Bug' }] },
    ],
    ['kubernetes', ['kubeconfig'], { context: [{ value: 'simulated' }], namespaces: [{ value: 'shop' }] }],
    ['github', ['token', 'apiUrl'], { repositories: [{ value: 'acme/shop' }] }],
  ])('is told: %s', async (word, given, lists) => {
    const { answers, ask, secrets, changes } = await startAccount(store, word);
    const known = Object.fromEntries(Object.entries(answers).filter(([each]) => given.includes(each)));
    const told = await ask(setupChoices, { name: answers.name, ...known });
    expect(told.lists).toMatchObject(lists);
    for (const secret of secrets) expect(JSON.stringify(told)).not.toContain(secret);
    expect(changes()).toEqual([]);
  });

  it('is every namespace of a cluster that has many, and none of them is missed', async () => {
    const { answers, ask, world: cluster } = await startAccount(store, 'kubernetes');
    const { pods } = cluster as { pods: { metadata: object }[] };
    const [pod] = pods;
    const names = Array.from({ length: 1_100 }, (_, index) => `team-${1_000 + index}`);
    // Of no workload, which would take away what it has not wanted.
    for (const namespace of names)
      pods.push({ ...structuredClone(pod), metadata: { ...pod?.metadata, namespace, ownerReferences: [] } });
    const told = await ask(setupChoices, { ...answers, query: 'team-' });
    expect(told.lists.namespaces?.map(({ value }: { value: string }) => value)).toEqual(names);
    expect(told.more).toBe(false);
    const { warnings } = await ask(setupConnect, { ...answers, namespaces: 'team-2099,team-3000' });
    expect(warnings.filter((each: string) => each.includes('no namespace'))).toEqual([
      'The cluster has no namespace team-3000',
    ]);
  });

  it('is, of a kubeconfig with several contexts, one of them first; the others are not kept', async () => {
    const { answers, ask, values } = await startAccount(store, 'kubernetes');
    const { kubeconfig, ...others } = answers as Record<string, string>;
    const two = `${kubeconfig}  - name: other\n    context: { cluster: simulated, user: somebody }\n`.replace(
      'users:\n',
      'users:\n  - name: somebody\n    user: { exec: { command: login } }\n',
    );
    const told = await ask(setupChoices, { ...others, kubeconfig: two });
    expect(told).toMatchObject({ lists: { context: [{ value: 'simulated' }, { value: 'other' }] } });
    expect(told.account).toBeUndefined();
    await ask(setupConnect, { ...others, kubeconfig: two, context: 'simulated' });
    expect((await values())?.KUBECONFIG_CONTENT).not.toMatch(/somebody|exec/);
  });
});

describe('a project of Jira', () => {
  it.each([
    ['IT', 'IT'],
    ['it', 'IT'],
    ['Kit 70', 'A70'],
  ])('is found by its key or its whole name among many that hold it: %s', async (asked, key) => {
    const account = await startAccount(store, 'jira');
    const many = Array.from({ length: 71 }, (_, index) => ({
      key: `A${index}`,
      name: `Kit ${index}`,
      types: ['Task'],
    }));
    Object.assign(account.world, { projects: [...many, { key: 'IT', name: 'Zentrale', types: ['Task'] }] });
    await account.ask(setupConnect, { ...account.answers, project: asked });
    expect((await account.values())?.JIRA_PROJECT_KEY).toBe(key);
  });
});

describe('a project of Jira that demands a field', () => {
  it('is told with how the field is given', async () => {
    const account = await startAccount(store, 'jira');
    Object.assign(account.world, {
      demandedFields: { customfield_10042: 'Impact is required.' },
      fieldNames: { customfield_10042: 'Impact' },
    });
    const { warnings } = await account.ask(setupConnect, account.answers);
    const words =
      /OPS demands Impact of a new Task, and nobody fills it: give it in fields, \{"customfield_10042"/;
    expect(warnings).toContainEqual(expect.stringMatching(words));
    const fields = '{"customfield_10042":{"value":"High"}}';
    const again = await account.ask(setupConnect, { ...account.answers, fields });
    expect(again.warnings).not.toContainEqual(expect.stringMatching(words));
  });
});
