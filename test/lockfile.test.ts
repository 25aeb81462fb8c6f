import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const read = (file: string) => JSON.parse(readFileSync(join(import.meta.dirname, '..', file), 'utf8'));
const locked = z
  .record(
    z.string(),
    z.object({
      version: z.string().optional(),
      integrity: z.string().optional(),
      hasInstallScript: z.boolean().optional(),
      inBundle: z.boolean().optional(),
    }),
  )
  .parse(read('package-lock.json').packages);

describe('the lockfile', () => {
  it('holds the hash of every package, each machine’s Node among them', () => {
    const without = Object.entries(locked).filter(
      ([path, one]) => path !== '' && !one.integrity && !one.inBundle,
    );
    expect(without.map(([path]) => path)).toEqual([]);
    for (const machine of ['linux-x64', 'linux-arm64', 'darwin-x64', 'bin-darwin-arm64'])
      expect(locked[`node_modules/node-${machine}`]).toMatchObject({
        version: expect.stringMatching(/^24\./),
        integrity: expect.stringMatching(/^sha512-/),
      });
  });

  it('lets no package run a script that could fetch something past it', () => {
    const { allowScripts } = z
      .object({ allowScripts: z.record(z.string(), z.boolean()) })
      .parse(read('package.json'));
    expect(Object.values(allowScripts)).not.toContain(true);
    const scripts = Object.entries(locked).filter(([, { hasInstallScript }]) => hasInstallScript);
    const unnamed = scripts
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
      .filter((name) => !(name in allowScripts));
    expect(unnamed).toEqual([]);
  });
});
