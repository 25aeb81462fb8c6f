import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Kind } from '../domain/kind.ts';
import type { PossibleChange } from '../domain/verdict.ts';

const imported = /^(?:import|export)\s+(?!type\b)[^'";]*?\bfrom\s+'(\.[^']+)'/gm;

/**
 * The changes that workflows can make at most, by the workflows' names: the activities that their sources call, with all that these import
 * of the workflows' folder. Which of them a run makes depends on what it finds.
 */
export function workflowChanges(
  folder: string,
  activities: readonly { name: string; kind: Kind }[],
): (workflow: string) => PossibleChange[] {
  const sources = new Map(
    globSync('**/*.ts', { cwd: folder }).map((file) => [
      join(folder, file),
      readFileSync(join(folder, file), 'utf8'),
    ]),
  );
  const changes = activities.flatMap(({ name, kind }) => (kind === 'read' ? [] : [{ activity: name, kind }]));

  const reach = (file: string, reached: Set<string>): Set<string> => {
    const source = sources.get(file);
    if (source === undefined || reached.has(file)) return reached;
    reached.add(file);
    for (const [, path = ''] of source.matchAll(imported)) reach(join(dirname(file), path), reached);
    return reached;
  };

  return (workflow) => {
    const declares = new RegExp(`^export (?:async function|function|const) ${workflow}\\b`, 'm');
    const [own] = [...sources].find(([, source]) => declares.test(source)) ?? [];
    if (own === undefined) return [];
    const all = [...reach(own, new Set())].map((file) => sources.get(file)).join('\n');
    return changes.filter(({ activity }) => new RegExp(`[.']${activity}\\b`).test(all));
  };
}
