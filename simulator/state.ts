import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Effect } from './simulator.ts';

interface State<World> {
  world: World;
  ledger: Effect[];
}

export function readState<World>(file: string): State<World> | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as State<World>) : undefined;
}

/** Written beside and renamed, so that a process killed meanwhile leaves the old state or the new one. */
export function writeState<World>(file: string, state: State<World>): void {
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}
