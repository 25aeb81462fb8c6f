/** So often an event is sent that PagerDuty takes and that then cannot be seen to have done anything. */
const sentAtMost = 3;

/** What a look has shown of what was sent. */
export interface Seen {
  confirmed: boolean;
  /** False: nobody can tell. */
  readable: boolean;
  reason: string;
}

/**
 * Looks whether what was sent has done anything, and sends it again where it has not: a 202 of PagerDuty's says only that it was taken.
 * Returns why there is no proof in the end; undefined: there is.
 */
export async function seenOrSentAgain(
  look: () => Promise<Seen>,
  send: () => Promise<unknown>,
): Promise<string | undefined> {
  for (let sent = 1; ; sent += 1) {
    const { confirmed, readable, reason } = await look();
    if (confirmed) return undefined;
    // What cannot be looked at is no reason to send it again.
    if (!readable || sent >= sentAtMost)
      return `accepted${sent === 1 ? '' : ` ${sent} times`}, not confirmed: ${reason}`;
    await send();
  }
}
