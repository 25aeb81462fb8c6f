/** Set while a call is taken up that is made by an approval. */
let given: string | undefined;

/** Makes a call by an approval. Temporal takes up a call before it returns, so nothing comes in between. */
export function by<Result>(approvalId: string, call: () => Promise<Result>): Promise<Result> {
  given = approvalId;
  try {
    return call();
  } finally {
    given = undefined;
  }
}

/** Set while a call is taken up that takes back a change. */
let takenBack: string | undefined;

/** Makes a call that takes back the change with this key. */
export function takingBack<Result>(key: string, call: () => Promise<Result>): Promise<Result> {
  takenBack = key;
  try {
    return call();
  } finally {
    takenBack = undefined;
  }
}

export const takenBackByCall = (): string | undefined => takenBack;

/** A destructive call that people have approved with the whole run, as the run gave it. */
export interface ApprovedCall {
  activity: string;
  input: unknown;
  digest: string;
}

/** An approval of all that a run does. */
export interface RunApproval {
  id: string;
  at: string;
  calls: readonly ApprovedCall[];
}

let ofRun: RunApproval | undefined;

/** The approval of the whole run, of one that proposes: it has none while it plans. */
export const approvalOfRun = (): RunApproval | undefined => ofRun;

export function approveRun(approval: RunApproval | undefined): void {
  ofRun = approval;
}

/** The approval of the call that is being taken up. */
export const approvalOfCall = (): string | undefined => given ?? ofRun?.id;

/** By which approvals calls were made that have failed, by their failures. */
const behind = new WeakMap<object, readonly string[]>();

/** Keeps by which approvals a call was made that has failed. */
export function failedUnder(failure: object, approvalIds: readonly string[]): void {
  behind.set(failure, approvalIds);
}

/** The approvals by which a call was made that has failed, the last one last. */
export const approvalsBehind = (failure: object): readonly string[] => behind.get(failure) ?? [];

/** The numbers of those whose answers the run has taken up, also before it began this history. */
const takenUp = new Set<number>();
let last = 0;

/**
 * The number of the next approval that a run asks for: the same one in a new history, while nobody has answered it. An answer that was
 * taken up is none to what is asked later.
 */
export function nextApproval(): number {
  do last += 1;
  while (takenUp.has(last));
  return last;
}

export const approvalTakenUp = (number: number): void => void takenUp.add(number);

/** What a run takes along to its next history. */
export const approvalsTakenUp = (): number[] => [...takenUp];
