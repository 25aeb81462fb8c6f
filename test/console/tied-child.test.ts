import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { it, onTestFinished } from 'vitest';

const tiedChild = fileURLToPath(new URL('../../console/tied-child.ts', import.meta.url));

it('a process that is tied to another one ends when that one is killed', async () => {
  const idle = "console.log('is up'); setInterval(() => {}, 2 ** 30)";
  const starts = `
    const { startTied } = await import(${JSON.stringify(tiedChild)});
    const child = startTied(['-e', ${JSON.stringify(idle)}], process.env);
    child.stdout.on('data', () => console.log(child.pid));`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', starts], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [told] = await once(parent.stdout, 'data');
  const child = Number(String(told));
  let isOver = false;
  onTestFinished(() => void (isOver || process.kill(child, 'SIGKILL')));
  parent.stderr.resume();
  // The child has it too, so it closes when both have ended.
  const ended = once(parent.stderr, 'close');
  parent.kill('SIGKILL');
  await ended;
  isOver = true;
}, 20_000);
