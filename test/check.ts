import { z } from 'zod';
import type { RecordRow } from '../domain/record.ts';
import type { RunRow } from '../domain/run.ts';
import type { Effect } from '../simulator/simulator.ts';
import type { ListedEvent } from '../store/events/events.ts';
import type { Store } from '../store/store.ts';
import type { Providers } from './world.ts';

/** One delivery as its sender saw it. */
export interface Sent {
  eventId: string;
  body: string;
  /** 0: there was no answer. */
  status: number;
}

interface Facts {
  store: Pick<Store, 'seal' | 'verifyRecord' | 'readRecord' | 'listEvents' | 'findEvent' | 'listRuns'>;
  /** What the simulated providers did, in the order of each. */
  ledgers: readonly (readonly Effect[])[];
  sent: readonly Sent[];
}

/** What the simulated providers did. */
export const ledgersOf = ({
  pagerDuty,
  slack,
  jira,
  kubernetes,
  ec2,
  github,
  service,
}: Omit<Providers, 'env' | 'close'>) =>
  [pagerDuty, slack, jira, kubernetes, ec2, github, service].map(({ ledger }) => ledger);

/**
 * What each change does at its provider, in the ledger's words. An effect that no activity here is said to make has no intent,
 * and is a violation.
 */
export const effectsOf: Readonly<Record<string, readonly string[]>> = {
  acknowledgePagerDutyAlert: ['alert acknowledged'],
  acknowledgePagerDutyIncident: ['incident acknowledged'],
  addPagerDutyNote: ['note added'],
  enablePagerDutyWebhookSubscription: ['webhook subscription enabled'],
  escalatePagerDutyIncident: ['incident escalated'],
  raisePagerDutyAlert: ['alert raised'],
  reassignPagerDutyIncident: ['incident reassigned', 'incident delegated'],
  requestPagerDutyResponders: ['responders requested'],
  resolvePagerDutyAlert: ['alert resolved'],
  resolvePagerDutyIncident: ['note added', 'incident resolved'],
  publishPagerDutyStatusUpdate: ['status update published'],
  sendPagerDutyChangeEvent: ['change event added'],
  setPagerDutyIncidentBridge: ['incident bridge set'],
  setPagerDutyIncidentPriority: ['incident priority set'],
  setPagerDutyIncidentUrgency: ['incident urgency set'],
  snoozePagerDutyIncident: ['incident snoozed'],
  addSlackBookmark: ['bookmark added', 'bookmark edited', 'channel joined'],
  archiveSlackChannel: ['channel archived'],
  inviteSlackUsers: ['user invited'],
  openSlackWarRoom: ['channel created', 'purpose set'],
  pinSlackMessage: ['message pinned', 'channel joined'],
  postSlackEphemeral: ['ephemeral posted'],
  postSlackMessage: ['message posted', 'channel joined'],
  sendSlackDirectMessage: ['conversation opened', 'message posted'],
  sendSlackLinkCode: ['conversation opened', 'message posted'],
  sendSlackNotices: ['conversation opened', 'message posted'],
  setSlackTopic: ['topic set', 'channel joined'],
  showSlackApproval: ['message posted', 'message edited', 'conversation opened', 'channel joined'],
  showSlackQuestion: ['message posted', 'message edited', 'conversation opened', 'channel joined'],
  showSlackStatusCard: ['message posted', 'message edited', 'message pinned', 'channel joined'],
  unarchiveSlackChannel: ['channel unarchived', 'channel joined'],
  updateSlackMessage: ['message edited', 'message posted', 'channel joined'],
  addJiraComment: ['comment added'],
  addJiraLink: ['link added', 'link changed'],
  createJiraIssue: ['issue created'],
  transitionJiraIssue: ['issue moved'],
  updateJiraIssue: ['issue edited'],
  cordonKubernetesNode: ['node cordoned'],
  deleteKubernetesPod: ['pod deleted'],
  restartKubernetesDaemonSet: ['daemonset restarted'],
  restartKubernetesDeployment: ['deployment restarted'],
  restartKubernetesStatefulSet: ['statefulset restarted'],
  rollBackKubernetesDeployment: ['deployment template changed'],
  scaleKubernetesDeployment: ['deployment scaled'],
  uncordonKubernetesNode: ['node uncordoned'],
  rebootEc2Instances: ['instance rebooted'],
  startEc2Instances: ['instance started'],
  stopEc2Instances: ['instance stopped'],
  addGitHubComment: ['comment added'],
  createGitHubIssue: ['issue created'],
  dispatchGitHubWorkflow: ['workflow dispatched'],
  sendHttpRequest: ['request taken'],
};

/** Lines and events read at most; a test with more than this would be checked in part only, and fails. */
const readAtMost = 50_000;

/**
 * What does not hold of what must always hold, one line each, with ids: that every delivery that was taken is kept with its bytes
 * and has one disposition, that a trigger runs once for an incident and never for an event that is stale, an echo or there twice, that
 * every effect was made once and stands in the record between its intent and its outcome, and that the record's chain verifies.
 * Call it when all has come to rest.
 */
export async function violations({ store, ledgers, sent }: Facts): Promise<string[]> {
  while ((await store.seal()) > 0);
  const verified = await store.verifyRecord();
  const record = await store.readRecord({ limit: readAtMost });
  const events = await store.listEvents({ limit: readAtMost });
  const runs = await store.listRuns({ limit: readAtMost });
  const bodies = new Map<string, Uint8Array>();
  for (const { eventId } of sent)
    bodies.set(eventId, (await store.findEvent(eventId))?.body ?? new Uint8Array());
  return [
    ...(verified.ok ? [] : [`record: does not verify at ${verified.seq}: ${verified.reason}`]),
    ...([record, events, runs].some(({ length }) => length === readAtMost) ? ['too much to check'] : []),
    ...inboxViolations(sent, events, bodies),
    ...answerViolations(events, record),
    ...runViolations(runs, events, record),
    ...intentViolations(record),
    ...ledgers.flatMap((ledger) => effectViolations(ledger, record)),
  ];
}

const isFirst = ({ disposition }: ListedEvent) => disposition !== 'duplicate';

function inboxViolations(
  sent: readonly Sent[],
  events: readonly ListedEvent[],
  bodies: ReadonlyMap<string, Uint8Array>,
): string[] {
  const stored = Map.groupBy(events, ({ eventId }) => eventId);
  const unsettled = events
    .filter(({ disposition, reason }) => !disposition || !reason)
    .map(({ seq, eventId }) => `event ${seq} (${eventId}): no disposition with a reason`);
  const taken = new Map(
    sent.filter(({ status }) => status < 300 && status > 0).map((one) => [one.eventId, one]),
  );
  const refused = sent.filter(({ status }) => status >= 400 && status < 500);
  return [
    ...unsettled,
    ...[...stored].flatMap(([id, rows]) => {
      const firsts = rows.filter(isFirst).length;
      return firsts === 1 ? [] : [`event ${id}: stored ${firsts} times as new`];
    }),
    ...[...taken.values()].flatMap(({ eventId, body }) => {
      const first = stored.get(eventId)?.find(isFirst);
      if (!first) return [`event ${eventId}: answered 2xx and not in the inbox`];
      return Buffer.from(bodies.get(eventId) ?? []).equals(Buffer.from(body))
        ? []
        : [`event ${eventId}: other bytes than were sent`];
    }),
    ...refused
      .filter(({ eventId }) => stored.has(eventId) && !taken.has(eventId))
      .map(({ eventId, status }) => `event ${eventId}: answered ${status} and in the inbox`),
  ];
}

/** A duplicate is not asked about, nor is what could not be read; all else is answered once, unless it is replayed. */
function answerViolations(events: readonly ListedEvent[], record: readonly RecordRow[]): string[] {
  const answers = Map.groupBy(
    record.filter(({ action }) => action === 'event.answered'),
    ({ detail }) => String(detail.event),
  );
  return events
    .filter((event) => isFirst(event) && event.event !== undefined)
    .flatMap(({ eventId }) => {
      const count = answers.get(eventId)?.length ?? 0;
      return count === 1 ? [] : [`event ${eventId}: ${count} answers in the record`];
    });
}

function runViolations(
  runs: readonly RunRow[],
  events: readonly ListedEvent[],
  record: readonly RecordRow[],
): string[] {
  const starts = Map.groupBy(
    record.filter(({ action }) => action === 'run.started'),
    ({ detail }) => String(detail.run),
  );
  const causes = new Map(events.map((event) => [event.seq, event]));
  return runs.flatMap((run) => {
    const earlier = runs.filter(
      ({ id, trigger, subject, createdAt }) =>
        id !== run.id &&
        trigger === run.trigger &&
        subject !== undefined &&
        subject === run.subject &&
        run.id.startsWith(`${trigger}/${subject}/`) &&
        createdAt <= run.createdAt,
    );
    const count = starts.get(run.id)?.length ?? 0;
    const { disposition = 'unknown' } = causes.get(run.eventSeq) ?? {};
    return [
      ...earlier
        .filter(({ endedAt }) => endedAt === undefined || endedAt > run.createdAt)
        .map(({ id }) => `run ${run.id}: began before ${id} had ended`),
      ...(count === 1 ? [] : [`run ${run.id}: started ${count} times by the record`]),
      ...(disposition === 'dispatched' || disposition === 'parked'
        ? []
        : [`run ${run.id}: started by event ${run.eventSeq}, which is ${disposition}`]),
    ];
  });
}

/** A change that was begun and of which nobody wrote how it ended, be it by a later attempt. */
function intentViolations(record: readonly RecordRow[]): string[] {
  return attemptsOf(record)
    .filter(({ until }) => until === undefined)
    .map(({ activity, key }) => `intent ${key} (${activity}): no outcome`);
}

/** What may rightly be done twice to one thing in the same words: then each time has an intent of its own. */
const mayRecur: readonly string[] = [
  'instance rebooted',
  'instance started',
  'instance stopped',
  'node cordoned',
  'node uncordoned',
  'deployment scaled',
  'incident acknowledged',
  'incident resolved',
  'incident escalated',
  'incident reassigned',
  'topic set',
  'ephemeral posted',
  'message edited',
];

const words = z.object({ purpose: z.string(), text: z.string() }).partial();

/**
 * By what two effects are the same one. What is made anew gets an id of its own each time, so it is known by the key that came with
 * it, or by what it is to be; all else by what it was done to, and how.
 */
function identityOf({ effect, target, key, detail }: Effect): unknown[] {
  const { purpose, text } = words.safeParse(detail).data ?? {};
  if (effect === 'issue created') return [key];
  if (effect === 'purpose set') return [purpose];
  if (effect === 'message posted') return [target, key ?? text];
  if (effect === 'comment added' || effect === 'link added') return [target, key];
  return [target, key, detail];
}

/** The attempts of one effect: from the intent of the first to the outcome of the last. */
interface Attempts {
  key: string;
  activity: string;
  input: string;
  from: string;
  until: string | undefined;
}

function effectViolations(ledger: readonly Effect[], record: readonly RecordRow[]): string[] {
  const attempts = [...attemptsOf(record), ...journaled(record)];
  return [...Map.groupBy(ledger, ({ effect }) => effect)].flatMap(([effect, made]) => {
    const able = attempts.filter(({ activity }) => effectsOf[activity]?.includes(effect));
    const unmeant = made
      .filter(({ at }) => !able.some(({ from, until }) => from <= at && until !== undefined && at <= until))
      .map(
        ({ target, at }) => `effect ${effect} on ${target} at ${at}: not between an intent and an outcome`,
      );
    const identical = Map.groupBy(made, (one) => JSON.stringify(identityOf(one)));
    const repeated = [...identical].flatMap(([what, same]) => {
      const target = same[0]?.target.split('/') ?? [];
      const meant = able.filter(({ input }) => target.every((part) => input.includes(part)));
      const allowed = mayRecur.includes(effect) ? meant.length : 1;
      return same.length > allowed ? [`effect ${effect} ${what}: made ${same.length} times`] : [];
    });
    return [...unmeant, ...repeated];
  });
}

/** What a server tells of a change by itself: between the line of the change and that of the telling. */
function journaled(record: readonly RecordRow[]): Attempts[] {
  const made = new Map(
    record
      .filter(({ action }) => action === 'activity.completed')
      .map(({ detail, at }) => [String(detail.key), at]),
  );
  return record
    .filter(({ action }) => action === 'change.told' || action === 'change.not_told')
    .map(({ at, detail }) => {
      const key = String(detail.key);
      return { key, activity: 'sendPagerDutyChangeEvent', input: '', from: made.get(key) ?? '9', until: at };
    });
}

function attemptsOf(record: readonly RecordRow[]): Attempts[] {
  const lines = record.filter(
    ({ action, detail }) => action.startsWith('activity.') && effectsOf[String(detail.activity)],
  );
  return [...Map.groupBy(lines, ({ detail }) => String(detail.key))].flatMap(([key, own]) => {
    const byTime = own.toSorted((one, other) => (one.at < other.at ? -1 : 1));
    const intent = byTime.find(({ action }) => action === 'activity.intended');
    const outcome = byTime.findLast(({ action }) => action !== 'activity.intended');
    if (!intent) return [];
    const { activity, input } = intent.detail;
    return [
      { key, activity: String(activity), input: JSON.stringify(input), from: intent.at, until: outcome?.at },
    ];
  });
}
