import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import { defaultLimits, heldInWords } from '../domain/guard.ts';
import type { TextToKeep } from '../domain/kept-text.ts';
import { isWatching } from '../domain/mode.ts';
import { runEnd, toldOf } from '../domain/run-end.ts';
import { defaultConnection, subjectOf } from '../domain/subject.ts';
import type { Transcript } from '../domain/transcript.ts';
import type { Store } from '../store/store.ts';
import type { CallbackActivities } from '../workflows/kit/callback-activities.ts';
import type { EngineActivities, RunReport } from '../workflows/kit/run.ts';
import type { StepActivities } from '../workflows/kit/step-activities.ts';
import { approvalActivities } from './approvals.ts';
import type { CauseOfCall } from './authority.ts';
import type { CarriedOut } from './carried-out.ts';
import { limitsAt } from './chain/guard.ts';
import { unlessTakenIn } from './chain/intent.ts';
import { connectionOf, targetsAt } from './connection.ts';
import { fall } from './fall.ts';
import { keepText } from './kept-text.ts';
import { questionActivities } from './questions.ts';
import { otherOn, twinOf } from './twin.ts';
import { waitingAbout } from './waiting.ts';

interface Link {
  text: string;
  url: string;
}

/** The engine's own activities: they write to the store, and each write may be repeated. */
export function engineActivities(
  store: Store,
  scrub: (text: string) => string,
  carriedOut: CarriedOut,
  isOfWorld: (activity: string) => boolean,
  publicUrl?: () => string | undefined,
  countRun?: (workflow: string, state: string) => void,
): Omit<EngineActivities, keyof (CallbackActivities & StepActivities)> {
  return {
    ...approvalActivities(store, scrub),
    ...questionActivities(store, scrub),

    async reportRunEnd({ state, outcome, healthy, verified, failure }: RunReport, cause?: CauseOfCall) {
      // Of a workflow that somebody else has started under the name of a run, the store hears nothing.
      if (!cause) return undefined;
      const runId = activityInfo().workflowExecution?.workflowId ?? '';
      carriedOut.ends(runId);
      const run = await store.findRun(runId);
      const said = failure && { ...failure, message: scrub(failure.message), class: scrub(failure.class) };
      if (!run) return said;
      const at = new Date().toISOString();
      const ended = {
        state,
        outcome: scrub(outcome),
        healthy,
        ...(verified === undefined ? {} : { verified }),
        ...(said ? { failure: said } : {}),
      };
      const isNews = await store.endRun(
        runEnd(run, {
          ...ended,
          at,
          via: 'worker',
          worker: carriedOut.worker,
          ...toldOf(cause),
        }),
      );
      if (isNews) countRun?.(run.workflow, state);
      // Also where the end was written before: whoever wrote it may have come no further.
      if (verified === false) await fall(run, cause, store);
      return said;
    },

    async recordLine(
      { text, links, subject }: { text: string; links?: Link[]; subject?: string },
      cause?: CauseOfCall,
    ) {
      const runId = activityInfo().workflowExecution?.workflowId ?? '';
      await store.append([
        {
          at: new Date().toISOString(),
          actor: `trigger:${cause?.trigger ?? 'none'}`,
          via: 'worker',
          action: 'run.said',
          // Whoever has no cause that we signed writes on nobody's timeline.
          subject: (cause && (subject ?? cause.subject)) ?? runId,
          detail: { run: runId, text, ...(links ? { links } : {}) },
        },
      ]);
    },

    async checkGuards({ target, limits }, cause?: CauseOfCall) {
      const { workflowExecution, workflowType: workflow = '' } = activityInfo();
      const provider = providerOf(target);
      const connection = connectionOf({ provider }, undefined, cause);
      const shown = cause ? { cause } : { refusal: 'nobody calls' };
      const guards = { ...defaultLimits, ...limitsAt(connection, limits), ...unlessTakenIn({ shown }) };
      const service =
        cause?.incident && subjectOf(cause.connection ?? defaultConnection, cause.incident.service.id);
      // One that watches stops nothing.
      const ask = isWatching(cause?.mode) ? store.wouldHold : store.wouldHoldOrStop;
      const by = await ask({
        runId: workflowExecution?.workflowId ?? '',
        ...(cause?.subject === undefined ? {} : { subject: cause.subject }),
        targets: targetsAt(connection, [target]),
        provider,
        workflow,
        ...(service === undefined ? {} : { service }),
        guards,
      });
      return by && heldInWords(by);
    },

    async keepTranscript(transcript: Transcript, cause?: CauseOfCall) {
      if (cause?.subject) await store.keepTranscript(cause.subject, transcript);
    },

    async keepText(text: TextToKeep, cause?: CauseOfCall) {
      // Whoever has no cause that we signed keeps nothing under an incident.
      const runId = activityInfo().workflowExecution?.workflowId ?? '';
      const kept = await keepText(cause?.subject ?? runId, text, { store, publicUrl });
      if (kept) return kept;
      throw ApplicationFailure.nonRetryable(
        `“${scrub(text.title)}” is not kept: so much is kept of ${cause?.subject ?? runId} that there is no more room`,
        'NoRoomForText',
      );
    },

    findMade: ({ key }) => store.findMade(key),

    async listMade() {
      const made = await store.listMade(activityInfo().workflowExecution?.workflowId ?? '');
      return made.filter(({ activity }) => isOfWorld(activity));
    },

    findTwin: () => twinOf(activityInfo().workflowExecution?.workflowId ?? '', store),

    findOtherOn({ target }, cause?: CauseOfCall) {
      const connection = connectionOf({ provider: providerOf(target) }, undefined, cause);
      const [at = target] = targetsAt(connection, [target]);
      return otherOn(at, activityInfo().workflowExecution?.workflowId ?? '', store);
    },

    lastMade: ({ activity, target }) => store.lastMade(activity, target),

    async leaveNotice({ id, userId, notice }, cause?: CauseOfCall) {
      if (!cause) return;
      const runId = activityInfo().workflowExecution?.workflowId ?? '';
      const person = subjectOf(cause.connections?.slack ?? defaultConnection, userId);
      await store.leaveNotice({ runId, id, person, notice });
    },

    async withdrawNotice({ id }) {
      await store.withdrawNotice(activityInfo().workflowExecution?.workflowId ?? '', id);
    },

    async listConnections({ provider }) {
      const { connections } = await store.loadConnections();
      const named = connections.flatMap((each) => (each.provider === provider ? [each.name] : []));
      return [defaultConnection, ...named.sort()];
    },

    listWaiting: ({ subjects }) => waitingAbout(subjects, store),

    async storeScheduleEvent({ name, scheduledAt }) {
      const type = `schedule.${name}`;
      const id = `${name}/${scheduledAt}`;
      const event = { id, source: '/baton', type, subject: type, time: scheduledAt, data: { scheduledAt } };
      await store.receive({
        source: event.source,
        eventId: id,
        type,
        subject: event.subject,
        time: scheduledAt,
        body: Buffer.from(JSON.stringify(event)),
        event,
        leave: true,
        actor: 'baton',
        via: 'schedule',
      });
    },
  };
}

/** Of a target, such as `kubernetes:shop/deployment/checkout`. */
const providerOf = (target: string): string => target.slice(0, target.search(/[:-]/));
