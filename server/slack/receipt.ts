import type { PersonRequest, RestTime } from '../../domain/person-request.ts';
import { markShown } from '../../domain/subject.ts';

/** What whoever asked is told at once, when it is stored and not yet carried out. */
export function receiptOf(request: PersonRequest, isTemporalUp: boolean): string {
  const what = wordsFor(request);
  return isTemporalUp
    ? `Baton ${what}. You are told here when it is done.`
    : `Baton is held up now: this is recorded, and Baton ${what} as soon as it can. You are told here then. If it cannot wait, act in PagerDuty.`;
}

const about = ({ incident }: PersonRequest) =>
  incident === undefined ? 'the incident of this channel' : `incident ${markShown(incident)}`;

function restInWords(rest: RestTime): string {
  if ('minutes' in rest) return `for ${rest.minutes} minutes`;
  return `until ${rest.until}${rest.day === undefined ? '' : ` ${rest.day}`} where you are`;
}

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
      return `will snooze ${about(request)} ${restInWords(request)} as you`;
    case 'reassign':
      return `will assign ${about(request)} to ${mentions(request.slackUserIds)}`;
    case 'responders':
      return `will ask ${mentions(request.slackUserIds)} to join ${about(request)}`;
    case 'priority':
      return `will set the priority of ${about(request)}`;
    case 'note':
      return `will add your note to ${about(request)}`;
    case 'update':
      return `will publish your status update on ${about(request)}`;
    case 'change':
      return 'will tell PagerDuty of the change';
    case 'run':
      return `will start ${request.workflow}`;
    case 'approve':
    case 'refuse':
      return request.approvalId === undefined
        ? `looks what of ${about(request)} waits for an answer, and decides nothing`
        : 'will give your answer';
    case 'answer':
      return 'will give your answer';
    case 'unpark':
      return 'will take your decision';
    case 'stop':
      return request.runId === undefined
        ? `will stop what is at work on ${about(request)}, or ask you which`
        : 'will stop the run';
    case 'triggers':
      return `looks how ${request.trigger ?? 'the triggers'} stand${request.trigger === undefined ? '' : 's'}`;
    case 'lower':
      return `will lower the trigger ${request.trigger} to ${request.to} as you`;
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
