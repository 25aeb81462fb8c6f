/** Writes what the docs repeat of the sources, the catalogue, the status cards and the code of the examples: `npm run docs`. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { z } from 'zod';
import type { AnyActivity, AnyChange } from '../activities/activity.ts';
import { activities } from '../activities/index.ts';
import { providers } from '../activities/providers.ts';
import { approvalStates } from './approval-states.ts';
import { cardFile, cardStates, cardsPage } from './card-states.ts';
import { questionStates } from './question-states.ts';
import { typeText } from './type-text.ts';

const root = join(import.meta.dirname, '..');

/** What every activity takes; told once, at the top of the page. */
const common = ['connection', 'actor'];

const intro = `# Activities

This page is made from the declarations in \`activities/\` by \`npm run docs\`, and a test compares the two. Do not edit it.

A workflow calls an activity as \`steps.<name>({ … })\`, and those whose names begin with \`await\` as \`waits.<name>({ … })\`. All take a
\`connection\`, which may be left out and is \`default\`; every change takes an \`actor\` too, the person in whose name it is made. A field with
\`?\` may be left out. Every change answers \`changed\`: false where it found the world so already.

The kinds: a **read** changes nothing; a **change** is harmless or can be taken back; a **destructive** change is neither. What it *needs*
are the rights at the provider, in the provider's words; \`npx baton doctor\` says which of them are missing. What it *acts on* is locked: two
changes to one target never run at the same time.

A change in Kubernetes reads its object first and refuses with \`InvalidInput\` unless the namespace is in \`KUBERNETES_NAMESPACES\` or the object
has the label \`baton/restart=allowed\`; a node needs the label, or \`*\` in the setting. With \`KUBERNETES_ONLY_NAMESPACES\` every call beyond
those namespaces, reads too, is refused with \`InvalidInput\` before it is made, whatever its label. So is a call on EC2 that names another
\`region\` than the connection's.
`;

/** The page, as it stands in docs/activities.md: these chapters, and one for each provider that they do not name. */
export function activitiesPage(all: readonly AnyActivity[] = activities): string {
  const others = [...new Set(all.map(({ provider }) => provider))].filter(
    (provider) => !providers.some(({ name }) => name === provider),
  );
  const named = [
    ...providers.map(({ name, title }) => [name, title] as const),
    ...others.map((provider) => [provider, provider] as const),
  ];
  return [intro, ...named.map(([provider, title]) => chapter(title, ofProvider(all, provider)))].join('\n');
}

const ofProvider = (all: readonly AnyActivity[], provider: string) =>
  all.filter((each) => each.provider === provider).toSorted((one, other) => (one.name < other.name ? -1 : 1));

function chapter(title: string, all: readonly AnyActivity[]): string {
  return [`## ${title}\n`, ...all.map(section)].join('\n');
}

function section(activity: AnyActivity & { example?: unknown }): string {
  const { name, kind, summary, permissions, input, output, example } = activity;
  const rights = permissions.map((right) => `\`${right}\``).join(', ');
  const targets = 'targets' in activity ? activity.targets : undefined;
  const lines = [
    `### ${name}`,
    '',
    `${summary}. **${kind[0]?.toUpperCase()}${kind.slice(1)}.** Needs ${rights}.`,
    ...(example === undefined ? [] : ['', `- for example \`${JSON.stringify(example)}\``]),
    ...(example === undefined || !targets
      ? []
      : [
          `- acts, in the example, on ${targets(input.parse(example))
            .map((each) => `\`${each}\``)
            .join(', ')}`,
        ]),
    ...('look' in activity && activity.inverse ? [inverseLine(activity.inverse)] : []),
    ...('onlyTells' in activity && activity.onlyTells
      ? ['- only calls or informs people: only a kill switch that names its provider holds it']
      : []),
    ...('dryRun' in activity ? ['- its plan says whether the provider would do it'] : []),
    '',
    ...fieldsOf('takes', input, 'input'),
    ...fieldsOf('answers', output, 'output'),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

const inverseLine = (inverse: NonNullable<AnyChange['inverse']>) =>
  'activity' in inverse ? `- taken back by \`${inverse.activity}\`` : `- not taken back: ${inverse.none}`;

const objectSchema = z.object({
  properties: z.record(z.string(), z.json()).default({}),
  required: z.array(z.string()).default([]),
});
/** An output may be one of several objects. */
const schemaShape = z.union([z.object({ anyOf: z.array(objectSchema) }), objectSchema]);

function fieldsOf(verb: string, schema: z.ZodType, io: 'input' | 'output'): string[] {
  const shape = schemaShape.parse(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
  const forms = 'anyOf' in shape ? shape.anyOf : [shape];
  return forms.flatMap((form, index) => table(index === 0 ? verb : `or ${verb}`, form));
}

/** A bar would end the cell, also within code marks. */
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(head: string, { properties, required }: z.output<typeof objectSchema>): string[] {
  const fields = Object.entries(properties).filter(([name]) => !common.includes(name));
  if (fields.length === 0) return [`| ${head} | |`, '| --- | --- |', '| nothing | |', ''];
  const rows = fields.map(([name, schema]) => {
    const { type, notes } = typeText(schema);
    const text = [`\`${cell(type)}\``, ...notes.map(cell)].join(', ');
    return `| \`${name}${required.includes(name) ? '' : '?'}\` | ${text} |`;
  });
  return [`| ${head} | |`, '| --- | --- |', ...rows, ''];
}

/** The code of an example as it reads in the place that it is meant for, its imports in the order that the linter wants there. */
export function exampleCode(path: string): string {
  const place = dirname(relative('docs/examples', path));
  const code = readFileSync(join(root, path), 'utf8').replaceAll(
    /(from |new URL\()'(\.[^']+)'/g,
    (_, before: string, to: string) => {
      const target = normalize(join(dirname(path), to)).replace(/^docs\/examples\//, '');
      const from = relative(place, target);
      return `${before}'${from.startsWith('.') ? from : `./${from}`}'`;
    },
  );
  const statement = /^import [^;]*;\n/gm;
  const imports = (code.match(statement) ?? []).toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1));
  return `${imports.join('')}${code.replaceAll(statement, '')}`;
}

/** Node's own, then packages, then files, the farther ones first. */
function rank(statement: string): string {
  const from = /from '([^']+)'/.exec(statement)?.[1] ?? '';
  return `${from.startsWith('node:') ? 0 : from.startsWith('.') ? 2 : 1}${from}`;
}

/** A page with the code of each example that it names in a line above a block: `triggers/reports-memory.ts` in code marks. */
export function withExamples(page: string): string {
  return page.replaceAll(
    /^(`([\w/.-]+\.ts)`\n\n```ts\n)[\s\S]*?(?=^```$)/gm,
    (_, head: string, path: string) => {
      return `${head}${exampleCode(join('docs/examples', path))}`;
    },
  );
}

if (import.meta.main) {
  writeFileSync(join(root, 'docs/activities.md'), activitiesPage());
  writeFileSync(join(root, 'docs/cards.md'), cardsPage());
  for (const state of [...cardStates, ...approvalStates, ...questionStates])
    writeFileSync(join(root, `docs/cards/${state.name}.json`), cardFile(state));
  for (const page of globSync('docs/*.md', { cwd: root })) {
    const before = readFileSync(join(root, page), 'utf8');
    const after = withExamples(before);
    if (after !== before) writeFileSync(join(root, page), after);
  }
}
