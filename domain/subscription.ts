import { type LifecycleEvent, means } from './lifecycle.ts';

/** Whom of what Baton does is told, as a reviewed file has it. Where it goes, and by which secrets, its connection says. */
export interface Subscription {
  name: string;
  /** `run.failed`, `approval.*`. */
  types: readonly string[];
  /** Those of all of these that are given have to fit. */
  workflows?: readonly string[];
  /** Of the run's workflow: one of these. */
  tags?: readonly string[];
  /** PagerDuty services, by id or name. */
  services?: readonly string[];
  stages?: readonly string[];
  /** Of the provider by which subscribers are reached. */
  connection: string;
  method: 'POST' | 'PUT' | 'PATCH';
  /** Without secrets: those are the connection's. */
  headers: Readonly<Record<string, string>>;
  /** What is sent in place of the CloudEvent. Left out: that itself. */
  body?(event: LifecycleEvent): unknown;
}

/** Whether a subscription wants an event. What does not say to which workflow, tag, service or stage it belongs is of none. */
export function wants(subscription: Subscription, { type, data }: LifecycleEvent): boolean {
  const { types, stages } = subscription;
  return (
    types.some((pattern) => means(pattern, type.slice('baton.'.length))) &&
    wantsRun(subscription, data) &&
    isIn(stages, [data.stage])
  );
}

/** By what subscriptions select runs. */
interface OfRun {
  workflow?: string | undefined;
  tags?: readonly string[] | undefined;
  service?: { id: string; name: string } | undefined;
}

/** Whether it wants anything of such a run. */
export const wantsRun = (
  { workflows, tags, services }: Pick<Subscription, 'workflows' | 'tags' | 'services'>,
  run: OfRun,
): boolean =>
  isIn(workflows, [run.workflow]) &&
  isIn(tags, run.tags ?? []) &&
  isIn(services, [run.service?.id, run.service?.name]);

const isIn = (list: readonly string[] | undefined, values: readonly (string | undefined)[]) =>
  list === undefined || values.some((value) => value !== undefined && list.includes(value));

/** One attempt at telling a subscriber. */
export interface Sending {
  connection: string;
  /** The same over all attempts: the receiver tells a repeat by it. */
  id: string;
  method: Subscription['method'];
  headers: Readonly<Record<string, string>>;
  contentType: string;
  body: string;
}

/** What the subscriber has answered. */
export interface SendingAnswer {
  status: number;
  /** It wants to be left alone for so long. */
  waitSeconds?: number;
}

/**
 * When each attempt is made after the one before, in seconds (https://www.standardwebhooks.com): at once, then after 5 s, 5 min, 30 min, 2 h, 5 h,
 * 10 h and 10 h.
 */
export const sendingSchedule = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000] as const;
