import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Import {
  from: string;
  /** A path from the root, or a package's name. */
  to: string;
  isType: boolean;
}

const own = [
  'domain',
  'secrets',
  'log',
  'store',
  'activities',
  'triggers',
  'workflows',
  'worker',
  'server',
  'processes',
  'cli',
  'simulator',
  'console',
  'test',
  'bench',
];
const files = globSync(['*.ts', ...own.map((folder) => `${folder}/**/*.{ts,tsx}`)], { cwd: root });

/** `import`, `export … from` and `import()`. With `verbatimModuleSyntax` only `import type` leaves nothing at run time. */
const statement =
  /^(?:import|export)\s+(type\s)?[^'";]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\b(?:await |return |: )?import\('([^']+)'\)/gm;

function importsOf(file: string): Import[] {
  const source = readFileSync(join(root, file), 'utf8');
  return [...source.matchAll(statement)].map(([whole, type, from, bare, dynamic]) => {
    const name = from ?? bare ?? dynamic ?? '';
    const to = name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name;
    // `typeof import('x')` and `import('x').Type` in a type cannot be told from a call here: they count as values.
    return { from: file, to, isType: type !== undefined && whole.startsWith('import') };
  });
}

const imports = files.flatMap(importsOf);
const folderOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : path);
const shown = (list: Import[]) => list.map(({ from, to }) => `${from} → ${to}`);

/** What a folder may take from the others: values, and types. A path ends in `/` where the whole folder is meant. */
const rules: Record<string, { values: string[]; types?: string[] }> = {
  domain: { values: [] },
  secrets: { values: ['domain/'] },
  log: { values: ['domain/', 'secrets/'], types: ['store/'] },
  store: { values: ['domain/', 'secrets/'] },
  activities: { values: ['domain/'] },
  workflows: { values: ['domain/'], types: ['activities/'] },
  triggers: { values: ['domain/', 'workflows/'] },
  worker: { values: ['domain/', 'secrets/', 'log/', 'store/', 'activities/', 'workflows/'] },
  server: {
    values: ['domain/', 'secrets/', 'log/', 'store/', 'triggers/', 'workflows/'],
    types: ['activities/activity.ts', 'activities/provider.ts'],
  },
  processes: {
    values: [
      'domain/',
      'secrets/',
      'log/',
      'store/',
      'server/',
      'worker/',
      'activities/activity.ts',
      'activities/provider.ts',
      'activities/budget.ts',
      'activities/approvers.ts',
      'activities/clients.ts',
      'activities/http.ts',
      'activities/simulated.ts',
      'triggers/startable.ts',
    ],
    types: ['triggers/trigger.ts', 'cli/output.ts'],
  },
  cli: {
    values: ['domain/', 'secrets/', 'log/', 'store/', 'server/', 'processes/', 'triggers/trigger.ts'],
    types: ['activities/activity.ts', 'activities/provider.ts'],
  },
  simulator: { values: ['domain/'] },
  // It knows Baton by the API alone, as anybody else does.
  console: { values: [] },
};

describe('the imports', () => {
  it.each(Object.entries(rules))(
    'of %s are those that its place allows',
    (folder, { values, types = [] }) => {
      const wrong = imports.filter(({ from, to, isType }) => {
        if (folderOf(from) !== folder || folderOf(to) === folder || !own.includes(folderOf(to))) return false;
        const allowed = isType ? [...values, ...types] : values;
        return !allowed.some((path) => (path.endsWith('/') ? to.startsWith(path) : to === path));
      });
      expect(shown(wrong)).toEqual([]);
    },
  );

  it('of all that is no trigger, workflow or activity name no particular trigger, workflow, activity or provider', () => {
    const particular =
      /^(triggers\/(?!trigger\.ts|startable\.ts)|workflows\/(?!kit\/)|activities\/([^/]+\/|index\.ts|providers\.ts))/;
    const wrong = imports.filter(
      ({ from, to }) =>
        ['domain', 'secrets', 'log', 'server', 'worker', 'store', 'processes', 'cli'].includes(
          folderOf(from),
        ) && particular.test(to),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('of workflows reach neither Node nor a library but Temporal', () => {
    const wrong = imports.filter(
      ({ from, to, isType }) =>
        folderOf(from) === 'workflows' &&
        !isType &&
        !/^(workflows|domain)\//.test(to) &&
        !/^@temporalio\/(workflow|common)(\/|$)/.test(to),
    );
    expect(shown(wrong)).toEqual([]);
    const node = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
    expect(shown(imports.filter(({ from, to }) => folderOf(from) === 'workflows' && node.has(to)))).toEqual(
      [],
    );
  });

  it('reach the simulators only from the composition root, the tests and the benchmark', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(to) === 'simulator' && !['simulator', 'test', 'bench', 'baton.ts'].includes(folderOf(from)),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it("never go through the index of the file's own folder", () => {
    const wrong = imports.filter(
      ({ from, to, isType }) => !isType && to === join(folderOf(from), 'index.ts') && from !== to,
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('go round in no circle, in which what loads first finds the rest undefined', () => {
    // The parts of a run call one another, and none of them while it loads.
    const isLooked = (file: string) => !file.startsWith('workflows/kit/');
    const needs = new Map(files.filter(isLooked).map((file) => [file, new Set<string>()]));
    for (const { from, to, isType } of imports) if (!isType && needs.has(to)) needs.get(from)?.add(to);
    for (let before = 0; before !== needs.size; ) {
      before = needs.size;
      for (const [file, needed] of needs)
        if (![...needed].some((each) => needs.has(each))) needs.delete(file);
    }
    expect([...needs.keys()]).toEqual([]);
  });

  it('keep a young library in one file', () => {
    for (const library of ['@electric-sql/pglite', '@prometheus-io/client']) {
      const users = new Set(
        imports
          .filter(({ from, to, isType }) => to === library && !isType && folderOf(from) !== 'test')
          .map(({ from }) => from),
      );
      expect([library, [...users]]).toEqual([library, [expect.any(String)]]);
    }
  });
});

describe('the files', () => {
  it('stand in folders that are named for what they know', () => {
    const vague = files.filter((file) => /(^|\/)(utils?|helpers?|common|misc|lib)(\/|\.tsx?$)/.test(file));
    expect(vague).toEqual([]);
  });

  it('are short enough to be read at once', () => {
    const long = files.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 400);
    expect(long).toEqual([]);
  });

  it('were found, with their imports: a test that sees nothing holds nothing', () => {
    for (const folder of Object.keys(rules))
      expect(files.some((file) => folderOf(file) === folder)).toBe(true);
    const seen = (from: string, to: string, isType: boolean) =>
      expect(imports).toContainEqual({ from, to, isType });
    seen('server/dispatch/dispatch-event.ts', 'store/store.ts', true);
    seen('server/temporal/runs.ts', 'workflows/kit/run.ts', false);
    seen('workflows/kit/activities.ts', 'activities/index.ts', true);
    seen('baton.ts', 'simulator/index.ts', false);
  });
});

it('no signal is made of others by AbortSignal.any, of which Node lets go too late: domain/bounded-signal.ts bounds one in time', () => {
  const calls = /\bAbortSignal\.any\(/;
  expect(files.filter((file) => calls.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});
