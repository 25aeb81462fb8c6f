import type { AnyActivity } from '../../activities/activity.ts';
import type { PersonRequest, SlackRequest } from '../../domain/person-request.ts';
import { choiceField, type Question } from '../../domain/question.ts';
import { incidentOfMark } from '../../domain/subject.ts';
import type { Startable } from '../../triggers/startable.ts';
import { readStepForm, stepFields } from '../other-input.ts';
import { readCommand, slashCommand } from './commands.ts';
import { type Form, formView, isOurForm, questionOf, readForm } from './forms.ts';
import {
  type Press,
  readPress,
  readShortcut,
  readSlashCommand,
  readSubmission,
  requestDelivery,
  type Told,
} from './person-requests.ts';
import { receiptOf } from './receipt.ts';
import { respondInPrivate } from './respond.ts';
import type { SlackAnswer, SlackSaid, TakingOptions } from './said.ts';
import { readStart, startFields } from './startable-forms.ts';
import { type Modal, notice } from './view.ts';
import { plainText } from './words.ts';

/** What is asked of Slack while somebody waits for a form, or for its end. All of it rejects where Slack does not answer in time. */
export interface ShowsForms {
  /** Shows it to whoever has just pressed or typed: a `triggerId` lives 3 s. */
  open(triggerId: string, view: Modal): Promise<void>;
  /** Whether a message stands in an incident's room, and where people find it. */
  lookAt(message: {
    channelId: string;
    messageTs: string;
    threadTs?: string | undefined;
  }): Promise<{ isRoom: boolean; permalink: string }>;
  /** Shows a text to one person alone. A form comes without the address at which other interactions are answered. */
  tell(person: { channelId: string; userId: string }, text: string): Promise<void>;
}

/** How forms are shown, and what workflows they are made for. */
export interface Forms extends ShowsForms {
  startable(): Promise<readonly Startable[]>;
  /** An activity by its name. */
  activity(name: string): Promise<Pick<AnyActivity, 'input'> | undefined>;
  /** A question as it is kept. Rejects where the store is away. */
  question(id: string): Promise<Question | undefined>;
}

/** The message shortcut that the manifest declares. */
export const timelineShortcut = 'add_to_timeline';

/** What a form's place in the conversation is without one: the command that says the same. */
function insteadOf(form: Exclude<Form, { form: 'answer' | 'skip' | 'abort' | 'retry' }>): string {
  switch (form.form) {
    case 'note':
      return 'note what you saw';
    case 'update':
      return 'update what they are to know';
    case 'snooze':
      return 'snooze 30m';
    case 'change':
      return 'change "Service" what was changed';
    case 'approve':
    case 'refuse':
      return `${form.form} ${form.approvalId} why`;
    case 'run':
      return 'run workflow name=value because why';
    case 'timeline':
      return 'note #42 what was said';
  }
}

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

function notShown(form: Form): string {
  const why = 'Slack did not let Baton open the form, and nothing was done.';
  switch (form.form) {
    case 'answer':
      return `${why} Press again, or answer in a terminal: \`npx baton questions answer ${form.question.id} name=value\`.`;
    case 'skip':
    case 'abort':
    case 'retry':
      return `${why} Press again, or decide in a terminal: \`npx baton runs unpark\`.`;
    default:
      return `${why} Write it as a command: \`${slashCommand} ${insteadOf(form)}\`.`;
  }
}

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
  { connection, inbox, isTemporalUp, log }: TakingOptions,
): Promise<string> {
  try {
    await inbox.store(requestDelivery(request, by, told, body, connection));
  } catch (error) {
    log.error({ err: error }, 'What somebody asked for in Slack could not be stored');
    return 'Baton could not record this, and nothing was done. Please ask again in a minute, or act in PagerDuty.';
  }
  return receiptOf(request, isTemporalUp());
}

/** The buttons that are answered here, and what comes of each; the others are clicks on the status card. */
type Pressed = { request: PersonRequest } | { form: Form } | { answers: string; as: 'answer' | 'retry' };

function pressed({ actionId, value }: Press): Pressed | undefined {
  // Of several in one message each has a number of its own behind it.
  switch (actionId.replace(/\.\d+$/, '')) {
    case 'escalate':
      return incidentOfMark(value) && { request: { do: 'escalate', incident: value } };
    case 'note':
      return incidentOfMark(value) && { form: { form: 'note', incident: value } };
    case 'approve':
      return { request: { do: 'approve', approvalId: value } };
    case 'refuse':
      return { request: { do: 'refuse', approvalId: value } };
    case 'answer':
      return chosen(value);
    case 'answer_form':
      return { answers: value, as: 'answer' };
    case 'unpark_retry':
      return { request: { do: 'unpark', questionId: value, decision: 'retry' } };
    case 'unpark_input':
      return { answers: value, as: 'retry' };
    case 'unpark_skip':
    case 'unpark_abort':
      return { form: { form: actionId === 'unpark_skip' ? 'skip' : 'abort', questionId: value } };
    case 'stop':
      return { request: { do: 'stop', runId: value } };
    case 'approve_with_reason':
      return { form: { form: 'approve', approvalId: value } };
    case 'refuse_with_reason':
      return { form: { form: 'refuse', approvalId: value } };
    default:
      return undefined;
  }
}

/** The option of a question that was pressed: `<id>/<value>`. */
function chosen(pressed: string): Pressed | undefined {
  const [, questionId, choice] = /^([^/]+)\/(.+)$/s.exec(pressed) ?? [];
  if (questionId === undefined || choice === undefined) return undefined;
  return { request: { do: 'answer', questionId, values: { [choiceField]: choice } } };
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
  else if ('answers' in asked) await openAnswer(asked, press, said, options);
  else if (!(await isShown(asked.form, press.triggerId, { channelId, messageTs }, options)))
    tell(notShown(asked.form), said, options);
  return {};
}

/** The form of a question, for whoever presses on a message that shows just this question: an id alone tells nothing. */
async function openAnswer(
  { answers: id, as }: Extract<Pressed, { answers: string }>,
  { triggerId, told: { channelId, messageTs } }: Press,
  said: SlackSaid,
  options: TakingOptions,
): Promise<void> {
  const question = await options.forms?.question(id).catch((error: unknown) => {
    options.log.warn({ err: error }, 'A question could not be read for its form');
    return undefined;
  });
  const isShownHere = question?.messages.some(
    (message) => message.channelId === channelId && message.ts === messageTs,
  );
  if (!question || !isShownHere)
    return tell(
      'Nothing was done: Baton knows of no question that this message shows. Press again in a moment.',
      said,
      options,
    );
  if (question.state !== 'pending')
    return tell(`Nothing was done: the question is ${question.state} already.`, said, options);
  const form = as === 'answer' ? { form: as, question } : await retryForm(question, options);
  if (!form)
    return tell(
      'Nothing was done: Baton knows no form for this step. Decide in a terminal: `npx baton runs unpark`.',
      said,
      options,
    );
  if (!(await isShown(form, triggerId, { channelId, messageTs }, options)))
    tell(notShown(form), said, options);
}

/** Undefined: it is no parked step, or one that this server does not know. */
async function retryForm(question: Question, { forms }: TakingOptions): Promise<Form | undefined> {
  const activity = question.parked && (await forms?.activity(question.parked.step));
  if (!activity || !question.parked) return undefined;
  return { form: 'retry', question, fields: stepFields(activity, question.parked) };
}

async function takeForm(
  submission: NonNullable<ReturnType<typeof readSubmission>>,
  said: SlackSaid,
  options: TakingOptions,
): Promise<SlackAnswer> {
  const firstBlock = Object.keys(submission.values)[0] ?? 'text';
  try {
    const startable = (await options.forms?.startable()) ?? [];
    const questionId = questionOf(submission);
    const question = questionId === undefined ? undefined : await options.forms?.question(questionId);
    const { parked } = question ?? {};
    const activity = parked && (await options.forms?.activity(parked.step));
    const read = readForm(submission, {
      inputOf: (workflow) => startFields(workflow, startable),
      question,
      step: activity && ((texts) => readStepForm(activity, parked, texts)),
    });
    if (!read)
      return formErrors({
        [firstBlock]: 'Baton cannot read this form any more. Close it and ask for it again.',
      });
    if ('errors' in read) return formErrors(read.errors);
    const { channelId, messageTs } = read.place;
    const told = { ...submission.told, channelId, ...(messageTs === undefined ? {} : { messageTs }) };
    await options.inbox.store(requestDelivery(read.request, 'form', told, said.body, options.connection));
    const isUp = options.isTemporalUp();
    const receipt = receiptOf(read.request, isUp);
    return isUp && (await isTold(told, receipt, options)) ? {} : formNotice(receipt);
  } catch (error) {
    options.log.error({ err: error }, 'A form could not be stored');
    return formErrors({
      [firstBlock]: 'Baton could not record this, and nothing was done. Send it again in a minute.',
    });
  }
}

/** False where the form itself has to say it: Baton may not be in the channel. */
async function isTold(
  { channelId, user }: Told,
  text: string,
  { forms, log }: TakingOptions,
): Promise<boolean> {
  if (!forms) return false;
  try {
    await forms.tell({ channelId, userId: user.id }, text);
    return true;
  } catch (error) {
    log.warn({ err: error }, 'Whoever sent a form could not be told in the channel');
    return false;
  }
}

/** Shown in the form, which stays open: https://docs.slack.dev/surfaces/modals#displaying_errors */
const formErrors = (errors: Record<string, string>): SlackAnswer => ({
  answer: { response_action: 'errors', errors },
});

/** In place of the form, which was taken. */
const formNotice = (text: string): SlackAnswer => ({
  answer: { response_action: 'update', view: notice('Recorded', text) },
});

async function takeShortcut(
  { text, author, triggerId, told }: NonNullable<ReturnType<typeof readShortcut>>,
  said: SlackSaid,
  options: TakingOptions,
): Promise<SlackAnswer> {
  const words = plainText(text).slice(0, 3_000);
  if (words === '') {
    tell('Nothing was done: the message has no text for the timeline.', said, options);
    return {};
  }
  const seen = await lookAt(told, options);
  const message = {
    text: words,
    ...(author === undefined ? {} : { author }),
    ...(seen?.permalink === undefined ? {} : { permalink: seen.permalink }),
  };
  const { channelId, messageTs } = told;
  if (seen && !seen.isRoom) {
    const form: Form = { form: 'timeline', message };
    if (!(await isShown(form, triggerId, { channelId, messageTs }, options)))
      tell(notShown(form), said, options);
    return {};
  }
  tell(await stored({ do: 'timeline', ...message }, 'shortcut', told, said, options), said, options);
  return {};
}

/** Undefined where it cannot be told in time: then it is told later that no incident was named. */
async function lookAt({ channelId, messageTs, threadTs }: Told, { forms, log }: TakingOptions) {
  if (!forms || messageTs === undefined) return undefined;
  try {
    return await forms.lookAt({ channelId, messageTs, threadTs });
  } catch (error) {
    log.warn({ err: error }, 'Whether a message in Slack stands in an incident’s room could not be told');
    return undefined;
  }
}

/** What stands in the answer to an interaction Slack ignores: it is told at the address that came along. Nobody waits for that. */
function tell(text: string, { payload }: SlackSaid, options: TakingOptions): void {
  void respondInPrivate(payload, text, options).catch((error: unknown) =>
    options.log.error({ err: error }, 'Whoever asked for something in Slack could not be told'),
  );
}
