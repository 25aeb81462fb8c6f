import { z } from 'zod';
import type { Clients } from './clients.ts';
import { decorative } from './lenient.ts';
import { readSuccess } from './pagerduty/failures.ts';

const windows = z.object({
  maintenance_windows: z.array(
    z.object({ id: z.string(), end_time: z.string(), description: decorative(z.string()) }),
  ),
});

/** What is not for this token to know, or what the plan lacks, holds nothing back. */
const unknowable = [401, 402, 403, 404];

/**
 * The maintenance window in which a service of PagerDuty is now, with its end; undefined where there is none, or where nobody can tell, as
 * PagerDuty is not connected or does not let us see (`services.read`). Throws while PagerDuty gives no answer.
 * https://developer.pagerduty.com/api-reference/a47605517c19a-list-maintenance-windows
 */
export async function ongoingMaintenance(
  { connection, service }: { connection: string; service: string },
  { pagerduty }: Pick<Clients, 'pagerduty'>,
  signal: AbortSignal,
): Promise<{ window: string; until: string } | undefined> {
  const client = await pagerduty(connection).catch(() => undefined);
  const query = { 'service_ids[]': [service], filter: 'ongoing' };
  const answer = await client?.get('/maintenance_windows', query, signal).catch((error: unknown) => {
    if ((error as { type?: string }).type === 'NotConnected') return undefined;
    throw error;
  });
  if (!answer || unknowable.includes(answer.status)) return undefined;
  const ends = ({ end_time: end }: { end_time: string }) => Date.parse(end);
  const [last] = readSuccess(answer, windows).maintenance_windows.toSorted(
    (one, other) => ends(other) - ends(one),
  );
  return last && { window: last.description || last.id, until: new Date(last.end_time).toISOString() };
}
