import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addConnection, removeConnection } from '../../../server/operations/connections.ts';
import { pingConnection } from '../../../server/operations/connections-ping.ts';
import { restoreConnection } from '../../../server/operations/connections-restore.ts';
import { setupConnect } from '../../../server/operations/setup.ts';
import { teardownConnection } from '../../../server/operations/teardown.ts';
import type { Store } from '../../../store/store.ts';
import { embeddedWorld, fresh, type World } from '../../store/world.ts';
import { startAccount } from './providers-world.ts';
import { publicUrl } from './set-up-world.ts';

let world: World;
let store: Store;
beforeAll(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterAll(() => world.close());

const refusal = (status: number, message: RegExp) => ({ status, message: expect.stringMatching(message) });
const outcomes = ({ steps }: { steps: { kind: string; outcome: string }[] }) =>
  Object.fromEntries(steps.map(({ kind, outcome }) => [kind, outcome]));

describe('the webhooks of GitHub', () => {
  const hooksOf = (its: Record<string, unknown>) =>
    (its as { repositories: { hooks?: Record<string, unknown>[] }[] }).repositories[0]?.hooks ?? [];
  const sourceOf = async ({ context, name }: Awaited<ReturnType<typeof startAccount>>) =>
    (await context.connections.look()).connections.get(`${name}-events`);
  const addressOf = (name: string) => `${publicUrl}/webhooks/http/${name}-events`;

  it('lead to a source that setup makes, with its secret; teardown takes both away, and nothing else', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name } = account;
    hooksOf(account.world);
    Object.assign((account.world as { repositories: object[] }).repositories[0] ?? {}, {
      hooks: [
        {
          id: 7,
          active: true,
          events: ['push'],
          url: 'https://ci.example.com',
          contentType: 'json',
          secret: 'x',
          createdAt: '2026-01-01T00:00:00Z',
          deliveries: [],
        },
      ],
    });
    const done = await ask(setupConnect, answers);
    expect(outcomes(done)).toEqual({ connection: 'made', source: 'made', webhook: 'made' });
    expect(done.address).toBe(addressOf(name));
    const source = await sourceOf(account);
    const [, hook] = hooksOf(account.world);
    expect(source?.values).toMatchObject({
      HTTP_WEBHOOK_FORMAT: 'github',
      HTTP_WEBHOOK_SECRETS: hook?.secret,
    });
    expect(hook).toMatchObject({
      url: addressOf(name),
      events: ['deployment_status', 'workflow_run'],
      contentType: 'json',
    });
    expect(JSON.stringify(done)).not.toContain(hook?.secret);
    const gone = await ask(teardownConnection, { name });
    expect(gone.removed.map(({ kind }: { kind: string }) => kind)).toEqual(['webhook', 'source']);
    expect(gone.calls).toEqual([{ method: 'DELETE', path: `/repos/acme/shop/hooks/${hook?.id}` }]);
    expect(hooksOf(account.world).map(({ id }) => id)).toEqual([7]);
    expect(await sourceOf(account)).toBeUndefined();
    await ask(restoreConnection, { name: `${name}-events` });
    expect((await sourceOf(account))?.values).toEqual(source?.values);
  });

  it('are made once where the answer of the first was lost', async () => {
    const account = await startAccount(store, 'github');
    account.simulator.fail({ kind: 'cut-after', match: 'POST /repos/acme/shop/hooks' });
    await expect(account.ask(setupConnect, account.answers)).rejects.toMatchObject(
      refusal(503, /Do it again/),
    );
    const done = await account.ask(setupConnect, account.answers);
    expect(outcomes(done)).toMatchObject({ source: 'made before', webhook: 'made before' });
    expect(hooksOf(account.world)).toHaveLength(1);
    const { removed } = await account.ask(teardownConnection, { name: account.name });
    expect(removed).toHaveLength(2);
  });

  it('of somebody else are adopted and stay, or are given our secret where that is asked for', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name, changes } = account;
    const there = {
      id: 7,
      active: false,
      events: ['push'],
      url: addressOf(name),
      contentType: 'form',
      secret: 'x',
      createdAt: '2026-01-01T00:00:00Z',
      deliveries: [],
    };
    Object.assign((account.world as { repositories: object[] }).repositories[0] ?? {}, { hooks: [there] });
    const adopted = await ask(setupConnect, answers);
    expect(outcomes(adopted)).toMatchObject({ webhook: 'was there' });
    expect(changes()).toEqual([]);
    expect(adopted.warnings.join('\n')).toMatch(
      /switched off.*\n.*sends no JSON.*\n.*does not send deployment_status.*\n.*made by somebody else/,
    );
    const replaced = await ask(setupConnect, { ...answers, replaceWebhook: 'true' });
    expect(outcomes(replaced)).toMatchObject({ webhook: 'changed' });
    expect(changes()).toEqual(['PATCH /repos/acme/shop/hooks/7']);
    const secret = (await sourceOf(account))?.values?.HTTP_WEBHOOK_SECRETS;
    const events = ['push', 'deployment_status', 'workflow_run'];
    expect(hooksOf(account.world)).toMatchObject([
      { id: 7, active: true, contentType: 'json', secret, events },
    ]);
    const { removed } = await ask(teardownConnection, { name });
    expect(removed).toMatchObject([{ kind: 'source' }]);
    expect(hooksOf(account.world)).toHaveLength(1);
  });

  it.each([
    ['refused', { kind: 'status', status: 422 }, 422],
    ['of which the answer is lost', { kind: 'cut-after' }, 503],
  ] as const)('stay those of setup after a change that is %s', async (_, fault, status) => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name, simulator } = account;
    await ask(setupConnect, answers);
    const [hook] = hooksOf(account.world);
    Object.assign(hook ?? {}, { createdAt: '2026-01-01T00:00:00Z' });
    simulator.fail({ ...fault, match: `PATCH /repos/acme/shop/hooks/${hook?.id}` });
    await expect(ask(setupConnect, { ...answers, replaceWebhook: 'true' })).rejects.toMatchObject({ status });
    expect(outcomes(await ask(setupConnect, answers))).toMatchObject({ webhook: 'made before' });
    expect((await ask(teardownConnection, { name })).removed).toHaveLength(2);
    expect(hooksOf(account.world)).toEqual([]);
  });

  it('follow the address of Baton', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name } = account;
    await ask(setupConnect, answers);
    const moved = { ...answers, publicUrl: 'https://new.example.com' };
    expect(outcomes(await ask(setupConnect, { ...moved, dryRun: true }))).toMatchObject({
      webhook: 'to be changed',
    });
    expect(outcomes(await ask(setupConnect, moved))).toMatchObject({ webhook: 'changed' });
    expect(hooksOf(account.world)).toMatchObject([
      { url: `https://new.example.com/webhooks/http/${name}-events` },
    ]);
    await ask(teardownConnection, { name });
    expect(hooksOf(account.world)).toEqual([]);
  });

  it('are given a secret of their own for a source of others, which is sent no other one, and lose it with teardown', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name, context } = account;
    const ci = fresh('ci-');
    const values = { HTTP_WEBHOOK_SECRETS: 'the secret of ci', HTTP_WEBHOOK_FORMAT: 'github' };
    await ask(addConnection, { name: ci, provider: 'http', values });
    const secretsNow = async () =>
      (await context.connections.look()).connections.get(ci)?.values?.HTTP_WEBHOOK_SECRETS;
    await ask(setupConnect, { ...answers, source: ci, dryRun: true });
    expect(await secretsNow()).toBe('the secret of ci');
    const done = await ask(setupConnect, { ...answers, source: ci });
    expect(outcomes(done)).toMatchObject({ source: 'was there', webhook: 'made' });
    const [hook] = hooksOf(account.world);
    expect(await secretsNow()).toBe(`the secret of ci,${hook?.secret}`);
    expect(hook?.secret).toMatch(new RegExp(`^${name}\\.[0-9a-f]{64}$`));
    expect(account.learnt).toContain(hook?.secret);
    await ask(setupConnect, { ...answers, source: ci, replaceWebhook: 'true' });
    expect(await secretsNow()).toBe(`the secret of ci,${hook?.secret}`);
    expect(JSON.stringify(account.simulator.calls)).not.toContain('the secret of ci');
    await ask(teardownConnection, { name });
    expect(await secretsNow()).toBe('the secret of ci');
  });

  it('keep their source while those of another connection lead to it', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name } = account;
    await ask(setupConnect, answers);
    const other = fresh('github-');
    Object.assign((account.world as { repositories: { name: string }[] }).repositories, {
      1: { ...(account.world as { repositories: object[] }).repositories[0], name: 'acme/search', hooks: [] },
    });
    const second = { ...answers, name: other, repositories: 'acme/search', source: `${name}-events` };
    expect(outcomes(await ask(setupConnect, second))).toMatchObject({ source: 'was there', webhook: 'made' });
    const words = new RegExp(`webhooks of the connection ${other} lead to the source ${name}-events`);
    await expect(ask(teardownConnection, { name })).rejects.toMatchObject(refusal(409, words));
    const gone = await ask(teardownConnection, { name, force: true });
    expect(gone.removed).toMatchObject([{ kind: 'webhook', name: 'acme/shop' }]);
    expect(gone.byHand).toContainEqual(expect.stringMatching(words));
    expect(await sourceOf(account)).toBeDefined();
  });

  it('stay with their source where another connection has adopted them', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name } = account;
    await ask(setupConnect, answers);
    const other = fresh('github-');
    const second = { ...answers, name: other, source: `${name}-events` };
    expect(outcomes(await ask(setupConnect, second))).toMatchObject({
      source: 'was there',
      webhook: 'was there',
    });
    const { subscription } = await ask(pingConnection, { name: other, seconds: 1 });
    expect(subscription).toBe(String(hooksOf(account.world)[0]?.id));
    const words = new RegExp(`the connection ${other} `);
    await expect(ask(teardownConnection, { name })).rejects.toMatchObject(refusal(409, words));
    const gone = await ask(teardownConnection, { name, force: true });
    expect(gone).toMatchObject({ removed: [], calls: [] });
    expect(gone.byHand.slice(0, 2)).toEqual([expect.stringMatching(words), expect.stringMatching(words)]);
    expect(hooksOf(account.world)).toHaveLength(1);
    expect(await sourceOf(account)).toBeDefined();
    expect((await ask(teardownConnection, { name: other })).removed).toEqual([]);
    expect(await store.listAdopted(other)).toEqual([]);
  });

  it('are heard still after a teardown of the connection that has given them its secret', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name } = account;
    await ask(setupConnect, answers);
    const [shop] = (account.world as { repositories: object[] }).repositories;
    Object.assign((account.world as { repositories: object[] }).repositories, {
      1: { ...shop, name: 'acme/search', hooks: [] },
    });
    const repositories = 'acme/shop,acme/search';
    const more = { repositories, source: `${name}-events`, replaceWebhook: 'true' };
    const other = fresh('github-');
    const done = await ask(setupConnect, { ...answers, ...more, name: other });
    expect(done.steps.map(({ outcome }: { outcome: string }) => outcome).slice(2)).toEqual([
      'changed',
      'made',
    ]);
    const gone = await ask(teardownConnection, { name: other });
    expect(gone.removed).toMatchObject([{ kind: 'webhook', name: 'acme/search' }]);
    const [hook] = hooksOf(account.world);
    expect((await sourceOf(account))?.values?.HTTP_WEBHOOK_SECRETS?.split(',')).toContain(hook?.secret);
  });

  it('are set up and taken away by one connection at a time where they lead to the same source', async () => {
    const { ask, answers, name } = await startAccount(store, 'github');
    await ask(setupConnect, answers);
    const second = { ...answers, name: fresh('github-'), source: `${name}-events` };
    await store.takeDuty(`set-up/${name}-events`, 60, 'somebody');
    const words = new RegExp(`The connection ${name}-events is being set up or torn down`);
    await expect(ask(setupConnect, second)).rejects.toMatchObject(refusal(409, words));
    await expect(ask(teardownConnection, { name })).rejects.toMatchObject(refusal(409, words));
    await store.releaseDuty(`set-up/${name}-events`, 'somebody');
    await ask(setupConnect, second);
  });

  it('keep their source while a reviewed list names it, and whose other webhooks lose it is said', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name, context, changes } = account;
    await ask(setupConnect, answers);
    const source = `${name}-events`;
    const { policies } = context;
    const heartbeats = [{ source, every: '1 hour', service: 'Checkout' }] as never;
    context.policies = async () => ({ ...(await policies()), heartbeats });
    const words = new RegExp(`the source ${source} is used by the heartbeat of ${source}`);
    const before = changes();
    await expect(ask(teardownConnection, { name })).rejects.toMatchObject(refusal(409, words));
    await expect(ask(removeConnection, { name: source })).rejects.toMatchObject({ status: 409 });
    expect(changes()).toEqual(before);
    const left = await ask(teardownConnection, { name, dryRun: true, force: true });
    expect(left.byHand).toContainEqual(expect.stringMatching(words));
    context.policies = policies;
    const gone = await ask(teardownConnection, { name });
    expect(gone.byHand).toContainEqual(
      expect.stringContaining(
        `people have made in GitHub and that lead to /webhooks/http/${source} find nothing`,
      ),
    );
  });

  it('are told where GitHub takes the token no more; by force the source goes all the same', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, name, simulator, values } = account;
    await ask(setupConnect, answers);
    const refuse = () => simulator.fail({ kind: 'status', match: 'GET /user', status: 401 });
    refuse();
    await expect(ask(teardownConnection, { name })).rejects.toMatchObject(
      refusal(422, /GitHub refused \(401\)/),
    );
    refuse();
    const gone = await ask(teardownConnection, { name, force: true });
    expect(gone.removed).toMatchObject([{ kind: 'source', name: `${name}-events` }]);
    expect(gone.byHand[0]).toMatch(/^Delete the webhook acme\/shop \(\d+\) in GitHub$/);
    expect(gone.warnings).toEqual([expect.stringContaining('GitHub could not be asked')]);
    expect(await values()).toBeUndefined();
    expect(await sourceOf(account)).toBeUndefined();
  });

  it('need a token that may have them, and a source that reads what they send', async () => {
    const account = await startAccount(store, 'github');
    const { ask, answers, values } = account;
    Object.assign(account.world, { denied: ['hooks:write'] });
    await expect(ask(setupConnect, answers)).rejects.toMatchObject(
      refusal(422, /Give the token Webhooks: read and write in acme\/shop/),
    );
    expect(await values()).toBeUndefined();
    expect(outcomes(await ask(setupConnect, { ...answers, webhook: 'none' }))).toEqual({
      connection: 'made',
    });
    await expect(ask(setupConnect, { ...answers, source: answers.name })).rejects.toMatchObject(
      refusal(409, /is a connection of github, and no source of events/),
    );
  });
});
