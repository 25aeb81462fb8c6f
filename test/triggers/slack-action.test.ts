import { describe, expect, it } from 'vitest';
import { slackAction } from '../../triggers/slack-action.ts';
import { buttonPressed, incidentTriggered } from './events.ts';

describe('the slack-action trigger', () => {
  it.each(['acknowledge', 'resolve'])('does what the button says: %s', (actionId) => {
    expect(slackAction.respond(buttonPressed({ actionId }))).toEqual({
      start: 'changeIncident',
      id: 'slack-action/01PGR0VU2',
      input: {
        action: actionId,
        incidentId: 'PGR0VU2',
        slackUserId: 'U0ADA',
        slackTeamIds: ['T0ACME'],
        channelId: 'C0ROOM',
        messageTs: '1763629200.000100',
      },
    });
  });

  it.each(['snooze', 'Resolve', 'toString', ''])(
    'does nothing for the unknown button "%s", and says so',
    (actionId) => {
      expect(slackAction.respond(buttonPressed({ actionId }))).toEqual({
        no: 'is a button of the status card',
      });
    },
  );

  it('leaves incidents alone', () => {
    expect(slackAction.respond(incidentTriggered())).toEqual({ no: 'is a slack.action event' });
  });

  it('takes each click by itself, and answers it also when the incident is resolved meanwhile', () => {
    expect(slackAction.each).toBe('event');
    expect(slackAction.whenResolved).toBe('continue');
  });

  it('is about the button, so that what breaks it for everybody is one alert', () => {
    expect(slackAction.target(buttonPressed({ actionId: 'resolve' }))).toBe('resolve');
  });
});
