import { readdirSync, readFileSync } from 'node:fs';
import { Client } from 'pg';

/** Milliseconds of a processor that each thread of a process has taken so far, with its name. A process that is gone has none. */
export function threadTimes(pid: number): Map<string, { name: string; ms: number }> {
  const folder = `/proc/${pid}/task`;
  try {
    return new Map(
      readdirSync(folder).map((thread) => [
        thread,
        {
          name: readFileSync(`${folder}/${thread}/comm`, 'utf8').trim(),
          ms: Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
        },
      ]),
    );
  } catch {
    return new Map();
  }
}

/** Milliseconds of a processor that a process has taken so far, with all its threads. */
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
