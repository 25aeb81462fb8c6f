import { isDrill } from '../domain/drill.ts';
import { below } from '../domain/mode.ts';
import type { RunRow } from '../domain/run.ts';
import type { Store } from '../store/store.ts';
import type { CauseOfCall } from './authority.ts';

/** So many runs in a row that have not helped take their trigger's trust. */
const failuresInARow = 3;

/**
 * The trigger of a run that has not helped falls to the mode below the run's, where that was so for the runs before it too. Nobody has called
 * for a run by hand, a run that watches has changed nothing, and in a drill nothing was wrong: none of these counts.
 */
export async function fall({ trigger }: RunRow, cause: CauseOfCall, store: Store): Promise<void> {
  const { mode: before = 'auto', startedBy, incident } = cause;
  if (before === 'plan' || startedBy || isDrill(incident)) return;
  const mode = below(before);
  if (!mode) return;
  const reason = `${failuresInARow} runs in a row did not help: what they acted on was not healthy after it`;
  await store.lowerAfterFailures({ trigger, mode, by: 'baton', reason }, failuresInARow, {
    at: new Date().toISOString(),
    actor: 'baton',
    via: 'worker',
    action: 'trigger.lowered',
    subject: `trigger:${trigger}`,
    detail: { trigger, mode, before, reason },
  });
}
