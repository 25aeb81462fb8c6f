import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { activities } from '../activities/index.ts';
import { providers } from '../activities/providers.ts';
import { approvalStates } from '../docs/approval-states.ts';
import { cardFile, cardStates, cardsPage } from '../docs/card-states.ts';
import { nightlyJobs } from '../docs/examples/triggers/nightly-jobs.ts';
import { activitiesPage, exampleCode, withExamples } from '../docs/generate.ts';
import { questionStates } from '../docs/question-states.ts';
import type { SetUpForm } from '../domain/set-up-questions.ts';
import { operations } from '../server/operations/index.ts';
import { checkBlocks } from '../simulator/slack/block-kit.ts';
import { linkHash, noLine } from '../store/record/chain.ts';
import { startable } from '../triggers/by-hand/index.ts';
import { triggers } from '../triggers/index.ts';
import '../docs/examples/test/activities/kubernetes/set-change-cause.test.ts';
import '../docs/examples/test/triggers/automations.test.ts';
import '../docs/examples/test/triggers/deployed.test.ts';
import '../docs/examples/test/triggers/memory-named.test.ts';
import '../docs/examples/test/triggers/reports-memory.test.ts';
import '../docs/examples/test/workflows/restart-leaking-deployment.test.ts';
import '../docs/examples/test/workflows/scale-when-approved.test.ts';
import '../docs/examples/test/workflows/take-over.test.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root })];
const readme = read('README.md');
const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, found]) => found ?? '');
const unique = (list: readonly string[]) => [...new Set(list)].sort();
const blocksOf = (page: string, language: string) =>
  matches(read(page), new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'));

describe('the commands that the docs name', () => {
  /** Nouns and verbs as the sources declare them: `baton events list`. */
  const declared = (file: string) => matches(read(file), /\.command\('([\w-]+)'\)/g);
  const nouns: Record<string, string[]> = Object.fromEntries(
    globSync('cli/*.ts', { cwd: root }).flatMap((file) => {
      const [first, ...verbs] = declared(file);
      if (first === undefined) return [];
      const isNoun = new RegExp(`const \\w+ = program\\s*\\.command\\('${first}'\\)`).test(read(file));
      return isNoun ? [[first, verbs]] : [first, ...verbs].map((name) => [name, []]);
    }),
  );
  // Those that have no command of their own get one by their name.
  for (const { name } of operations) {
    const [noun = '', verb = ''] = name.split('.');
    if (noun !== 'doctor' && noun !== 'status') nouns[noun] = [...(nouns[noun] ?? []), verb];
  }
  // Setup has a command for each provider that declares its questions, and an option for each question.
  const forms = providers.flatMap((provider) =>
    'setUp' in provider ? [{ word: provider.name, ...(provider.setUp as SetUpForm) }] : [],
  );
  for (const noun of ['setup', 'teardown']) nouns[noun] = forms.map(({ word }) => word);

  it('exist, with their verbs', () => {
    const named = pages.flatMap((page) => matches(read(page), /\bbaton ((?:[a-z]+ ?){1,2})/g));
    const commands = named.map((words) => words.trim().split(' ')).filter(([noun]) => noun !== undefined);
    const known = commands.filter(([noun = '']) => noun in nouns);
    expect(known.length).toBeGreaterThan(15);
    for (const [noun = '', verb] of known)
      if (nouns[noun]?.length) expect([noun, nouns[noun]]).toEqual([noun, expect.arrayContaining([verb])]);
  });

  it('are all commands: `npx baton` is followed by nothing else', () => {
    const named = pages.flatMap((page) => matches(read(page), /npx baton ([a-z-]+)/g));
    expect(unique(named).filter((noun) => !(noun in nouns))).toEqual([]);
  });

  it('have the options that they are given', () => {
    const options = new Set(
      globSync('cli/*.ts', { cwd: root }).flatMap((file) => matches(read(file), /(--[a-z-]+)/g)),
    );
    const optionOf = (field: string) => field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const { name } of forms.flatMap(({ questions }) => questions)) options.add(`--${optionOf(name)}`);
    for (const [field, schema] of operations.flatMap(({ input }) => Object.entries(input.shape))) {
      const option = optionOf(field);
      options.add(`--${option}`);
      // What may be null can be taken away.
      if ((schema as z.ZodType).safeParse(null).success) options.add(`--no-${option}`);
    }
    const lines = pages.flatMap((page) => matches(read(page), /npx baton ([^\n`#]*)/g));
    expect(
      unique(lines.flatMap((line) => matches(line, /(--[a-z-]+)/g))).filter((each) => !options.has(each)),
    ).toEqual([]);
  });
});

describe('the settings in the README', () => {
  const sources = globSync(
    [
      'cli/*.ts',
      'processes/*.ts',
      'activities/*/client.ts',
      'activities/*/provider.ts',
      // Settings that stand in files of their own.
      'activities/*/{alert-defaults,projects,tag}.ts',
      'activities/proxy.ts',
    ],
    { cwd: root },
  )
    .map(read)
    .join('\n');
  const table = matches(readme, /^\| (`[A-Z].*)$/gm).filter((row) => /^`[A-Z][A-Z0-9]*(_|`)/.test(row));
  const listed = unique(table.flatMap((row) => matches(row.split(' | ')[0] ?? '', /`([A-Z][A-Z0-9_]+)`/g)));
  /** Read by Temporal's own library. */
  const ofTemporal = /^TEMPORAL_/;

  it('are read by the code', () => {
    expect(listed.length).toBeGreaterThan(20);
    expect(listed.filter((name) => !ofTemporal.test(name) && !sources.includes(name))).toEqual([]);
  });

  it('are all that the code reads', () => {
    const variable =
      /(?:\benv\.|^ {2})([A-Z][A-Z0-9]*_[A-Z0-9_]+|HOST|PORT|KUBECONFIG)\b(?=[^:]|: z|: http)|\b(?:setting|required)\('([A-Z_]+)'\)/gm;
    const used = [...sources.matchAll(variable)].map(([, one, two]) => one ?? two ?? '');
    /** The machine's own, and what the starter of the simulators sets for itself. */
    const others = ['NO_COLOR', 'XDG_CACHE_HOME', 'BATON_SIMULATED_TIME_SCALE'];
    expect(used).toContain('JIRA_PROJECT_KEY');
    expect(used).toContain('PAGERDUTY_REGION');
    expect(unique(used).filter((name) => !listed.includes(name) && !others.includes(name))).toEqual([]);
  });
});

describe('what the docs point to', () => {
  it.each(pages)('%s names only files that exist', (page) => {
    const folders =
      'activities|cli|deploy|docs|domain|log|processes|secrets|server|simulator|store|test|triggers|workflows|worker';
    const inCode = matches(read(page), new RegExp(`\`((?:${folders})/[\\w./-]*)\``, 'g'));
    const linked = matches(read(page), /\]\(([^)#:]+)\)/g).map((path) => join(dirname(page), path));
    const examples = globSync('docs/examples/**/*.*', { cwd: root }).map((path) =>
      relative('docs/examples', path),
    );
    const missing = [...inCode, ...linked].filter(
      (path) => !existsSync(join(root, path)) && !examples.includes(path),
    );
    expect(missing).toEqual([]);
  });

  it('are the routes of the server, all of them', () => {
    const routes = matches(read('server/app.ts'), /\b(?:post|get)\('([^']+)'/g).map((route) =>
      route.replace(/:(\w+)/, '<$1>'),
    );
    const rows = matches(readme, /^\| (`(?:POST|GET) [^|]*)\|/gm);
    const named = rows.flatMap((row) => matches(row, /(?<![\w/])(\/(?!api\/)[\w/<>.-]+)/g));
    expect(unique(named)).toEqual(unique(routes));
  });

  it('are the metrics of the server, all of them', () => {
    const known = matches(read('server/metrics.ts'), /name: '(baton_\w+)'/g);
    const named = matches(read('docs/operating.md'), /`(baton_\w+)/g);
    expect(unique(named)).toEqual(unique(known));
  });

  it('are a page for each workflow that a trigger or a person starts', () => {
    const titles = globSync('docs/runbooks/*.md', { cwd: root }).map(
      (page) => matches(read(page), /^# (\w+)$/gm)[0] ?? '',
    );
    // What a team's own triggers run, by a line of `followJobs`, is told of too.
    const own = [...triggers, nightlyJobs, ...startable].map(({ workflow }) => workflow);
    expect(unique(titles)).toEqual(unique(own));
    for (const { name } of triggers) expect(readme).toContain(`| \`${name}\` |`);
  });
});

describe('a page of a runbook', () => {
  const runbooks = globSync('docs/runbooks/*.md', { cwd: root });
  /** The workflow of the page, with its parts in the kit where it has some. */
  function codeOf(page: string): string {
    const workflow = read(page.replace(/^docs\/runbooks\/(.*)\.md$/, 'workflows/$1.ts'));
    const parts = globSync('workflows/kit/person-requests/*.ts', { cwd: root });
    const own = workflow.includes("from './kit/person-requests/") ? parts.map(read) : [];
    const shared = ['crash-offer', 'hand-over'].filter((name) =>
      new RegExp(`kit/(${name}|crash-offer)\\.ts`).test(workflow),
    );
    return [workflow, ...own, ...shared.map((name) => read(`workflows/kit/${name}.ts`))].join('');
  }

  it.each(runbooks)('%s names the rights at PagerDuty and EC2 that the steps need', (page) => {
    const code = codeOf(page);
    const kit = { 'readContext(': 'read-context', 'raiseAlert(': 'alerts' };
    const used = Object.entries(kit).filter(([call]) => code.includes(call));
    const source = code + used.map(([, name]) => read(`workflows/kit/${name}.ts`)).join('');
    const steps = new Set(matches(source, /\b(?:steps|waits)\s*\.(\w+)\(/g));
    const rights = activities
      .filter(({ name, provider }) => steps.has(name) && (provider === 'pagerduty' || provider === 'ec2'))
      .flatMap(({ permissions }) => permissions)
      .filter((right) => /[.:]/.test(right));
    // What takes changes back calls what their plans have told.
    expect(steps.size > 0 || source.includes('engine.findMade(')).toBe(true);
    expect(unique(rights).filter((right) => !read(page).includes(`\`${right}\``))).toEqual([]);
  });

  it.each(runbooks)('%s names the outcomes that the code has', (page) => {
    const outcomes = matches(read(page), /^\| (`.*`) \| /gm).flatMap((cell) => matches(cell, /`([a-z ]+)`/g));
    const code = codeOf(page) + read('workflows/kit/run.ts');
    expect(outcomes.filter((outcome) => !code.includes(`'${outcome}'`))).toEqual([]);
  });
});

describe('the code in the docs', () => {
  const statement = /^import [^;]*;\n/gm;
  /** The imports apart and in one order, since that depends on where a file stands; then the rest. */
  const inOneOrder = (code: string) => ({
    imports: (code.match(statement) ?? []).sort(),
    rest: code.replaceAll(statement, '').trim(),
  });
  const examples = globSync('docs/examples/**/*.ts', { cwd: root }).map((path) =>
    inOneOrder(exampleCode(path)),
  );
  const blocks = pages.flatMap((page) => blocksOf(page, 'ts').map((code) => [page, code] as const));

  it('was found', () => {
    expect(blocks.length).toBeGreaterThan(5);
    expect(examples.length).toBeGreaterThan(5);
  });

  it.each(blocks)('of %s is that of an example, which is checked and tested', (_, code) => {
    expect(examples).toContainEqual(inOneOrder(code));
  });

  it.each(pages)('of %s is the newest: else run `npm run docs`', (page) => {
    expect(read(page)).toBe(withExamples(read(page)));
  });
});

describe('the pictures of the status card and of approvals', () => {
  const blocksIn = (name: string) =>
    z.object({ blocks: z.array(z.unknown()) }).parse(JSON.parse(read(`docs/cards/${name}.json`))).blocks;

  it('are what the sources make, file by file: else run `npm run docs`', () => {
    expect(read('docs/cards.md')).toBe(cardsPage());
    const files = globSync('docs/cards/*', { cwd: root }).sort();
    const all = [...cardStates, ...approvalStates, ...questionStates];
    expect(files).toEqual(all.map(({ name }) => `docs/cards/${name}.json`).sort());
    for (const state of all) expect(read(`docs/cards/${state.name}.json`)).toBe(cardFile(state));
  });

  it.each(cardStates)(
    'is of a message that Slack takes, its state told by a word: $name',
    ({ name, body }) => {
      const blocks = blocksIn(name);
      expect(checkBlocks(blocks)).toEqual(body.blocks);
      expect(JSON.stringify(blocks)).toMatch(/"header",.*(Triggered|Acknowledged|Resolved|Merged): #4211 /);
      expect(JSON.stringify(blocks)).not.toMatch(/<[!@#]|<https:\/\/evil/);
    },
  );

  it.each(approvalStates)(
    'is of an approval that Slack takes, its state told by a word: $name',
    ({ name, body }) => {
      const blocks = blocksIn(name);
      expect(checkBlocks(blocks)).toEqual(body.blocks);
      const said = JSON.stringify(blocks);
      if (name === 'approval-reminder') return expect(said).toContain('This still waits for an answer');
      expect(said).toMatch(
        /"header",.*(Waiting for approval|Approved|Refused|Expired|Replaced|No longer needed).*: Reboots /,
      );
      return expect(said.includes('"actions"')).toBe(said.includes('Waiting for approval'));
    },
  );

  it.each(questionStates)(
    'is of a question that Slack takes, its state told by a word: $name',
    ({ name, body }) => {
      const blocks = blocksIn(name);
      expect(checkBlocks(blocks)).toEqual(body.blocks);
      const said = JSON.stringify(blocks);
      expect(said).toMatch(
        /"header",.*((Waiting for an answer|Answered|Expired|No longer needed).*: W|(Waiting for a decision|Decided): Parked)/,
      );
      expect(said.includes('"actions"')).toBe(/Waiting for an? (answer|decision)/.test(said));
    },
  );
});

describe('the catalogue', () => {
  it('says what the declarations say: else run `npm run docs`', () => {
    const page = activitiesPage();
    expect(read('docs/activities.md')).toBe(page);
    for (const { name } of activities) expect(page).toContain(`### ${name}\n`);
  });

  it('shows types, meanings and bounds, an example, and what the example acts on', () => {
    const shown = activitiesPage([
      {
        name: 'rebootThing',
        kind: 'destructive',
        provider: 'things',
        summary: 'Reboots a thing',
        permissions: ['things:write'],
        targets: ({ id }: { id: string }) => [`thing:${id}`],
        input: z.object({
          connection: z.string(),
          id: z.string().max(9).describe('Its number'),
          how: z.enum(['soft', 'hard']).default('soft'),
          tags: z.array(z.object({ name: z.string(), at: z.iso.datetime().optional() })).optional(),
        }),
        output: z.object({ changed: z.boolean() }),
        look: async () => ({ done: { changed: false } }),
        act: async () => ({ changed: true }),
        example: { connection: 'default', id: '7' },
      },
    ]);
    expect(shown.slice(shown.indexOf('## things'))).toBe(`## things

### rebootThing

Reboots a thing. **Destructive.** Needs \`things:write\`.

- for example \`{"connection":"default","id":"7"}\`
- acts, in the example, on \`thing:7\`

| takes | |
| --- | --- |
| \`id\` | \`string\`, Its number, at most 9 characters |
| \`how?\` | \`'soft' \\| 'hard'\`, 'soft' when left out |
| \`tags?\` | \`{ name: string; at?: string }[]\` |

| answers | |
| --- | --- |
| \`changed\` | \`boolean\` |
`);
  });
});

describe('the check of an exported record', () => {
  const program = join(root, 'docs/examples/verify-record.mjs');
  const check = (lines: object[]) =>
    spawnSync(process.execPath, [program], {
      input: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      encoding: 'utf8',
    });
  const chain = () => {
    let previous = noLine.hash;
    return ['Ångström', 'b', 'c'].map((subject, index) => {
      const at = '2026-11-20T09:00:00.000Z';
      const line = {
        at,
        actor: 'baton',
        via: 'dispatch',
        action: 'event.received',
        subject,
        detail: '{"n":1}',
      };
      const row = { seq: index + 1, ...line, previous };
      previous = linkHash(row);
      return { ...row, hash: previous };
    });
  };

  it('goes on from checkpoints of what was pruned, and looks for a head', () => {
    const [one, two, three] = chain();
    const first = { first_seq: 1, last_seq: 1, last_hash: one?.hash, lines: 1 };
    const second = { first_seq: 2, last_seq: 2, last_hash: two?.hash, lines: 1 };
    const known = check([first, second, { ...three }]);
    expect(known.stdout).toBe(`1 lines, head ${three?.hash}, 2 earlier lines pruned\n`);
    for (const gap of [
      [second, { ...three }],
      [first, { ...three }],
      [{ ...one }, second, { ...three }],
    ])
      expect(check(gap).status).toBe(1);
    const asked = (head: string) =>
      spawnSync(process.execPath, [program, head], { input: `${JSON.stringify(one)}\n`, encoding: 'utf8' })
        .status;
    expect(asked(`1:${one?.hash}`)).toBe(0);
    expect(asked(`1:${'f'.repeat(64)}`)).toBe(1);
    expect(asked(`9:${one?.hash}`)).toBe(1);
  });

  it('agrees with Baton on the bytes', () => {
    const lines = chain();
    expect(check(lines).stdout).toBe(`3 lines, head ${lines[2]?.hash}\n`);
  });

  it.each<[string, (lines: ReturnType<typeof chain>) => object[], number]>([
    ['altered', ([one, two, three]) => [{ ...one }, { ...two, actor: 'nobody' }, { ...three }], 2],
    ['missing', ([one, , three]) => [{ ...one }, { ...three }], 2],
    ['moved', ([one, two, three]) => [{ ...two }, { ...one }, { ...three }], 1],
  ])('names the line that was %s', (_, change, seq) => {
    const { status, stderr } = check(change(chain()));
    expect([status, stderr]).toEqual([1, `line ${seq} is missing, moved or altered\n`]);
  });
});
