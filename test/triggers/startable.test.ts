import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import { startable } from '../../triggers/by-hand/index.ts';

const folder = join(import.meta.dirname, '../../workflows');
const fileOf = (workflow: string) =>
  readdirSync(folder)
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

describe('a workflow that can be started by hand', () => {
  it.each(startable.map((each) => [each.workflow, each] as const))(
    '%s is destructive where it may call what is, and only there',
    (workflow, { kind }) => {
      const text = textsOf(fileOf(workflow));
      const destructive = activities.filter(
        (activity) => activity.kind === 'destructive' && new RegExp(`\\b${activity.name}\\b`).test(text),
      );
      expect([kind, destructive.map(({ name }) => name)]).toEqual([
        destructive.length > 0 ? 'destructive' : 'change',
        kind === 'destructive' ? expect.arrayContaining([expect.any(String)]) : [],
      ]);
    },
  );

  it.each(startable.map((each) => [each.workflow, each] as const))(
    '%s takes an incident’s id as lists tell it, and gives the workflow PagerDuty’s own',
    (_, { input, subject, workflowInput }) => {
      for (const [incidentId, own] of [
        ['Q2XYZ', 'Q2XYZ'],
        ['eu/Q2XYZ', 'Q2XYZ'],
      ]) {
        const given = input.parse({ incidentId });
        expect([subject(given), workflowInput(given)]).toEqual([incidentId, { incidentId: own }]);
      }
      for (const incidentId of ['', 'q2', 'EU/Q2', 'eu/', '/Q2', 'a/b/Q2', 'Q2; drop'])
        expect([incidentId, input.safeParse({ incidentId }).success]).toEqual([incidentId, false]);
    },
  );
});
