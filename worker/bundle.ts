import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkflowBundle } from '@temporalio/worker';
import { z } from 'zod';
import { childEnvironment } from './child-environment.ts';

const lockfile = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const bundler = fileURLToPath(new URL('./bundler.ts', import.meta.url));
/** A bundle with its source map has a few megabytes. */
const mostBytes = 256 * 1024 * 1024;
const run = promisify(execFile);

/**
 * Bundles the workflows that the file at `workflowsPath` exports, with what every run has. With `cacheDir`, a bundle of the
 * same sources is taken from there: bundling takes seconds, which a restart after a crash should not. The bundler runs in a
 * process of its own, since it would leave this one with hundreds of megabytes that it never needs again.
 */
export async function bundleWorkflows(
  workflowsPath: string,
  { cacheDir }: { cacheDir?: string } = {},
): Promise<WorkflowBundle> {
  const file = cacheDir && join(cacheDir, `workflows-${hash(workflowsPath).slice(0, 12)}.json`);
  const cached = file && readCached(file);
  if (cached) return cached;
  const { stdout: code } = await run(process.execPath, [bundler, workflowsPath], {
    maxBuffer: mostBytes,
    env: childEnvironment(process.env),
  });
  if (file) writeCached(file, code);
  return { code };
}

const cachedBundle = z.object({
  /** Content hashes of everything that went into it, by path. */
  sources: z.record(z.string(), z.string()),
  code: z.string(),
});

const hash = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

/** Still the same sources? A file that is new to the bundle can only come in by one that changed. */
function readCached(file: string): WorkflowBundle | undefined {
  if (!existsSync(file)) return undefined;
  const parsed = cachedBundle.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) return undefined;
  const { sources, code } = parsed.data;
  const isSame = Object.entries(sources).every(
    ([path, content]) => existsSync(path) && hash(readFileSync(path)) === content,
  );
  return isSame ? { code } : undefined;
}

function writeCached(file: string, code: string): void {
  const paths = [...sourcesOf(code), lockfile];
  const sources = Object.fromEntries(paths.map((path) => [path, hash(readFileSync(path))]));
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, JSON.stringify({ sources, code }));
  renameSync(`${file}.${process.pid}`, file);
}

/** Our own files in the bundle, by the source map at its end. What comes from packages is told by the lockfile. */
function sourcesOf(code: string): string[] {
  const encoded = code.slice(code.lastIndexOf('base64,') + 'base64,'.length);
  const map = z
    .object({ sources: z.array(z.string()) })
    .parse(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
  return map.sources.filter(
    (path) => path.startsWith('/') && !path.includes('/node_modules/') && existsSync(path),
  );
}
