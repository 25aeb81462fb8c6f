import { activityInfo } from '@temporalio/activity';
import type { Store } from '../store/store.ts';
import type { EngineActivities } from '../workflows/kit/run.ts';

/** The engine's own activities: they write to the store, and each write may be repeated. */
export function engineActivities(store: Store): EngineActivities {
  return {
    async reportRunEnd({ state, outcome, failure, cause }) {
      const { workflowExecution, workflowType } = activityInfo();
      const runId = workflowExecution?.workflowId ?? '';
      const at = new Date().toISOString();
      const run = await store.findRun(runId);
      const incidentId = cause?.incident?.id;
      const type = `run.${state}`;
      const data = {
        runId,
        workflow: workflowType ?? '',
        trigger: cause?.trigger ?? '',
        target: cause?.target ?? '',
        ...(incidentId === undefined ? {} : { incidentId }),
        outcome,
        ...(failure ? { failure } : {}),
        startedAt: run?.createdAt ?? at,
        endedAt: at,
      };
      const id = `${type}/${runId}`;
      const subject = `${data.workflow}/${data.target}`;
      await store.endRun({
        id: runId,
        state,
        outcome,
        ...(failure ? { failure } : {}),
        entry: {
          at,
          actor: `trigger:${data.trigger}`,
          via: 'worker',
          action: type,
          subject: cause?.subject ?? runId,
          detail: { run: runId, workflow: data.workflow, outcome, ...(failure ? { failure } : {}) },
        },
        event: {
          source: '/baton',
          eventId: id,
          type,
          subject,
          time: at,
          event: { id, source: '/baton', type, subject, time: at, data },
          actor: 'baton',
          via: 'worker',
        },
      });
    },

    async recordLine({ text, links, cause }) {
      const runId = activityInfo().workflowExecution?.workflowId ?? '';
      await store.append([
        {
          at: new Date().toISOString(),
          actor: `trigger:${cause.trigger ?? 'none'}`,
          via: 'worker',
          action: 'run.said',
          subject: cause.subject ?? runId,
          detail: { run: runId, text, ...(links ? { links } : {}) },
        },
      ]);
    },

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
        actor: 'baton',
        via: 'schedule',
      });
    },
  };
}
