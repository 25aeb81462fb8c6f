import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { type ActivityContext, type AnyActivity, carryOut } from '../activities/activity.ts';
import { boundedSignal } from '../domain/bounded-signal.ts';
import type { JournalEntry } from '../domain/journal.ts';
import type { Tell } from '../server/rounds/journal.ts';
import type { Pager } from '../server/watchdog/pager.ts';
import type { Subscriptions } from '../server/watchdog/subscriptions.ts';
import type { Store } from '../store/store.ts';
import { effectOf } from '../worker/chain/failure.ts';

const attemptMilliseconds = 10_000;
/** None of these calls reads a long text. */
const keepText = async () => ({});
/** PagerDuty is given half a minute to show an alert. */
const lookMilliseconds = 60_000;

const seen = z.object({ confirmed: z.boolean(), readable: z.boolean(), reason: z.string() });
const listed = z.object({
  subscriptions: z.array(
    z.object({ id: z.string(), url: z.string(), active: z.boolean(), disabled: z.boolean() }),
  ),
});

/**
 * What a server does at PagerDuty by itself, without a workflow: by the same activities, called here. They load with the first call, as a
 * server else needs none.
 */
function directCalls(
  loadActivities: () => Promise<readonly AnyActivity[]>,
  clients: Omit<ActivityContext, 'attempt'>,
) {
  return async (
    name: string,
    input: Record<string, unknown>,
    stopping: AbortSignal,
    milliseconds = attemptMilliseconds,
  ): Promise<unknown> => {
    const activity = (await loadActivities()).find((each) => each.name === name);
    if (!activity) throw new Error(`There is no activity ${name} to call`);
    const signal = boundedSignal(stopping, milliseconds);
    const key = `${name}/${input.dedupKey ?? input.subscriptionId ?? ''}`;
    const attempt = { key, number: 1, signal, keepText };
    const use = { run: 'none', by: 'baton' };
    return carryOut(activity, activity.input.parse(input), { ...clients, attempt }, use);
  };
}

/** One call takes a look at PagerDuty, and sends. */
const tellMilliseconds = 20_000;

/**
 * How a server tells PagerDuty of a change: by the connections that policy and route name, else on the incident's service, else by the
 * routing key of its account. Each next way is for where PagerDuty would refuse the one before again.
 */
export function directJournal(
  loadActivities: () => Promise<readonly AnyActivity[]>,
  clients: Omit<ActivityContext, 'attempt'>,
  store: Pick<Store, 'firstResult'>,
): Tell {
  return async ({ key, entry, attempt: number, uncertainSince }, stopping) => {
    const activities = await loadActivities();
    const activity = activities.find(({ name }) => name === 'sendPagerDutyChangeEvent');
    if (!activity || activity.kind === 'read') throw new Error('There is no activity that tells of changes');
    const tickets = activities.flatMap((each) => ('ticket' in each && each.ticket ? [each.name] : []));
    // The change is told without its ticket rather than late.
    const made = await store.firstResult(entry.incident?.id ?? entry.subject, tickets).catch(() => undefined);
    const ticket = ticketIn(made);
    const signal = boundedSignal(stopping, tellMilliseconds);
    const attempt = { key, number, signal, keepText, ...(uncertainSince ? { uncertainSince } : {}) };
    const context = { ...clients, attempt };
    let reason = '';
    for (const way of waysOf(entry)) {
      let isSent = false;
      try {
        const input = activity.input.parse({ ...eventOf(entry, ticket), ...way });
        const looked = await activity.look(input, context);
        if ('done' in looked) return { state: 'told', isUnconfirmed: looked.done.unconfirmed === true };
        isSent = true;
        await activity.act(looked.plan, input, context);
        return { state: 'told', isUnconfirmed: false };
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
        const isFinal = error instanceof ApplicationFailure && error.nonRetryable === true;
        const isUncertain = isSent && effectOf(error as Error) !== 'none';
        if (isUncertain || !isFinal) return { state: 'later', reason, isUncertain, ...waitOf(error) };
      }
    }
    return { state: 'refused', reason };
  };
}

function waysOf({ connections, account, incident }: JournalEntry): Record<string, string>[] {
  return [
    ...connections.map((connection) => ({ connection })),
    ...(incident ? [{ connection: account, toService: incident.serviceId }] : []),
    { connection: account },
  ];
}

function eventOf(
  { summary, at, incident, worker, before, after, ...entry }: JournalEntry,
  ticket: Ticket | undefined,
) {
  const { run, workflow, activity, targets, by, approvedBy } = entry;
  return {
    summary,
    source: 'baton',
    timestamp: at,
    about: { run, ...(incident?.url ? { incidentUrl: incident.url } : {}), ...(worker ? { worker } : {}) },
    ...(ticket ? { links: [{ href: ticket.url, text: `The ticket ${ticket.key ?? ''}`.trim() }] } : {}),
    details: {
      run,
      workflow,
      activity,
      targets,
      by,
      ...(approvedBy ? { approvedBy } : {}),
      ...(incident ? { incident: incident.id } : {}),
      ...(worker?.commit ? { commit: worker.commit } : {}),
      ...(ticket ? { ticket: ticket.key ?? ticket.url } : {}),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  };
}

const ticketShape = z.object({ url: z.url({ protocol: /^https?$/ }), key: z.string().optional() });
type Ticket = z.output<typeof ticketShape>;
const ticketIn = (result: unknown): Ticket | undefined => ticketShape.safeParse(result).data;

/** How long PagerDuty wants to be left alone. */
function waitOf(error: unknown): { waitMs?: number } {
  const detail =
    error instanceof ApplicationFailure ? (error.details?.[0] as { waitMs?: number } | undefined) : undefined;
  return detail?.waitMs === undefined ? {} : { waitMs: detail.waitMs };
}

/** How a server pages people. */
export function directPager(...how: Parameters<typeof directCalls>): Pager {
  const call = directCalls(...how);
  return {
    raise: async (alert, signal) => void (await call('raisePagerDutyAlert', { ...alert }, signal)),
    resolve: async (raised, signal) => void (await call('resolvePagerDutyAlert', { ...raised }, signal)),
    look: async (wanted, signal) =>
      seen.parse(await call('awaitPagerDutyAlert', wanted, signal, lookMilliseconds)),
  };
}

/** How a server looks after the webhook subscriptions. */
export function directSubscriptions(...how: Parameters<typeof directCalls>): Subscriptions {
  const call = directCalls(...how);
  return {
    list: async (connection, signal) =>
      listed.parse(await call('listPagerDutyWebhookSubscriptions', { connection }, signal)).subscriptions,
    enable: async (connection, subscriptionId, signal) =>
      void (await call('enablePagerDutyWebhookSubscription', { connection, subscriptionId }, signal)),
  };
}
