import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';
import { z } from 'zod';

/** What every run has; the worker gets it as a workflow interceptor. */
const kit = fileURLToPath(new URL('../workflows/kit/run.ts', import.meta.url));
const lockfile = fileURLToPath(new URL('../package-lock.json', import.meta.url));

/** The bundler tells of each step; its errors are thrown as well. */
const silent = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * Bundles the workflows that the file at `workflowsPath` exports, with what every run has. With `cacheDir`, a bundle of the
 * same sources is taken from there: bundling takes seconds, which a restart after a crash should not.
 */
export async function bundleWorkflows(
  workflowsPath: string,
  { cacheDir }: { cacheDir?: string } = {},
): Promise<WorkflowBundle> {
  const file = cacheDir && join(cacheDir, `workflows-${hash(workflowsPath).slice(0, 12)}.json`);
  const cached = file && readCached(file);
  if (cached) return cached;
  const bundle = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [kit],
    logger: silent,
  });
  if (file) writeCached(file, bundle.code);
  return bundle;
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
