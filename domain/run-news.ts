import type { Delivery } from './delivery.ts';
import type { WaitsFor } from './event.ts';
import type { RunRow } from './run.ts';
import { type RunTelling, runEvent } from './run-end.ts';

type Told = Omit<Delivery, 'body'>;
type Run = Omit<RunRow, 'state'>;

/** That a run has begun. It is the same event, however often it is told. */
export const runStarted = (run: Run, telling: RunTelling): Told =>
  runEvent('run.started', run, telling, { outcome: 'started', healthy: false });

/** That a run waits for people. One run may wait again and again: each time is an event of its own. */
export const runWaiting = (run: Run, waitsFor: WaitsFor, telling: RunTelling): Told =>
  runEvent('run.waiting', run, telling, { outcome: 'waiting', healthy: false, waitsFor }, waitsFor.id);

/** That a run waits no more for what it has waited for. */
export const runWentOn = (run: Run, waitedFor: WaitsFor, telling: RunTelling): Told =>
  runEvent('run.went_on', run, telling, { outcome: 'went on', healthy: false, waitedFor }, waitedFor.id);
