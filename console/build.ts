import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Builds the console into `dist`, where that is missing or was made from other sources. */

const folder = fileURLToPath(new URL('.', import.meta.url));
const dist = join(folder, 'dist');

/** In bytes, zipped: what a first load may weigh. A build that is heavier fails. */
const most = { '.js': 200 * 1024, '.css': 20 * 1024 };

function sourceDigest(): string {
  const hash = createHash('sha256');
  const files = globSync('**/*.{ts,tsx,css,html,svg}', { cwd: folder }).filter(
    (file) => !/^(dist|shots)/.test(file),
  );
  for (const file of files.sort()) hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
  return hash.digest('hex');
}

function builtFrom(): string | undefined {
  try {
    return readFileSync(join(dist, 'source'), 'utf8');
  } catch {
    return undefined;
  }
}

async function build(digest: string): Promise<void> {
  const { build: bundle } = await import('vite');
  // Aside, so that whoever is served meanwhile gets one whole build or the other.
  const aside = join(folder, `dist.${process.pid}`);
  try {
    await bundle({ configFile: join(folder, 'vite.config.ts'), build: { outDir: aside } });
    zip(join(aside, 'assets'));
    writeFileSync(join(aside, 'source'), digest);
    mkdirSync(dist, { recursive: true });
    const before = `${aside}.before`;
    renameSync(dist, before);
    renameSync(aside, dist);
    rmSync(before, { recursive: true });
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function zip(assets: string): void {
  const weights = { '.js': 0, '.css': 0 };
  for (const name of readdirSync(assets)) {
    const kind = name.endsWith('.js') ? '.js' : name.endsWith('.css') ? '.css' : undefined;
    if (!kind) continue;
    const small = gzipSync(readFileSync(join(assets, name)), { level: 9 });
    writeFileSync(join(assets, `${name}.gz`), small);
    weights[kind] += small.length;
  }
  for (const kind of ['.js', '.css'] as const) {
    process.stdout.write(`${kind} ${(weights[kind] / 1024).toFixed(1)} KB zipped\n`);
    if (weights[kind] > most[kind])
      throw new Error(
        `The console’s ${kind} weighs ${weights[kind]} bytes zipped; ${most[kind]} is the most`,
      );
  }
}

const digest = sourceDigest();
if (builtFrom() !== digest) await build(digest);
