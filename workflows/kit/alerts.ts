import { log, patched } from '@temporalio/workflow';
import type { ActivityFunctions } from '../../activities/index.ts';
import { steps, waits } from './activities.ts';
import { orUnavailable, type Unavailable } from './parts.ts';
import { record } from './record.ts';

type Alert = Parameters<ActivityFunctions['raisePagerDutyAlert']>[0];

/** So often an event is sent that PagerDuty takes and that then cannot be seen to have done anything. */
const sentAtMost = 3;

/**
 * Raises an alert and looks by REST whether it is there: a 202 of PagerDuty's says only that it was taken. One that is not there is raised
 * again, and what stays without proof is said in the record, also in that of `subject`, and in the log.
 */
export const raiseAlert = (alert: Alert, subject?: string): Promise<void> => {
  const since = new Date().toISOString();
  return sendUntilSeen({ dedupKey: alert.dedupKey, status: 'triggered', since }, subject, () =>
    steps.raisePagerDutyAlert(alert),
  );
};

/** Resolves the open alert with this key, and looks in the same way whether it is open no more. */
export const resolveAlert = (dedupKey: string, subject?: string): Promise<void> =>
  sendUntilSeen({ dedupKey, status: 'resolved' }, subject, () => steps.resolvePagerDutyAlert({ dedupKey }));

async function sendUntilSeen(
  wanted: Parameters<ActivityFunctions['awaitPagerDutyAlert']>[0],
  subject: string | undefined,
  send: () => Promise<unknown>,
): Promise<void> {
  await send();
  // Runs of before 2026-11 believe the 202.
  if (!patched('alerts-read-back')) return;
  for (let sent = 1; ; sent += 1) {
    const found = await orUnavailable(() => waits.awaitPagerDutyAlert(wanted));
    // The page itself stands: that nobody can look fails no pager.
    const seen = 'unavailable' in found ? unreadable(found) : found;
    if (seen.confirmed) return;
    // What cannot be looked at is no reason to send it again.
    if (!seen.readable || sent >= sentAtMost) return report(wanted, sent, seen.reason, subject);
    await send();
  }
}

const unreadable = ({ unavailable }: Unavailable) => ({
  confirmed: false,
  readable: false,
  reason: `it could not be read back: ${unavailable}`,
});

async function report(
  { dedupKey, status }: { dedupKey: string; status: string },
  sent: number,
  reason: string,
  subject: string | undefined,
): Promise<void> {
  const what = status === 'resolved' ? 'That the alert is resolved' : 'The alert';
  const times = sent === 1 ? '' : ` ${sent} times`;
  const text = `${what} was accepted${times}, not confirmed: ${dedupKey}: ${reason}`;
  log.warn(text);
  await record(text);
  if (subject !== undefined) await record(text, [], subject);
}
