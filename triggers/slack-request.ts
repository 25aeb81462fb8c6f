import { changeIncident } from '../workflows/change-incident.ts';
import { defineTrigger } from './trigger.ts';

/**
 * What people ask for in Slack by a command, a form, a shortcut or a button. Each request is its own run, and goes on when the incident is
 * resolved: the person is owed an answer. Who may is asked when it is carried out.
 */
export const slackRequest = defineTrigger({
  name: 'slack-request',
  on: 'slack.request',
  when: 'always',
  run: changeIncident,
  input: (asked) => ({ asked }),
  target: ({ request }) => request.do,
  each: 'event',
  whenResolved: 'continue',
});
