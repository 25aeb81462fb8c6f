import { randomUUID } from 'node:crypto';
import type { OperationContext } from '../operations/operation.ts';
import { Refusal } from '../refusal.ts';

/** Each of the requests ends sooner; all together may not take longer than people wait. */
export const setUpMilliseconds = 60_000;

/** So long a setup that was cut off holds up the next one: longer than any takes. */
const turnSeconds = setUpMilliseconds / 1000 + 30;

/**
 * Begins to set up or tear down a connection, or what leads to a source of events, and gives the function that ends it. Refuses while somebody else does: two at once would make
 * things twice, and one would take away what the other has just found.
 */
export async function takeTurn(
  connection: string,
  { store }: OperationContext,
): Promise<() => Promise<void>> {
  const turn = `set-up/${connection}`;
  const holder = randomUUID();
  if (!(await store.takeDuty(turn, turnSeconds, holder)))
    throw new Refusal(
      409,
      'Under way',
      `The connection ${connection} is being set up or torn down, or that was cut off just now. Do it again in ${turnSeconds} s.`,
      turnSeconds,
    );
  // It ends by itself where the store cannot be told.
  return () => store.releaseDuty(turn, holder).catch(() => {});
}
