import { defineSubscription } from '../../../../triggers/subscription.ts';

/** A board that takes JSON of its own. Whole objects, so that no quotation mark in a message can break it. */
export const stageBoard = defineSubscription({
  name: 'stage-board',
  types: ['run.failed', 'run.timed_out'],
  stages: ['production'],
  connection: 'board',
  method: 'PUT',
  headers: { 'X-Team': 'shop' },
  body: ({ id, time, data }) => ({
    key: id,
    at: time,
    title: `${data.workflow} failed on ${data.target}`,
    ...(data.failure ? { why: data.failure.message, class: data.failure.class } : {}),
    labels: { service: data.service?.name ?? 'none', 'run id': data.run },
  }),
});
