import type { Approvals } from '../domain/approval.ts';
import type { Deed } from '../domain/deed.ts';
import type { LinkCodes } from '../domain/link-code.ts';
import type { Mode } from '../domain/mode.ts';
import type { Notices } from '../domain/notice.ts';
import type { Questions } from '../domain/question.ts';
import type { Role } from '../domain/rights.ts';
import type { RunRow } from '../domain/run.ts';
import type { Actor } from './activity.ts';

/** What an operation answers, or why it does nothing, in words for whoever asked. */
export type Performed = { output: unknown } | { refusal: string };

/** What one trigger has said to the beginning of an incident, and its run. */
export interface FoundOut {
  /** An event of it has arrived. */
  heard: boolean;
  /** Left out: the trigger has not been asked yet. */
  answer?: { answer: string; reason: string };
  run?: Pick<RunRow, 'id' | 'state' | 'outcome'> & { failure?: string; steps: string[] };
}

/**
 * Baton itself, as its own activities ask it. What is done in somebody's name goes through the operations: the same rights, checks
 * and lines in the record as by the API and the command.
 */
export interface Baton extends Approvals, Pick<Questions, 'findQuestion'>, LinkCodes, Notices {
  /** The runs on an incident but rehearsals: by which trigger, in which mode. The incident as lists tell it. */
  modesOn(subject: string): Promise<{ trigger: string; mode: Mode }[]>;
  /** What they have changed that cannot be taken back harmlessly, and what a guard has held, oldest first. */
  deedsOn(subject: string): Promise<Deed[]>;
  /** What has come of an incident with one trigger so far. */
  foundOut(subject: string, trigger: string): Promise<FoundOut>;
  /** The address at which the other side answers a callback. Throws where others do not reach this Baton, or it is of another run than `key`. */
  callbackUrl(id: string, key: string): string;
  /** The role that counts of the person with this address, in whose name something is done at a provider. */
  roleOf(email: string): Promise<Role>;
  /** Who a user of Slack is, by the links that the store keeps. */
  findPersonInSlack(slackUser: string): Promise<{ email: string } | undefined>;
  /**
   * Carries out an operation (`runs.stop`) in the name of a person, by the role that they have in Baton. `key`: asked again under the
   * same one it makes no second thing. Anything but a refusal is thrown. Without a person it is the run itself that asks: it may start, see
   * and stop runs.
   */
  perform(
    operation: string,
    input: Record<string, unknown>,
    by: Actor | undefined,
    key: string,
  ): Promise<Performed>;
}
