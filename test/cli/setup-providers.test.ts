import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startSimulator } from '../../simulator/simulator.ts';
import { openStore } from '../../store/open.ts';
import { isChange } from '../requests.ts';
import { seedStore } from '../seed.ts';
import { type Kind, kinds, type Word } from '../server/operations/providers-world.ts';
import { atTerminal, down, enter, tab } from './at-terminal.ts';
import { runBaton } from './command.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-setup-'));
  seedStore(join(folder, 'data'));
  await (await openStore({ dataDir: join(folder, 'data') })).close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const env = () => ({
  BATON_DATA_DIR: join(folder, 'data'),
  BATON_PUBLIC_URL: 'https://baton.example.com',
  BATON_SIMULATE: 'prometheus',
});
const baton = (words: readonly string[], stdin = '') =>
  runBaton(words, { env: env(), stdin: Readable.from([stdin]) });

async function account(word: Word) {
  const kind: Kind = kinds[word];
  const simulator = await startSimulator(kind.simulation());
  onTestFinished(() => simulator.close());
  const { answers, secrets } = kind.answers(simulator.url);
  /** A secret by a file, all else as it is. */
  const flags = Object.entries(answers).flatMap(([name, value]) => {
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (!secrets.some((secret) => value.includes(secret))) return [flag, value];
    const file = join(folder, `${word}-${name}`);
    writeFileSync(file, value);
    return [flag, `@${file}`];
  });
  const changes = () => simulator.calls.filter((call) => isChange(word === 'aws' ? 'ec2' : word, call));
  return { simulator, answers, secrets, flags, changes };
}

describe.each(Object.keys(kinds) as Word[])('baton setup %s, without a terminal', (word) => {
  it('is set up by flags, torn down, and shows no secret', async () => {
    const { flags, secrets } = await account(word);
    const made = await baton(['setup', word, ...flags, '--no-test']);
    expect(made).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^connection +\w+ +made/) });
    const provider = word === 'aws' ? 'ec2' : word;
    expect(made.stderr).toContain(`--provider ${provider}`);
    const down = await baton(['teardown', word, word]);
    expect(down).toMatchObject({ exit: 0, stdout: expect.stringContaining('restorable') });
    for (const { stdout, stderr } of [made, down])
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
  }, 60_000);
});

describe('baton setup, without a terminal', () => {
  it.each<[Word, string, string]>([
    ['kubernetes', '--kubeconfig', '--kubeconfig is missing'],
    ['github', '--webhook', '--webhook is missing'],
  ])('of %s names the flag that is missing: %s', async (word, flag, words) => {
    const { flags, simulator } = await account(word);
    const at = flags.indexOf(flag);
    const told = await baton(['setup', word, '--name', 'missing', ...flags.toSpliced(at, 2)]);
    expect(told).toMatchObject({ exit: 2, stderr: expect.stringContaining(words) });
    expect(simulator.calls).toEqual([]);
  });

  it('prints what an administrator applies, and needs no account for that', async () => {
    const role = await baton(['setup', 'kubernetes', '--print', '--namespaces', 'shop']);
    expect(role).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^apiVersion: v1\nkind: ServiceAccount/),
    });
    const manifest = await baton(['setup', 'slack', '--print', '--name', 'beta']);
    expect(JSON.parse(manifest.stdout)).toMatchObject({
      settings: {
        interactivity: { request_url: 'https://baton.example.com/slack/interactivity/beta' },
      },
    });
    expect(manifest.stderr).toContain('slack-manifest.json');
  });
});

describe('baton setup, at a terminal', () => {
  it('of Slack has the channel for tests searched by typing', async () => {
    const { answers, secrets, changes } = await account('slack');
    const { exit, said, printed } = await atTerminal(
      ['setup', 'slack', '--name', 'typed-slack', '--no-test', '--api-url', answers.apiUrl ?? ''],
      [
        ['The token of the bot', [answers.botToken ?? '', enter]],
        ['How do button presses', [enter]],
        ['The signing secret', [answers.signingSecret ?? '', enter]],
        ['To which channel may a test', ['gener', enter]],
        ['Make this?', [enter]],
      ],
      env(),
    );
    expect({ exit, said: exit === 0 ? '' : said }).toEqual({ exit: 0, said: '' });
    expect(said).toContain('The key is that of baton. It is of the workspace Acme');
    expect(printed).toMatch(/connection +typed-slack +made\n/);
    for (const secret of secrets) expect(said + printed).not.toContain(secret);
    expect(changes()).toEqual([]);
    const shown = await baton(['connections', 'show', 'typed-slack']);
    expect(shown.stdout).toMatch(/SLACK_TEST_CHANNEL +false +(- +)?C0GENERAL/);
  }, 30_000);

  it('of a cluster asks for the file, the context and the namespaces of it', async () => {
    const { answers, secrets } = await account('kubernetes');
    const file = join(folder, 'kubeconfig');
    writeFileSync(
      file,
      `${answers.kubeconfig}  - name: other\n    context: { cluster: simulated, user: baton }\n`,
    );
    const { exit, said, printed } = await atTerminal(
      ['setup', 'kubernetes', '--name', 'typed-cluster', '--no-test'],
      [
        ['The file with the kubeconfig', [file, enter]],
        ['Which cluster', [down, enter]],
        ['In which namespaces', [tab, enter]],
        ['To which namespaces', [enter]],
        ['Make this?', [enter]],
      ],
      env(),
    );
    expect({ exit, said: exit === 0 ? '' : said }).toEqual({ exit: 0, said: '' });
    for (const secret of secrets) expect(said + printed).not.toContain(secret);
    const shown = await baton(['connections', 'show', 'typed-cluster']);
    expect(shown.stdout).toMatch(/KUBERNETES_NAMESPACES +false +- +shop/);
    expect(shown.stdout).not.toMatch(/KUBERNETES_ONLY_NAMESPACES/);
  }, 30_000);
});
