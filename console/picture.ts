import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** The picture of an incident in the README, and what it was made from. */

const root = join(import.meta.dirname, '..');
export const picture = join(root, 'docs/pictures/incident.png');
/** Beside it: the digest of what it was made from. */
export const madeFrom = join(root, 'docs/pictures/incident.sha256');
/** What it tells of, as `simulator/stories.ts` raises it. */
export const story = 'untagged-instance';

/** What stands on it, and the story that it shows. */
const starts = [
  'console/pages/incident.tsx',
  'console/parts/header.tsx',
  'console/parts/bars.tsx',
  'console/main.tsx',
];
const others = ['simulator/stories.ts', 'triggers/ec2-unhealthy.ts', 'workflows/ec2-unhealthy-restart.ts'];

/** The digest of all that the picture is made from: its sources with what they import of the console, the styles, and the story. */
export function pictureDigest(): string {
  const files = new Set([...others, ...globSync('console/styles/*.css', { cwd: root })]);
  const look = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, to = ''] of readFileSync(join(root, file), 'utf8').matchAll(/from '(\.[^']+\.tsx?)'/g))
      look(relative(root, join(root, dirname(file), to)));
  };
  // The other pages do not stand on it.
  files.add('console/app.tsx');
  for (const file of starts) look(file);
  const hash = createHash('sha256');
  for (const file of [...files].sort()) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}
