import { describe, expect, it } from 'vitest';
import type { Event } from '../../domain/event.ts';
import { slackRequest } from '../../triggers/slack-request.ts';

const asked: Event<'slack.request'> = {
  id: 'command.1',
  source: '/slack/T0ACME',
  type: 'slack.request',
  subject: 'PGR0VU2',
  time: '2026-11-26T09:00:00Z',
  agent: { kind: 'person', id: 'U0ADA', name: 'ada' },
  data: {
    request: { do: 'snooze', minutes: 30, incident: 'PGR0VU2' },
    by: 'command',
    user: { id: 'U0ADA', name: 'ada', teamId: 'T0ACME' },
    channelId: 'C0ROOM',
  },
};

describe('the slack-request trigger', () => {
  it('carries out each request by a run of its own', () => {
    expect(slackRequest.respond(asked)).toEqual({
      start: 'changeIncident',
      id: 'slack-request/command.1',
      input: { asked: asked.data },
    });
    expect(slackRequest.target(asked)).toBe('snooze');
  });

  it('lets it go on when the incident is resolved: the person is owed an answer', () => {
    expect(slackRequest.whenResolved).toBe('continue');
  });
});
