import { execFile } from 'node:child_process';
import { access, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../processes/cache-folder.ts';
import { pipSettings } from '../../processes/temporal-binary.ts';
import { childEnvironment, networkSettings } from '../../worker/child-environment.ts';

const run = promisify(execFile);

/** https://schemathesis.readthedocs.io: makes requests of an OpenAPI document, good and bad ones, and checks the answers against it. */
const version = '4.32.5';

/**
 * The Python that has Schemathesis, in the user's cache; installed there where it is missing, if that takes no longer than this.
 * Undefined, with a word about it, where it is not to be had.
 */
export async function findSchemathesis(milliseconds: number): Promise<string | undefined> {
  try {
    const folder = await cacheFolder(process.env);
    const cached = join(folder, `schemathesis-${version}`);
    const python = join(cached, 'bin', 'python');
    const isThere = await access(python).then(
      () => true,
      () => false,
    );
    if (!isThere) await install(folder, cached, AbortSignal.timeout(milliseconds));
    return python;
  } catch (error) {
    const { stderr = '', message, name } = error as Error & { stderr?: string };
    const why =
      name === 'AbortError' ? `no end after ${milliseconds / 1000} s` : stderr.trim().split('\n').at(-1);
    console.warn(`Schemathesis ${version}: skipped. Python could not install it: ${why || message}`);
    return undefined;
  }
}

/** Beside its place, and then renamed: another test run sees all or nothing. */
async function install(folder: string, cached: string, signal: AbortSignal): Promise<void> {
  const work = await mkdtemp(join(folder, 'schemathesis-'));
  const env = childEnvironment(process.env, networkSettings, pipSettings);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  try {
    await run('python3', ['-m', 'venv', work], { env, signal });
    await run(join(work, 'bin', 'python'), [...pip, `schemathesis==${version}`], { env, signal });
    await rename(work, cached).catch(async (error: Error) => {
      // Another one was here first.
      await access(cached).catch(() => {
        throw error;
      });
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Its own list lacks 413 and 431, by which what is far too long is refused. */
const settingsFile = `[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 431]
`;

/**
 * Runs Schemathesis on the API at this address. All of its checks count but two. `positive_data_acceptance`: what fits the document can
 * still be refused with 400 or 422, as a cursor of another list, a key that was used before, or input that another workflow takes.
 * `ignored_auth`: it takes the 429 of whoever has failed five times for a way in; the rights have a test of each operation and credential.
 */
export async function fuzz(
  python: string,
  { url, token, seed, options }: { url: string; token: string; seed: number; options: string[] },
): Promise<{ passed: boolean; report: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-fuzz-'));
  await writeFile(join(folder, 'schemathesis.toml'), settingsFile);
  const args = [
    ...['-m', 'schemathesis.cli', 'run', `${url}/openapi.json`, '--header', `Authorization: Bearer ${token}`],
    ...['--checks', 'all', '--exclude-checks', 'positive_data_acceptance,ignored_auth'],
    // It answers until one side ends it, and has tests of its own.
    ...['--exclude-operation-id', 'stream'],
    ...['--seed', String(seed), '--continue-on-failure', '--request-timeout', '10'],
    // How many examples it has to throw away is its own affair, and depends on the seed.
    ...['--suppress-health-check', 'filter_too_much'],
    ...['--generation-database', 'none', '--warnings', 'off', '--no-color'],
    ...options,
  ];
  const settings = { cwd: folder, env: childEnvironment(process.env), maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout } = await run(python, args, settings);
    return { passed: true, report: stdout };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    // What it sent can be a line of 100 KB.
    const lines = `${stdout}${stderr}`.split('\n').map((line) => line.slice(0, 500));
    return { passed: false, report: lines.join('\n') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What it says of itself at the end: how many operations, cases and failures, and the seed. */
export const summaryOf = (report: string): string => report.slice(report.lastIndexOf('= SUMMARY ='));
