import { type ClickInput, changeIncident } from '../workflows/change-incident.ts';
import { defineTrigger } from './trigger.ts';

const actionOf = (actionId: string): ClickInput['action'] =>
  actionId === 'resolve' ? 'resolve' : 'acknowledge';

/**
 * The buttons of the status card. A run goes on when the incident is resolved, for its own click may be what resolved
 * it, and the person is still owed an answer. It is about the button and not about the incident: what keeps one person
 * from acknowledging keeps all, which is one alert, over with the next click that works.
 */
export const slackAction = defineTrigger({
  name: 'slack-action',
  on: 'slack.action',
  when: {
    'is a button of the status card': ({ actionId }) => actionId === 'acknowledge' || actionId === 'resolve',
  },
  run: changeIncident,
  input: ({ actionId, incidentId, user, channelId, messageTs }) => ({
    action: actionOf(actionId),
    incidentId,
    slackUserId: user.id,
    slackTeamIds: [user.teamId, user.homeTeamId].flatMap((id) => id || []),
    channelId,
    messageTs,
  }),
  target: ({ actionId }) => actionId,
  each: 'event',
  whenResolved: 'continue',
});
