import { activityInfo } from '@temporalio/activity';
import type { Actor } from '../activities/activity.ts';
import type { Baton, Performed } from '../activities/baton.ts';
import { notConnected, refused } from '../activities/failures.ts';
import type { Principal, Role, Scope } from '../domain/rights.ts';
import type { Authority } from '../secrets/authority.ts';
import type { Store } from '../store/store.ts';
import { requestersOf } from './approvals.ts';
import { causeSchema } from './authority.ts';
import { foundOut } from './found-out.ts';

/** Carries out an operation for somebody: the door that the process gives to its worker. */
export type Perform = (
  operation: string,
  input: Record<string, unknown>,
  principal: Principal,
  key: string,
) => Promise<Performed>;

export interface BatonOptions {
  store: Store;
  /** Makes the addresses of callbacks. Left out: there are none. */
  authority?: Pick<Authority, 'callbackToken'> | undefined;
  /** Where others reach this Baton. */
  publicUrl?: (() => string | undefined) | undefined;
  /** Left out: nothing is carried out for people in Slack. */
  perform?: Perform | undefined;
  /** Of people to whom nobody gave a role: what they may do to an incident PagerDuty says besides. */
  responderRole?: Role | undefined;
}

/** All that a run may ask for on its own behalf. What people decide is not among it. */
const operationsOfRuns: ReadonlySet<string> = new Set([
  'workflows.list',
  'runs.start',
  'runs.show',
  'runs.stop',
]);

const performNothing: Perform = async (operation) => ({
  refusal: `This worker cannot carry out ${operation}: it was started without the operations`,
});

/** Baton itself, for its own activities. */
export function batonFor({
  store,
  authority,
  publicUrl,
  perform = performNothing,
  responderRole = 'responder',
}: BatonOptions): Baton {
  async function rightsOf(email: string): Promise<{ role: Role; scope?: Scope }> {
    const person = await store.findPerson(email.toLowerCase());
    const limits = person?.scope === undefined ? {} : { scope: person.scope };
    return { role: person?.role ?? responderRole, ...limits };
  }
  async function principalOf({
    kind,
    name: calledName,
    email,
    alsoKnownAs = [],
  }: Actor): Promise<Principal | undefined> {
    if (kind !== 'person' || !email) return undefined;
    return {
      kind: 'person',
      name: email.toLowerCase(),
      ...(await rightsOf(email)),
      calledName,
      alsoKnownAs,
    };
  }
  /**
   * Of a run that asks on its own behalf. What it starts is asked about where it could not be taken back: see `runs.start`. Whoever has asked for
   * this run has asked for that one, too, and does not approve it.
   */
  async function ofRun(operation: string): Promise<Principal | undefined> {
    if (!operationsOfRuns.has(operation)) return undefined;
    const id = activityInfo().workflowExecution?.workflowId ?? '';
    const cause = causeSchema.safeParse(await store.findCause(id)).data;
    if (!cause) return undefined;
    const run = { id, chain: [...(cause.chain ?? []), cause.trigger] };
    return { kind: 'baton', name: `run ${id}`, role: 'operator', alsoKnownAs: requestersOf(cause), run };
  }
  const { askApproval, findApproval, closeApproval, showedApproval } = store;
  const { keepLinkCode, redeemLinkCode, findPersonInSlack } = store;
  const { untoldNotices, claimNotices, toldNotices, modesOn, deedsOn } = store;
  return {
    callbackUrl(id, key) {
      if (!key.startsWith(`${id.slice(0, id.lastIndexOf('#callback#'))}#`))
        throw refused('Baton', `${id} is no callback of this run`);
      const address = publicUrl?.();
      if (address === undefined || !authority)
        throw notConnected('Baton', 'BATON_PUBLIC_URL to the address at which others reach it');
      return `${address.replace(/\/$/, '')}/callbacks/${authority.callbackToken(id)}`;
    },
    roleOf: async (email) => (await rightsOf(email)).role,
    askApproval,
    findApproval,
    closeApproval,
    showedApproval,
    findQuestion: store.findQuestion,
    keepLinkCode,
    redeemLinkCode,
    findPersonInSlack,
    untoldNotices,
    claimNotices,
    toldNotices,
    deedsOn,
    modesOn,
    foundOut: (subject, trigger) => foundOut(subject, trigger, store),
    async perform(operation, input, by, key) {
      const principal = by ? await principalOf(by) : await ofRun(operation);
      if (!by && !principal) return { refusal: 'nobody is known in whose name this is asked for' };
      if (principal) return perform(operation, input, principal, key);
      return {
        refusal: `Baton knows no e-mail address of ${by?.name}, and so not what they may do. Prove who you are: /baton link-me`,
      };
    },
  };
}
