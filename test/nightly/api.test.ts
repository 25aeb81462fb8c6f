import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const bench = join(import.meta.dirname, '../../bench/operations.ts');
const run = promisify(execFile);

it('the API answers within its aims on a large store, and so do streams, the verification and the command', async () => {
  const { stdout } = await run(process.execPath, [bench], { timeout: 600_000 });
  console.info(`L6, L9. ${stdout}`);
  const rows = stdout.split('\n').flatMap((line) => {
    const [, what, figures, aim] = /^(.*?) {2,}(.*?) {2,}(?:p95 )?[≤<] (.*)$/.exec(line) ?? [];
    return what === undefined
      ? []
      : [{ what, figures: figures?.split(/ {2,}/) ?? [], aim: Number.parseFloat(aim ?? '') }];
  });
  expect(rows.length).toBeGreaterThan(20);
  // Where there is a p95, it is what counts.
  expect(rows.filter(({ figures, aim }) => !(Number.parseFloat(figures.at(-1) ?? '') <= aim))).toEqual([]);
}, 700_000);
