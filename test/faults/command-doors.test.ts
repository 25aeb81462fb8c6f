import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { rebootEc2Instances } from '../../activities/ec2/reboot-instances.ts';
import { serveControl } from '../../processes/control.ts';
import { performHere } from '../../processes/door.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { incident, serve, worldOn } from '../api/served.ts';
import { runBaton } from '../cli/command.ts';
import { news, newsByHand } from '../cli/fixture/trigger.ts';

describe('the ways in which a command reaches operations', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-doors-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const dataDir = () => join(folder, 'data');

  const baton = (argv: string[], env: NodeJS.ProcessEnv = {}) =>
    runBaton(argv, {
      env: { BATON_DATA_DIR: dataDir(), ...env },
      loadTriggers: async () => [news],
      loadActivities: async () => [rebootEc2Instances],
      loadPolicies: async () => ({ pages: [], journal: [] }),
      loadWorkflows: async () => ({ names: ['waitForNews'], startable: [newsByHand] }),
    });
  async function opened(): Promise<Store> {
    const store = await openStore({ dataDir: dataDir() });
    onTestFinished(() => store.close());
    return store;
  }
  /** The same questions, whichever way they go. */
  async function answersAlike(known: Awaited<ReturnType<typeof incident>>, env: NodeJS.ProcessEnv = {}) {
    const json = async (...argv: string[]) => JSON.parse((await baton([...argv, '--json'], env)).stdout);
    expect(await json('incidents', 'list')).toMatchObject([{ id: known.subject, status: 'triggered' }]);
    expect(await json('incidents', 'show', known.subject)).toMatchObject({ runs: [{ id: known.run }] });
    expect(await json('events', 'list', '--incident', known.subject)).toMatchObject([{ seq: known.seq }]);
    expect(await json('runs', 'show', known.run)).toMatchObject({ run: { id: known.run }, steps: [] });
    expect(await json('events', 'show', String(known.seq))).toMatchObject({ eventId: known.eventId });
    expect(
      await json('record', 'search', '--incident', known.subject, '--action', 'event.answered'),
    ).toHaveLength(1);
    const exported = (await baton(['record', 'export'], env)).stdout;
    const script = join(import.meta.dirname, '../../docs/examples/verify-record.mjs');
    expect(execFileSync(process.execPath, [script], { input: exported, encoding: 'utf8' })).toMatch(
      /^\d+ lines/,
    );
    expect((await baton(['workflows', 'list'], env)).stdout).toMatch(/waitForNews +news +incidentId/);
    expect((await baton(['activities', 'list'], env)).stdout).toMatch(/rebootEc2Instances +ec2 +destructive/);
    const start = ['runs', 'start', 'waitForNews', `incidentId=${known.subject}`, '--reason', 'x'];
    expect(await baton(start, env)).toMatchObject({ exit: 1, stderr: expect.stringContaining('Temporal') });
    const wrong = ['runs', 'start', 'waitForNews', 'incidentId=q-1', '--reason', 'x'];
    expect(await baton(wrong, env)).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('is not a PagerDuty incident'),
    });
    expect((await baton(['runs', 'start', 'waitForNews', 'Q1', '--reason', 'x'], env)).exit).toBe(2);
    expect((await baton(['runs', 'stop', 'news/none', '--reason', 'x'], env)).exit).toBe(3);
    expect((await baton(['events', 'replay', String(known.seq)], env)).exit).toBe(0);
    expect((await baton(['events', 'replay', String(known.seq)], env)).exit).toBe(5);
  }
  /** Of a named account, so that ids have slashes on each way. */
  async function filled(store: Store) {
    const known = await incident(store, 'PCHECK', 'p99 latency', { connection: 'eu' });
    while ((await store.seal()) > 0);
    return known;
  }

  it('open the store themselves where nothing runs', async () => {
    const store = await openStore({ dataDir: dataDir() });
    const known = await filled(store);
    await store.close();
    await answersAlike(known);
  }, 60_000);

  it('go through the process that has the store open, in the name of its user', async () => {
    const store = await opened();
    const known = await filled(store);
    const world = worldOn(store, {
      activities: async () => [rebootEc2Instances],
      workflows: async () => ({ names: ['waitForNews'], startable: [newsByHand] }),
    });
    const control = await serveControl(dataDir(), {
      ping: async () => 'here',
      perform: (name, input) => performHere(world, name, input),
    });
    onTestFinished(control.close);
    await answersAlike(known);
    const lines = await store.linesAbout({ subject: known.subject, after: 0, skip: 0, limit: 100 });
    expect(lines.at(-1)).toMatchObject({
      actor: `person:${userInfo().username}`,
      via: 'cli',
      action: 'event.replayed',
    });
  }, 60_000);

  it('tell the settings of the Baton that runs, else those of the environment, and say whose they are', async () => {
    const own = { PAGERDUTY_FROM_EMAIL: 'own@example.com' };
    const settingsOf = async (env: NodeJS.ProcessEnv) =>
      JSON.parse((await baton(['config', '--json'], env)).stdout);
    expect(await settingsOf(own)).toMatchObject({
      of: 'this environment, as no Baton runs here',
      variables: own,
    });

    const store = await opened();
    const theirs = { PAGERDUTY_FROM_EMAIL: 'theirs@example.com' };
    const world = worldOn(store, { settings: () => theirs });
    const control = await serveControl(dataDir(), {
      ping: async () => 'here',
      perform: (name, input) => performHere(world, name, input),
    });
    onTestFinished(control.close);
    expect(await settingsOf(own)).toEqual({ of: `the Baton that runs on ${dataDir()}`, variables: theirs });

    const served = await serve(store, { settings: () => theirs });
    onTestFinished(() => served.close());
    const as = (token: string) => ({ ...own, BATON_API_URL: served.url, BATON_API_TOKEN: token });
    expect(await settingsOf(as('operator'))).toEqual({
      of: `the Baton at ${new URL(served.url).host}`,
      variables: theirs,
    });
    expect(await baton(['config'], as('operator'))).toEqual({
      exit: 0,
      stdout: 'PAGERDUTY_FROM_EMAIL  theirs@example.com\n',
      stderr: `The settings of the Baton at ${new URL(served.url).host}:\n`,
    });
    expect(await baton(['config'], as('viewer'))).toMatchObject({ exit: 4, stdout: '' });
  }, 60_000);

  it('go over HTTP with a token, whose rights count', async () => {
    const store = await opened();
    const known = await filled(store);
    const served = await serve(store, {
      activities: async () => [rebootEc2Instances],
      workflows: async () => ({ names: ['waitForNews'], startable: [newsByHand] }),
    });
    onTestFinished(() => served.close());
    const env = (token: string) => ({ BATON_API_URL: served.url, BATON_API_TOKEN: token });
    await answersAlike(known, env('admin'));
    expect((await baton(['audit', 'verify'], env('admin'))).stdout).toMatch(/^record verified/);
    expect(await baton(['record', 'search'], env('viewer'))).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining('record.read'),
    });
    expect((await baton(['runs', 'list'], env('old'))).exit).toBe(4);
  }, 60_000);

  it('say so where the address is none, not safe, or nobody answers', async () => {
    const asked = (BATON_API_URL: string, BATON_API_TOKEN?: string) =>
      baton(['runs', 'list'], { BATON_API_URL, ...(BATON_API_TOKEN ? { BATON_API_TOKEN } : {}) });
    expect((await asked('http://baton.example', 'x')).exit).toBe(2);
    expect((await asked('nowhere', 'x')).exit).toBe(2);
    expect(await asked('http://127.0.0.1:1')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('BATON_API_TOKEN'),
    });
    expect(await asked('http://127.0.0.1:1', 'x')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('does not answer'),
    });
  });
});
