import { execFile } from 'node:child_process';
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkflowBundle } from '@temporalio/worker';
import { z } from 'zod';
import { secretKeyIn } from '../secrets/secret-key.ts';
import { childEnvironment } from './child-environment.ts';

const lockfile = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const bundler = fileURLToPath(new URL('./bundler.ts', import.meta.url));
/** A bundle with its source map has a few megabytes. */
const mostBytes = 256 * 1024 * 1024;
const run = promisify(execFile);

export interface BundleOptions {
  cacheDir?: string;
  /** For workers that encrypt payloads: see `workflows/kit/no-headers.ts`. */
  encrypted?: boolean;
  onRefused?: (why: string) => void;
}

/**
 * Bundles the workflows that the file at `workflowsPath` exports, with what every run has. With `cacheDir`, a bundle of the
 * same sources is taken from there: bundling takes seconds, which a restart after a crash should not. It is code that runs, so it carries a
 * MAC over sources and code with a key made from that folder's secret key: what somebody else has changed is removed and made anew. The bundler runs in a
 * process of its own, since it would leave this one with hundreds of megabytes that it never needs again.
 */
export async function bundleWorkflows(
  workflowsPath: string,
  { cacheDir, encrypted = false, onRefused = () => {} }: BundleOptions = {},
): Promise<WorkflowBundle> {
  const options = encrypted ? ['--encrypted'] : [];
  const name = hash([workflowsPath, ...options].join(' ')).slice(0, 12);
  const file = cacheDir && join(cacheDir, `workflows-${name}.json`);
  const key = cacheDir === undefined ? '' : secretKeyIn(cacheDir);
  const cached = file && readCached(file, key, onRefused);
  if (cached) return cached;
  const compiled = getCompileCacheDir();
  const { stdout: code } = await run(process.execPath, [bundler, workflowsPath, ...options], {
    maxBuffer: mostBytes,
    // The bundle names its modules from here: it is to be the same wherever Baton lies.
    cwd: root,
    // To compile the bundler itself anew would be a quarter of its time.
    env: {
      ...childEnvironment(process.env),
      ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
    },
  });
  if (file) writeCached(file, key, code);
  return { code };
}

const cachedBundle = z.object({
  /** Content hashes of everything that went into it, by path. */
  sources: z.record(z.string(), z.string()),
  code: z.string(),
  mac: z.string(),
});

function macOf(
  { sources, code }: Pick<z.infer<typeof cachedBundle>, 'sources' | 'code'>,
  secretKey: string,
): string {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'baton/bundle/v1', 32));
  return createHmac('sha256', key)
    .update(JSON.stringify([Object.entries(sources), hash(code)]))
    .digest('hex');
}

const hash = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

/** Still the same sources? A file that is new to the bundle can only come in by one that changed. */
function readCached(file: string, key: string, onRefused: (why: string) => void): WorkflowBundle | undefined {
  if (!existsSync(file)) return undefined;
  const parsed = cachedBundle.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (!parsed.success || !isEqual(macOf(parsed.data, key), parsed.data.mac)) {
    rmSync(file, { force: true });
    onRefused(`${file} is not as Baton wrote it: it was removed, and the workflows are bundled anew`);
    return undefined;
  }
  const { sources, code } = parsed.data;
  const isSame = Object.entries(sources).every(
    ([path, content]) => existsSync(path) && hash(readFileSync(path)) === content,
  );
  return isSame ? { code } : undefined;
}

const isEqual = (one: string, other: string) =>
  one.length === other.length && timingSafeEqual(Buffer.from(hash(one)), Buffer.from(hash(other)));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function writeCached(file: string, key: string, code: string): void {
  const paths = [...sourcesOf(code), lockfile];
  const sources = Object.fromEntries(paths.map((path) => [path, hash(readFileSync(path))]));
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(
    `${file}.${process.pid}`,
    JSON.stringify({ sources, code, mac: macOf({ sources, code }, key) }),
  );
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
