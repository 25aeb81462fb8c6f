/**
 * Installs what package-lock.json names, where it is missing or has changed. Runs before `npm start` and `npm test`, on
 * whatever Node is on the machine (20 or later), so it is plain JavaScript without a dependency. The project's own Node is one of these
 * packages, one for each kind of machine: npm takes it, as all of them, only with the hash that stands in the lockfile.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const mark = join(modules, '.baton-lock');
const ownNode = join(modules, '.bin', 'node');

const lockfile = readFileSync(join(root, 'package-lock.json'));
// Packages carry binaries, so a folder that came from another kind of machine is not fresh.
const wanted = createHash('sha256')
  .update(lockfile)
  .update(`${process.platform} ${process.arch}`)
  .digest('hex');

const isMarked = () => existsSync(mark) && readFileSync(mark, 'utf8').trim() === wanted;

/** Whether somebody's own `npm ci` has installed all that the lockfile names: npm keeps a list of what it installed. */
function isInstalledByHand() {
  const list = join(modules, '.package-lock.json');
  if (!existsSync(list)) return false;
  const installed = JSON.parse(readFileSync(list, 'utf8')).packages;
  const named = Object.entries(JSON.parse(lockfile.toString('utf8')).packages);
  // Packages for other machines are optional, and so is each machine's Node: of those this machine's has to be there.
  const isOwnNode = ({ bin, os, cpu }) =>
    bin?.node && [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch);
  return named.every(
    ([path, one]) =>
      path === '' ||
      (one.optional && !isOwnNode(one)) ||
      (installed[path]?.version === one.version && existsSync(join(root, path))),
  );
}

/** Ends with the reason and what to do next. */
function fail(what, why, next) {
  process.stderr.write(`Baton  ${what}\n${why ? `${why}\n` : ''}       ${next}\n`);
  process.exit(1);
}

/** Settings of Baton, and what looks secret: install scripts of packages are to see none of it. npm's own settings stay. */
const notForNpm =
  /^(BATON|PAGERDUTY|SLACK|JIRA|AWS|TEMPORAL|KUBE\w*|DATABASE|PG\w*)(_|$)|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|_KEY(_|$)/i;
const npmOwn = /^(npm_config_\w+|NPM_TOKEN|NODE_AUTH_TOKEN|(https?|no|all)_proxy)$/i;
const isForNpm = ([name, value]) =>
  npmOwn.test(name) || !(notForNpm.test(name) || /:\/\/[^\s/@]+@/.test(value));

/** Without the project's own Node in front: npm deletes that one while it runs. */
function outsideEnvironment() {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules));
  return { ...Object.fromEntries(Object.entries(process.env).filter(isForNpm)), PATH: path.join(delimiter) };
}

function runNpm(log) {
  // The project's Node is a development dependency, needed whatever NODE_ENV says.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-progress'];
  const output = openSync(log, 'w');
  const npm = spawn('npm', args, { cwd: root, env: outsideEnvironment(), stdio: ['ignore', output, output] });
  return new Promise((resolve) => {
    npm.once('error', (error) => resolve({ error }));
    npm.once('exit', (code, signal) => resolve({ code, signal }));
  }).finally(() => closeSync(output));
}

/** Shows the seconds as they pass on a terminal, and once at the end elsewhere. */
function showProgress() {
  const started = Date.now();
  const line = () => {
    const seconds = `${Math.round((Date.now() - started) / 1000)} s`;
    return `Baton  installing (first time only) ${'.'.repeat(32 - seconds.length)} ${seconds}`;
  };
  const timer = process.stdout.isTTY
    ? setInterval(() => process.stdout.write(`\r${line()}`), 1000)
    : undefined;
  return () => {
    clearInterval(timer);
    process.stdout.write(`${process.stdout.isTTY ? '\r' : ''}${line()}\n`);
  };
}

const hints = [
  [
    /EACCES|EPERM|EROFS/,
    'npm may not write here: give yourself the folder, or copy the project to one of yours.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH/,
    'npm cannot reach its registry: check the network, proxy and `npm config get registry`.',
  ],
  [/ENOSPC/, 'The disk is full: make room (about 700 MB).'],
  [
    /can only install packages when|Missing: .* from lock file/,
    'package.json and package-lock.json differ: run `npm install --package-lock-only`.',
  ],
];

async function install() {
  rmSync(mark, { force: true });
  const log = join(tmpdir(), `baton-install-${process.pid}.log`);
  const finish = showProgress();
  const { error, code, signal } = await runNpm(log);
  finish();
  if (error)
    fail(
      'cannot install: npm was not found',
      '',
      'Install Node.js 20 or later together with npm, then try again.',
    );
  if (signal) process.exit(130);
  const said = readFileSync(log, 'utf8');
  if (code !== 0) {
    const hint = hints.find(([pattern]) => pattern.test(said))?.[1] ?? 'Mend what npm says';
    fail(
      `cannot install: npm ci failed (exit code ${code})`,
      said
        .trim()
        .split('\n')
        .slice(-15)
        .map((line) => `       ${line}`)
        .join('\n'),
      `${hint}\n       Then run the same command again. npm's whole output: ${log}`,
    );
  }
  rmSync(log, { force: true });
  const own = spawnSync(ownNode, ['--version'], { encoding: 'utf8', env: outsideEnvironment() });
  if (own.status !== 0)
    fail(
      'installed, but without its own Node',
      '',
      `npm left out the optional package that holds it (see npm config get omit), or there is none for ${process.platform}-${process.arch}: install Node.js 24 there.`,
    );
  writeFileSync(mark, `${wanted}\n`);
}

if (!existsSync(ownNode) || !isMarked()) {
  if (existsSync(ownNode) && isInstalledByHand()) writeFileSync(mark, `${wanted}\n`);
  else await install();
}
