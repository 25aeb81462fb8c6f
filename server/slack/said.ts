import type { Logger } from 'pino';
import type { Inbox } from '../inbox.ts';
import { type Forms, takeCommand, takeInteraction } from './asked.ts';
import { clickDelivery, slackEventDelivery } from './payload.ts';
import { type AnswerTo, respondInPrivate } from './respond.ts';

/** What came from Slack and is verified, by whichever way it came: a signed request, or the socket that we opened. */
export interface SlackSaid {
  /** A button, form or shortcut; a slash command; an event of the Events API. */
  kind: 'interactive' | 'command' | 'event';
  /** Equal over both ways: parsed JSON, of a command its fields as texts. Undefined where it cannot be read. */
  payload: unknown;
  /** What is stored of it: the bytes of the request, or of the payload's JSON. Ids never come from them, as they differ between the ways. */
  body: Buffer;
}

/** What Slack is answered: JSON that goes into the HTTP answer or beside the ack. Left out: an empty answer. */
export interface SlackAnswer {
  answer?: unknown;
}

export type TakeFromSlack = (said: SlackSaid) => Promise<SlackAnswer>;

export interface TakingOptions extends AnswerTo {
  inbox: Inbox;
  /** Left out: no form is shown, and people are told of the commands. */
  forms?: Forms | undefined;
  /** What is stored is carried out at once. */
  isTemporalUp(): boolean;
  log: Logger;
}

/**
 * Takes what Slack says: stores it, then gives the answer. Rejects only for an event, which Slack sends again where it has no answer:
 * a click or a command it sends once, so that whoever is behind it is told by us what became of it.
 */
export function takeFromSlack(options: TakingOptions): TakeFromSlack {
  return (said) => {
    switch (said.kind) {
      case 'interactive':
        return takeInteraction(said, options) ?? takeClick(said, options);
      case 'command':
        return takeCommand(said, options);
      case 'event':
        return takeEvent(said, options);
    }
  };
}

/** A pressed button: stored. Where it cannot be, whoever pressed it is told so, and nobody waits for that. */
async function takeClick({ payload, body }: SlackSaid, options: TakingOptions): Promise<SlackAnswer> {
  try {
    await options.inbox.store(clickDelivery(payload, body, new Date().toISOString()));
  } catch (error) {
    options.log.error({ err: error }, 'A click could not be stored');
    const text =
      'Baton could not record this click, and nothing was done. Please press it again in a minute.';
    void respondInPrivate(payload, text, options).catch((failure: unknown) =>
      options.log.error({ err: failure }, 'Whoever pressed the button could not be told'),
    );
  }
  return {};
}

async function takeEvent({ payload, body }: SlackSaid, { inbox }: TakingOptions): Promise<SlackAnswer> {
  await inbox.store(slackEventDelivery(payload, body, new Date().toISOString()));
  return {};
}
