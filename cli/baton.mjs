#!/usr/bin/env node
/** The command `baton`: runs baton.ts on the project's own Node 24, whatever Node is on the machine. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../baton.ts', import.meta.url));

/** From the package for this kind of machine, which the lockfile names with its hash. */
function ownNode() {
  const { platform, arch } = process;
  for (const name of [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`])
    try {
      const found = createRequire(import.meta.url).resolve(`${name}/package.json`);
      const node = join(dirname(found), 'bin', 'node');
      if (existsSync(node)) return node;
    } catch {
      // The other one, then.
    }
  return undefined;
}

const [major] = process.versions.node.split('.');
const node = Number(major) >= 24 ? process.execPath : ownNode();
if (node === undefined) {
  const install = fileURLToPath(new URL('install.mjs', import.meta.url));
  process.stderr.write(`baton: its own Node 24 is not installed yet.\nRun: node '${install}'\n`);
  process.exit(1);
}

// As in package.json: the C library would keep a quarter more of the memory that was freed, and V8 a hundred megabytes for new objects.
const env = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', ...process.env };
const child = spawn(node, ['--max-semi-space-size=16', program, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env,
});
// Ctrl-C reaches the child by itself, since a terminal sends it to both.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.once('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
});
