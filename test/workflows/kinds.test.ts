import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import * as workflows from '../../workflows/index.ts';
import { workflowKinds } from '../../workflows/kinds.ts';
import { workflowTags } from '../../workflows/tags.ts';

const folder = join(import.meta.dirname, '../../workflows');
const fileOf = (workflow: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .find((path) => readFileSync(path, 'utf8').includes(`export async function ${workflow}(`)) ?? '';

/** The text of a file and of all that it imports from the workflows' folder. */
function textsOf(path: string, seen = new Set<string>()): string {
  if (seen.has(path)) return '';
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  const imported = [...text.matchAll(/^(?:import|export) (?!type).*?from '(\.[^']+)'/gms)]
    .map(([, to = '']) => join(dirname(path), to))
    .filter((to) => to.startsWith(folder));
  return [text, ...imported.map((to) => textsOf(to, seen))].join('\n');
}

describe('the kinds of workflows', () => {
  it('are declared, each of them', () => {
    expect([...workflowKinds.keys()].sort()).toEqual(Object.keys(workflows).sort());
  });

  it.each([...workflowKinds])('say that %s is a %s as the worst that it may call', (workflow, kind) => {
    const text = textsOf(fileOf(workflow));
    const named = activities.some(
      (activity) => activity.kind === 'destructive' && new RegExp(`\\b${activity.name}\\b`).test(text),
    );
    // What takes a change back may be anything.
    const isAny = text.includes('engine.findMade(');
    expect(kind).toBe(named || isAny ? 'destructive' : 'change');
  });
});

describe('the tags of workflows', () => {
  it.each([...workflowTags])('of %s are of a workflow that there is, and can be named', (workflow, tags) => {
    expect(workflowKinds.has(workflow)).toBe(true);
    expect(tags.length).toBeGreaterThan(0);
    for (const tag of tags) expect(tag).toMatch(/^[a-z0-9][a-z0-9-]{0,39}$/);
  });
});
