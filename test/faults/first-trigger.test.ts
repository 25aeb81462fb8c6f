import { execFile } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/first-trigger.md'), 'utf8');

/** The commands of the page, each with the comment behind it. */
const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
  .flatMap(([, block = '']) => block.trim().split('\n'))
  .map((line) => {
    const [, command = '', comment = ''] = /^(.*?)(?:\s+# (.*))?$/.exec(line) ?? [];
    return { command, comment };
  });
const files = [...page.matchAll(/^`([\w/.-]+\.ts)`\n\n```ts\n([\s\S]*?)^```$/gm)].map(
  ([, path = '', code = '']) => ({ path, code }),
);
/** The lines that the page adds to a list of what runs. */
const listed = [...page.matchAll(/^```\n((?:import|export) .*;)\n```$/gm)].map(([, line = '']) => line);

/** As in a shell of the machine, whose Node may be another one than ours. */
const env = {
  HOME: process.env.HOME,
  XDG_CACHE_HOME: process.env.XDG_CACHE_HOME,
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(delimiter),
};

describe('the page about the first trigger', { timeout: 240_000 }, () => {
  let clone: string;
  beforeAll(() => {
    clone = mkdtempSync(join(tmpdir(), 'baton-clone-'));
    const all = globSync(['*', '.gitignore'], { cwd: root }).filter(
      (name) => !/^(node_modules|data)$/.test(name),
    );
    for (const name of all) cpSync(join(root, name), join(clone, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  });
  afterAll(() => rmSync(clone, { recursive: true }));

  const run = async (command: string) => {
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: clone, env });
    return stdout;
  };
  const insert = (file: string, change: (text: string) => string) =>
    writeFileSync(join(clone, file), change(readFileSync(join(clone, file), 'utf8')));

  it('is found, with its files, lines and commands', () => {
    expect(files.map(({ path }) => path)).toContain('triggers/reports-memory.ts');
    expect(listed).toHaveLength(2);
    expect(commands.length).toBeGreaterThan(6);
  });

  it('makes a trigger that is checked, linted, tested and asked as the page says', async () => {
    for (const { path, code } of files) {
      mkdirSync(dirname(join(clone, path)), { recursive: true });
      writeFileSync(join(clone, path), code);
    }
    const [ofWorkflows = '', ofTriggers = ''] = listed;
    insert('workflows/index.ts', (text) => `${text}${ofWorkflows}\n`);
    insert('triggers/index.ts', (text) =>
      text
        .replace(/^import { runFailed }/m, `${ofTriggers}\n$&`)
        .replace('  runFailed,', '  reportsMemory,\n  runFailed,'),
    );
    insert('activities/index.ts', (text) =>
      text
        .replace(
          /^import { acknowledgePagerDutyIncident }/m,
          `import { setKubernetesChangeCause } from './kubernetes/set-change-cause.ts';\n$&`,
        )
        .replace('  acknowledgePagerDutyAlert,', '$&\n  setKubernetesChangeCause,'),
    );

    const tests = commands.flatMap(({ command }) => /^npx vitest run (\S+)$/.exec(command)?.[1] ?? []);
    expect(tests).toHaveLength(3);
    await run(`npx vitest run ${tests.join(' ')}`);

    for (const { command, comment } of commands.filter(({ command }) => command.startsWith('npx baton'))) {
      const said = await run(command);
      if (comment.startsWith('no: ')) expect(said.trim()).toBe(comment);
    }

    await run('npm run docs');
    expect(readFileSync(join(clone, 'docs/activities.md'), 'utf8')).toContain('### setKubernetesChangeCause');

    // The linter puts each line where it belongs, and then finds nothing; the code of the page it leaves as it is.
    await run('npm run lint');
    for (const { path, code } of files)
      expect([path, readFileSync(join(clone, path), 'utf8')]).toEqual([path, code]);
    await run('npx tsc --noEmit && npx biome ci .');
  });
});
