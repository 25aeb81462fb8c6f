import type { PersonRequest, SlackRequest } from '../../domain/person-request.ts';
import { incidentOfMark } from '../../domain/subject.ts';
import type { Startable } from '../../triggers/startable.ts';
import { readCommand, slashCommand } from './commands.ts';
import { type Form, formView, isOurForm, readForm } from './forms.ts';
import {
  type Press,
  readPress,
  readShortcut,
  readSlashCommand,
  readSubmission,
  requestDelivery,
  type Told,
} from './person-requests.ts';
import { respondInPrivate } from './respond.ts';
import type { SlackAnswer, SlackSaid, TakingOptions } from './said.ts';
import { readStart, startFields } from './startable-forms.ts';
import type { Modal } from './view.ts';
import { plainText } from './words.ts';

/** How forms are shown, and what workflows they are made for. */
export interface Forms {
  /** Shows it to whoever has just pressed or typed: a `triggerId` lives 3 s. Rejects where Slack does not take it in time. */
  open(triggerId: string, view: Modal): Promise<void>;
  startable(): Promise<readonly Startable[]>;
}

/** The message shortcut that the manifest declares. */
export const timelineShortcut = 'add_to_timeline';

/** What a form's place in the conversation is without one: the command that says the same. */
const insteadOf: Readonly<Record<Form['form'], string>> = {
  note: 'note what you saw',
  snooze: 'snooze 30m',
  change: 'change "Service" what was changed',
  approve: 'approve why',
  refuse: 'refuse why',
  run: 'run workflow name=value',
};

const inPrivate = (text: string): SlackAnswer => ({ answer: { response_type: 'ephemeral', text } });

/** A slash command: help and what is wrong are answered at once; all else is stored, and then answered at once too. Never rejects. */
export async function takeCommand(said: SlackSaid, options: TakingOptions): Promise<SlackAnswer> {
  const read = readSlashCommand(said.payload, new Date().toISOString());
  if (!read) return inPrivate('Baton cannot read this command. Write `/baton help`.');
  const typed = readCommand(read.text);
  if ('say' in typed) return inPrivate(typed.say);
  if ('request' in typed) return inPrivate(await stored(typed.request, 'command', read.told, said, options));
  const { ask } = typed;
  const place = { channelId: read.told.channelId };
  if (ask.form !== 'run') return opened(ask, read.triggerId, place, options);
  const start = readStart(ask, (await options.forms?.startable()) ?? []);
  if ('say' in start) return inPrivate(start.say);
  if ('request' in start) return inPrivate(await stored(start.request, 'command', read.told, said, options));
  return opened(start.form, read.triggerId, place, options);
}

async function opened(
  form: Form,
  triggerId: string | undefined,
  place: { channelId: string; messageTs?: string | undefined },
  options: TakingOptions,
): Promise<SlackAnswer> {
  return (await isShown(form, triggerId, place, options)) ? {} : inPrivate(notShown(form));
}

const notShown = ({ form }: Form) =>
  `Slack did not let Baton open the form, and nothing was done. Write it as a command: \`${slashCommand} ${insteadOf[form]}\`.`;

async function isShown(
  form: Form,
  triggerId: string | undefined,
  place: { channelId: string; messageTs?: string | undefined },
  { forms, log }: TakingOptions,
): Promise<boolean> {
  if (!forms || triggerId === undefined) return false;
  try {
    await forms.open(triggerId, formView(form, place));
    return true;
  } catch (error) {
    log.warn({ err: error }, 'A form could not be shown in Slack');
    return false;
  }
}

/** Stores what is asked for, and says what will come of it. */
async function stored(
  request: PersonRequest,
  by: SlackRequest['by'],
  told: Told,
  { body }: SlackSaid,
  { inbox, isTemporalUp, log }: TakingOptions,
): Promise<string> {
  try {
    await inbox.store(requestDelivery(request, by, told, body));
  } catch (error) {
    log.error({ err: error }, 'What somebody asked for in Slack could not be stored');
    return 'Baton could not record this, and nothing was done. Please ask again in a minute, or act in PagerDuty.';
  }
  const what = wordsFor(request);
  return isTemporalUp()
    ? `Baton ${what}. You are told here when it is done.`
    : `Baton is held up now: this is recorded, and Baton ${what} as soon as it can. You are told here then. If it cannot wait, act in PagerDuty.`;
}

const about = ({ incident }: PersonRequest) =>
  incident === undefined
    ? 'the incident of this channel'
    : `incident ${/^\d+$/.test(incident) ? `#${incident}` : incident}`;

const mentions = (ids: readonly string[]) => ids.map((id) => `<@${id}>`).join(', ');

/** What Baton will do, for the person who asked. */
function wordsFor(request: PersonRequest): string {
  switch (request.do) {
    case 'acknowledge':
    case 'resolve':
      return `will ${request.do} ${about(request)} as you`;
    case 'escalate':
      return `will escalate ${about(request)} as you`;
    case 'snooze':
      return `will snooze ${about(request)} for ${request.minutes} minutes as you`;
    case 'reassign':
      return `will assign ${about(request)} to ${mentions(request.slackUserIds)}`;
    case 'responders':
      return `will ask ${mentions(request.slackUserIds)} to join ${about(request)}`;
    case 'priority':
      return `will set the priority of ${about(request)}`;
    case 'note':
      return `will add your note to ${about(request)}`;
    case 'change':
      return 'will tell PagerDuty of the change';
    case 'run':
      return `will start ${request.workflow}`;
    case 'approve':
    case 'refuse':
      return 'will give your answer';
    case 'stop':
      return 'will stop the run';
    case 'timeline':
      return `will put the message on the timeline of ${about(request)}`;
    case 'status':
      return `looks how ${about(request)} stands`;
    case 'on-call':
      return `looks who is on call for ${about(request)}`;
    case 'link':
      return 'will send you a code, by which you prove who you are in PagerDuty';
  }
}

/** The buttons that are answered here, and what comes of each; the others are clicks on the status card. */
type Pressed = { request: PersonRequest } | { form: Form };

function pressed({ actionId, value }: Press): Pressed | undefined {
  switch (actionId) {
    case 'escalate':
      return incidentOfMark(value) && { request: { do: 'escalate', incident: value } };
    case 'note':
      return incidentOfMark(value) && { form: { form: 'note', incident: value } };
    case 'approve':
    case 'refuse':
      return { request: { do: actionId, approvalId: value } };
    case 'approve_with_reason':
      return { form: { form: 'approve', approvalId: value } };
    case 'refuse_with_reason':
      return { form: { form: 'refuse', approvalId: value } };
    default:
      return undefined;
  }
}

/** A button, a form or a shortcut that asks for something. Undefined: it is another interaction. Never rejects. */
export function takeInteraction(said: SlackSaid, options: TakingOptions): Promise<SlackAnswer> | undefined {
  const now = new Date().toISOString();
  const press = readPress(said.payload, now);
  const asked = press && pressed(press);
  if (press && asked) return takePress(press, asked, said, options);
  const submission = readSubmission(said.payload, now);
  if (submission && isOurForm(submission)) return takeForm(submission, said, options);
  const shortcut = readShortcut(said.payload, now);
  if (shortcut?.callbackId === timelineShortcut) return takeShortcut(shortcut, said, options);
  return undefined;
}

async function takePress(
  press: Press,
  asked: Pressed,
  said: SlackSaid,
  options: TakingOptions,
): Promise<SlackAnswer> {
  const { channelId, messageTs } = press.told;
  if ('request' in asked)
    tell(await stored(asked.request, 'button', press.told, said, options), said, options);
  else if (!(await isShown(asked.form, press.triggerId, { channelId, messageTs }, options)))
    tell(notShown(asked.form), said, options);
  return {};
}

async function takeForm(
  submission: NonNullable<ReturnType<typeof readSubmission>>,
  said: SlackSaid,
  options: TakingOptions,
): Promise<SlackAnswer> {
  const startable = (await options.forms?.startable()) ?? [];
  const read = readForm(submission, (workflow) => startFields(workflow, startable));
  const firstBlock = Object.keys(submission.values)[0] ?? 'text';
  if (!read)
    return formErrors({
      [firstBlock]: 'Baton cannot read this form any more. Close it and write the command again.',
    });
  if ('errors' in read) return formErrors(read.errors);
  const { channelId, messageTs } = read.place;
  const told = { ...submission.told, channelId, ...(messageTs === undefined ? {} : { messageTs }) };
  try {
    await options.inbox.store(requestDelivery(read.request, 'form', told, said.body));
    return {};
  } catch (error) {
    options.log.error({ err: error }, 'A form could not be stored');
    return formErrors({
      [firstBlock]: 'Baton could not record this, and nothing was done. Send it again in a minute.',
    });
  }
}

/** Shown in the form, which stays open: https://docs.slack.dev/surfaces/modals#displaying_errors */
const formErrors = (errors: Record<string, string>): SlackAnswer => ({
  answer: { response_action: 'errors', errors },
});

async function takeShortcut(
  { text, author, told }: NonNullable<ReturnType<typeof readShortcut>>,
  said: SlackSaid,
  options: TakingOptions,
): Promise<SlackAnswer> {
  const words = plainText(text).slice(0, 3_000);
  if (words === '') {
    tell('Nothing was done: the message has no text for the timeline.', said, options);
    return {};
  }
  const request: PersonRequest = {
    do: 'timeline',
    text: words,
    ...(author === undefined ? {} : { author }),
  };
  tell(await stored(request, 'shortcut', told, said, options), said, options);
  return {};
}

/** What stands in the answer to an interaction Slack ignores: it is told at the address that came along. Nobody waits for that. */
function tell(text: string, { payload }: SlackSaid, options: TakingOptions): void {
  void respondInPrivate(payload, text, options).catch((error: unknown) =>
    options.log.error({ err: error }, 'Whoever asked for something in Slack could not be told'),
  );
}
