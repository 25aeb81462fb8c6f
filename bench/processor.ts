import { readdirSync, readFileSync } from 'node:fs';
import { Client } from 'pg';

/** Milliseconds of a processor that a process has taken so far, with all its threads. A process that is gone has taken none. */
export function processorMs(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const times = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return times.reduce((sum, time) => sum + time, 0) / 1e6;
  } catch {
    return 0;
  }
}

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
