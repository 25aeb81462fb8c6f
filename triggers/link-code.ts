import { linkCodeIn } from '../domain/link-code.ts';
import { linkByCode } from '../workflows/link-by-code.ts';
import { defineTrigger } from './trigger.ts';

/**
 * Somebody has written a code of `/baton link-me` as a note. The code is not handed on, as what runs are given is kept: it is read again
 * from PagerDuty. It is about the person and not about the incident, whose resolve stops nothing.
 */
export const linkCode = defineTrigger({
  name: 'link-code',
  on: 'pagerduty.incident.annotated',
  when: {
    'is a code': ({ content }) => linkCodeIn(content) !== undefined,
    'is by a person': (_, { agent }) => agent?.kind === 'person',
  },
  run: linkByCode,
  input: ({ incident }, { agent }) => ({ incidentId: incident.id, userId: agent?.id ?? '' }),
  target: () => 'link',
  each: 'event',
  whenResolved: 'continue',
  forPeople: true,
});
