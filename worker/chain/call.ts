import type { Actor, AnyActivity, Attempt } from '../../activities/activity.ts';
import type { Baton } from '../../activities/baton.ts';
import type { Clients } from '../../activities/clients.ts';
import type { Approval, CallApproval } from '../../domain/approval.ts';
import type { Made } from '../../domain/made.ts';
import type { RunMode } from '../../domain/mode.ts';
import type { DryRun, Plan } from '../../domain/plan.ts';
import type { Proof } from '../../domain/proof.ts';
import type { Store } from '../../store/store.ts';
import type { Shown } from '../authority.ts';
import type { Placed } from '../connection.ts';
import type { Journaling } from './journal.ts';

/** What the links have to do their work with. */
export interface Surroundings {
  clients: Clients & { baton: Baton };
  store: Store;
  /** The providers whose connection `default` is simulated. */
  simulated: readonly string[];
  /** Removes secrets from a text. */
  scrub: (text: string) => string;
  /** Baton's own address. Left out: it is not told where a kept text is read. */
  publicUrl?: (() => string | undefined) | undefined;
  /** Left out: PagerDuty is told of no change but by runs themselves. */
  journal?: Journaling | undefined;
}

/** One call of an activity, as the links of its chain hand it on. */
export interface Call<Declared extends AnyActivity = AnyActivity> extends Placed {
  declaration: Declared;
  /** Of the effect. */
  key: string;
  /** Of the input, as the run gave it. */
  digest: string;
  runId: string;
  workflow: string;
  /** Temporal's count; of a change that is begun, the how-manieth at its effect. */
  attempt: number;
  /** Its run goes before others. */
  urgent?: true;
  /** A short try in the worker itself, before it is an activity like any other. */
  local?: true;
  /** Of an effect that was tried before, or made by another run. */
  before?: Pick<Attempt, 'uncertainSince' | 'made'>;
  /** The simulated providers that the call and its run reach: said in the record, and to people. */
  simulated: readonly string[];
  /** The state of its named connection, where no test has confirmed it: said in the record. */
  doubt?: string;
  /** Why, and whether that is certain. */
  shown: Shown;
  actor: Actor;
  /** Out of the signed cause, and so of no call whose cause is refused. */
  mode?: RunMode | undefined;
  approval?: CallApproval | undefined;
  /** Said by the run, which may say anything: `approvedBy` is what the store says. */
  approvalId?: string | undefined;
  /** The key of the change that it takes back. Said by the run: `takesBack` is what the store says. */
  takesBackKey?: string | undefined;
  approvedBy?: Approval;
  /** The approval of the change that it takes back, whose plan has told just this call. It overrides no guard, and allows nothing else. */
  approvedAsInverse?: Approval;
  /** It is the inverse of this change of the same run, as the store says. */
  takesBack?: Made;
  /** What the run has verified. Left out: an older version carries it out, which does not say. */
  proof?: Proof | undefined;
}

/** Whose word there is for a call: that of its own approval, or that of the change that it takes back. */
export const approvalFor = ({
  approvedBy,
  approvedAsInverse,
}: Pick<Call, 'approvedBy' | 'approvedAsInverse'>): Approval | undefined => approvedBy ?? approvedAsInverse;

/** What a call gives: its result and, of a change that was looked at and not found done, the plan, with what the provider says to it. */
export interface Outcome {
  result: unknown;
  plan?: Plan;
  dryRun?: DryRun;
}

export type Next<Given extends Call> = (call: Given) => Promise<Outcome>;

/** One reason to stand between a call and what it does: it may refuse, change, follow or hand on. */
export type Link<Given extends Call> = (call: Given, next: Next<Given>) => Promise<Outcome>;

/** A link that fits in any chain. */
export type AnyLink = <Given extends Call>(call: Given, next: Next<Given>) => Promise<Outcome>;

/** The links around what is done in the end, the outermost first. */
export function chain<Given extends Call>(links: readonly Link<Given>[], last: Next<Given>): Next<Given> {
  return links.reduceRight<Next<Given>>((next, link) => (call) => link(call, next), last);
}
