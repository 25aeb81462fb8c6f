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

/** The approval of the call that is being taken up. */
export const approvalOfCall = (): string | undefined => given;
