import type { Trouble } from '../../domain/watched.ts';
import { type Seen, seenOrSentAgain } from '../../workflows/kit/seen-or-sent-again.ts';

/** An alert, in the terms of Events v2. */
export type Alert = Pick<Trouble, 'summary' | 'severity' | 'component' | 'class' | 'group' | 'about'> & {
  dedupKey: string;
  source: string;
  timestamp: string;
  details: Record<string, unknown>;
  connection: string;
};

/** Pages people without a workflow, by a connection. All may be repeated: an alert joins the open one with its key. */
export interface Pager {
  raise(alert: Alert, signal: AbortSignal): Promise<void>;
  resolve(page: Pick<Alert, 'dedupKey' | 'connection'>, signal: AbortSignal): Promise<void>;
  /** Waits until the alert is seen to be there, or to be open no more. */
  look(
    wanted: Pick<Alert, 'dedupKey' | 'connection'> & { status: 'triggered' | 'resolved'; since?: string },
    signal: AbortSignal,
  ): Promise<Seen>;
}

/**
 * Pages for a trouble by a connection, and looks whether that arrived. Returns why it could not be seen to; rejects where PagerDuty does not
 * take it.
 */
export async function page(
  pager: Pager,
  { key, details, summary, severity, component, group, about, class: is }: Trouble,
  { since, connection }: { since: string; connection: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const alert = {
    summary,
    severity,
    component,
    class: is,
    ...(group === undefined ? {} : { group }),
    ...(about === undefined ? {} : { about }),
    connection,
    dedupKey: key,
    source: 'baton',
    timestamp: since,
    details: { ...details, since, baton: true },
  };
  const sentAt = new Date().toISOString();
  await pager.raise(alert, signal);
  return seenOrSentAgain(
    () => pager.look({ dedupKey: key, connection, status: 'triggered', since: sentAt }, signal),
    () => pager.raise(alert, signal),
  );
}

/** Takes a page back by the connection that raised it, and looks in the same way whether it is open no more. */
export async function takeBack(
  pager: Pager,
  raised: Pick<Alert, 'dedupKey' | 'connection'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  await pager.resolve(raised, signal);
  return seenOrSentAgain(
    () => pager.look({ ...raised, status: 'resolved' }, signal),
    () => pager.resolve(raised, signal),
  );
}
