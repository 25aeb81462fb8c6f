/** Writes docs/activities.md out of the activities' declarations: `node docs/generate.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { AnyActivity } from '../activities/activity.ts';
import { activities } from '../activities/index.ts';
import { providers } from '../activities/providers.ts';

/** What every activity takes; told once, at the top of the page. */
const common = ['connection', 'actor'];

const intro = `# Activities

This page is made from the declarations in \`activities/\` by \`node docs/generate.ts\`, and a test compares the two. Do not edit it.

A workflow calls an activity as \`steps.<name>({ … })\`, and those whose names begin with \`await\` as \`waits.<name>({ … })\`. All take a
\`connection\`, which may be left out and is \`default\`; every change takes an \`actor\` too, the person in whose name it is made. A field with
\`?\` may be left out. Every change answers \`changed\`: false where it found the world so already.

The kinds: a **read** changes nothing; a **change** is harmless or can be taken back; a **destructive** change is neither.

A change in Kubernetes reads its object first and refuses with \`InvalidInput\` unless the namespace is in \`KUBERNETES_NAMESPACES\` or the object
has the label \`baton/restart=allowed\`; a node needs the label, or \`*\` in the setting.
`;

/** The page, as it stands in docs/activities.md. */
export function activitiesPage(all: readonly AnyActivity[] = activities): string {
  return `${[intro, ...providers.map(({ name, title }) => chapter(title, ofProvider(all, name)))].join('\n')}`;
}

const ofProvider = (all: readonly AnyActivity[], provider: string) =>
  all.filter((each) => each.provider === provider).toSorted((one, other) => (one.name < other.name ? -1 : 1));

function chapter(title: string, all: readonly AnyActivity[]): string {
  return [`## ${title}\n`, ...all.map(section)].join('\n');
}

function section({ name, kind, summary, permissions, input, output }: AnyActivity): string {
  const lines = [
    `### ${name}`,
    '',
    `${summary}. **${kind[0]?.toUpperCase()}${kind.slice(1)}.**`,
    '',
    `- takes ${fieldsOf(input, 'input')}`,
    `- answers ${fieldsOf(output, 'output')}`,
    `- needs ${permissions.map((right) => `\`${right}\``).join(', ')}`,
  ];
  return `${lines.join('\n')}\n`;
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});
/** An output may be one of several objects. */
const schemaShape = z.union([z.object({ anyOf: z.array(objectSchema) }), objectSchema]);

function fieldsOf(schema: z.ZodType, io: 'input' | 'output'): string {
  const shape = schemaShape.parse(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
  const forms = 'anyOf' in shape ? shape.anyOf : [shape];
  return forms.map(namesOf).join(', or ');
}

function namesOf({ properties, required }: z.output<typeof objectSchema>): string {
  const names = Object.keys(properties)
    .filter((name) => !common.includes(name))
    .map((name) => `\`${name}${required.includes(name) ? '' : '?'}\``);
  return names.length === 0 ? 'nothing' : names.join(', ');
}

if (import.meta.main)
  writeFileSync(fileURLToPath(new URL('activities.md', import.meta.url)), activitiesPage());
