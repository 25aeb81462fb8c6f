import type { LowerMode } from './mode.ts';
import type { OtherInput, ParkDecision } from './park.ts';
import type { AnswerValues } from './question.ts';

/** How long an incident is to rest: so long, or until a time of day where the person is, the next one if no day is named. */
export type RestTime =
  | { minutes: number }
  /** As `09:00`. */
  | { until: string; day?: 'today' | 'tomorrow' };

/**
 * What a person asks for in Slack, by a command, a form, a shortcut or a button. It is read from what was said, and gives no right to
 * anything: who the person is and what they may do is looked up when it is carried out.
 *
 * `incident`: a number (`42`), an id (`Q1DWGPWQ3Y9XJR`) or a mark of another account (`eu-42`). Left out: that of the channel.
 */
export type PersonRequest = { incident?: string } & (
  | { do: 'acknowledge' | 'resolve' | 'escalate' | 'status' | 'on-call' }
  | ({ do: 'snooze' } & RestTime)
  | { do: 'reassign'; slackUserIds: readonly string[] }
  | { do: 'priority'; priority: string }
  | { do: 'note'; text: string }
  /** Publishes a status update to those who follow the incident. */
  | { do: 'update'; text: string }
  /** Sends a change event to the service of this name or id. */
  | { do: 'change'; service: string; text: string; link?: string }
  | { do: 'responders'; slackUserIds: readonly string[]; message?: string }
  | { do: 'run'; workflow: string; input: Readonly<Record<string, string>>; reason?: string }
  /** Without an id nothing is decided: what waits on the channel's incident is shown. */
  | { do: 'approve' | 'refuse'; approvalId?: string; reason?: string }
  /** Answers what a run asks: with the option that was pressed, or with what was filled in. */
  | { do: 'answer'; questionId: string; values: AnswerValues }
  /** Decides what becomes of a parked run. `input`: what takes the place of the input of its step. */
  | { do: 'unpark'; questionId: string; decision: ParkDecision; input?: OtherInput; reason?: string }
  /** Without an id: the one run that is live on the channel's incident and changes something; of several, they choose. */
  | { do: 'stop'; runId?: string; reason?: string }
  /** How a trigger stands, and what it has said; of none in particular, how all stand. */
  | { do: 'triggers'; trigger?: string }
  | { do: 'lower'; trigger: string; to: LowerMode; reason?: string }
  /** Asks for a code by which they prove who they are in PagerDuty. */
  | { do: 'link' }
  /** A message in Slack is put on the incident's timeline. */
  | { do: 'timeline'; text: string; author?: string; permalink?: string }
);

/** A request, with who asked and where. */
export interface SlackRequest {
  request: PersonRequest;
  by: 'command' | 'button' | 'form' | 'shortcut';
  /** `teamId` is the workspace of the request, empty where Slack names none; `homeTeamId` the person's, where it is another one. */
  user: { id: string; name: string; teamId: string; homeTeamId?: string };
  channelId: string;
  /** Of the message that a button or shortcut belongs to. */
  messageTs?: string;
  threadTs?: string;
  /** When, ISO 8601. */
  askedAt?: string;
}
