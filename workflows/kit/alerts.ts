import { log, patched } from '@temporalio/workflow';
import type { ActivityFunctions } from '../../activities/index.ts';
import { steps, waits } from './activities.ts';
import { orUnavailable, type Unavailable } from './parts.ts';
import { record } from './record.ts';
import { seenOrSentAgain } from './seen-or-sent-again.ts';

type Alert = Parameters<ActivityFunctions['raisePagerDutyAlert']>[0];

/**
 * Raises an alert and looks by REST whether it is there: a 202 of PagerDuty's says only that it was taken. One that is not there is raised
 * again, and what stays without proof is said in the record, also in that of `subject`, and in the log.
 */
export const raiseAlert = (alert: Alert, subject?: string): Promise<void> => {
  const since = new Date().toISOString();
  const { dedupKey, connection } = alert;
  return sendUntilSeen({ dedupKey, status: 'triggered', since, ...by(connection) }, subject, () =>
    steps.raisePagerDutyAlert(alert),
  );
};

/**
 * Resolves the open alert with this key, and looks in the same way whether it is open no more. By the connection that it was raised by:
 * PagerDuty knows a key only beside its routing key.
 */
export const resolveAlert = (dedupKey: string, subject?: string, connection?: string): Promise<void> =>
  sendUntilSeen({ dedupKey, status: 'resolved', ...by(connection) }, subject, () =>
    steps.resolvePagerDutyAlert({ dedupKey, ...by(connection) }),
  );

const by = (connection: string | undefined) => (connection === undefined ? {} : { connection });

async function sendUntilSeen(
  wanted: Parameters<ActivityFunctions['awaitPagerDutyAlert']>[0],
  subject: string | undefined,
  send: () => Promise<unknown>,
): Promise<void> {
  await send();
  // Runs of before 2026-11 believe the 202.
  if (!patched('alerts-read-back')) return;
  const unproven = await seenOrSentAgain(async () => {
    const found = await orUnavailable(() => waits.awaitPagerDutyAlert(wanted));
    // The page itself stands: that nobody can look fails no pager.
    return 'unavailable' in found ? unreadable(found) : found;
  }, send);
  if (unproven !== undefined) await report(wanted, unproven, subject);
}

const unreadable = ({ unavailable }: Unavailable) => ({
  confirmed: false,
  readable: false,
  reason: `it could not be read back: ${unavailable}`,
});

async function report(
  { dedupKey, status }: { dedupKey: string; status: string },
  unproven: string,
  subject: string | undefined,
): Promise<void> {
  const what = status === 'resolved' ? 'That the alert is resolved' : 'The alert';
  const text = `${what} was ${unproven} (${dedupKey})`;
  log.warn(text);
  await record(text);
  if (subject !== undefined) await record(text, [], subject);
}
