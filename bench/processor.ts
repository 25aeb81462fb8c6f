import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Client } from 'pg';

/** What the kernel tells of a process or thread in this file; undefined: it is gone. */
function told(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Milliseconds of a processor that each thread of a process has taken so far, with its name. One that ends meanwhile is left out: many live shortly. */
export function threadTimes(pid: number): Map<string, { name: string; ms: number }> {
  const folder = `/proc/${pid}/task`;
  const threads = existsSync(folder) ? readdirSync(folder) : [];
  return new Map(
    threads.flatMap((thread) => {
      const [name, times] = [told(`${folder}/${thread}/comm`), told(`${folder}/${thread}/schedstat`)];
      if (name === undefined || times === undefined) return [];
      return [[thread, { name: name.trim(), ms: Number(times.split(' ')[0]) / 1e6 }] as const];
    }),
  );
}

/** Milliseconds of a processor that a process has taken so far, with all threads that it has. One that is gone has none. */
const processorMs = (pid: number): number =>
  [...threadTimes(pid).values()].reduce((sum, { ms }) => sum + ms, 0);

/** Processor time so far, by process. */
export type ProcessorTimes = ReadonlyMap<number, number>;

export const timesOf = (pids: readonly number[]): ProcessorTimes =>
  new Map(pids.map((pid) => [pid, processorMs(pid)]));

/** The time between two looks. What has ended meanwhile is left out: a connection ends that had nothing to do for long. */
export const spent = (before: ProcessorTimes, after: ProcessorTimes): number =>
  [...after].reduce((sum, [pid, time]) => sum + Math.max(0, time - (before.get(pid) ?? 0)), 0);

/** The processes of a PostgreSQL on this machine: those of its connections, and its own. */
export async function postgresProcesses(url: string): Promise<number[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    'select pid from pg_stat_activity where pid <> pg_backend_pid()',
  );
  await client.end();
  return rows.map(({ pid }) => pid);
}
