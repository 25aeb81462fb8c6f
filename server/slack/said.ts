import type { Logger } from 'pino';
import type { PersonRequest } from '../../domain/person-request.ts';
import { incidentOfMark } from '../../domain/subject.ts';
import type { Inbox } from '../receiving/inbox.ts';
import { type Forms, takeCommand, takeInteraction } from './asked.ts';
import { clickDelivery, slackEventDelivery } from './payload.ts';
import { type Press, readPress } from './person-requests.ts';
import { receiptOf } from './receipt.ts';
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
  /** The Slack connection that it comes by. */
  connection: string;
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

/** A pressed button: stored, and whoever pressed it is told so. Nobody waits for that. */
async function takeClick({ payload, body }: SlackSaid, options: TakingOptions): Promise<SlackAnswer> {
  const tell = (text: string) =>
    void respondInPrivate(payload, text, options).catch((failure: unknown) =>
      options.log.error({ err: failure }, 'Whoever pressed the button could not be told'),
    );
  try {
    const now = new Date().toISOString();
    await options.inbox.store(clickDelivery(payload, body, now, options.connection));
    const request = clicked(readPress(payload, now));
    if (request) tell(receiptOf(request, options.isTemporalUp()));
  } catch (error) {
    options.log.error({ err: error }, 'A click could not be stored');
    tell('Baton could not record this click, and nothing was done. Please press it again in a minute.');
  }
  return {};
}

/** What a click on the status card asks for; undefined for any other interaction. */
function clicked(press: Press | undefined): PersonRequest | undefined {
  if (!press || !incidentOfMark(press.value)) return undefined;
  const { actionId, value: incident } = press;
  return actionId === 'acknowledge' || actionId === 'resolve' ? { do: actionId, incident } : undefined;
}

async function takeEvent(
  { payload, body }: SlackSaid,
  { inbox, connection }: TakingOptions,
): Promise<SlackAnswer> {
  await inbox.store(slackEventDelivery(payload, body, new Date().toISOString(), connection));
  return {};
}
