import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';

/** Whether Temporal answers, as the dispatcher and `/readyz` see it. */
export interface TemporalState {
  readonly up: boolean;
  /** It is not up, and yet it answers: it refuses calls, and perhaps only some. */
  readonly refuses: boolean;
  /** ISO time of the last change. */
  readonly since: string;
  /** Why it is not up, and what to check. */
  readonly reason: string | undefined;
  /** A call was answered. */
  seen(): void;
  /** A call was not answered, or refused for a reason of ours: resolves when it may be made again, or when waiting is over. */
  untilBack(error: unknown): Promise<void>;
  /** Called whenever Temporal is there again. */
  onUp(listener: () => void): void;
  /** Waits for the last answer: the client may be closed thereafter, and must not be while it tries again. */
  stop(): Promise<void>;
}

/** gRPC codes by name, for the log and the metric. https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;
export type GrpcName = (typeof names)[number];

/** Temporal or the way to it is not there now. When it answers anything, the same call may succeed. */
const away: ReadonlySet<GrpcName> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
  'UNAVAILABLE',
]);

/** How Temporal, or a proxy before it, refuses what we are or where we ask, and not what we ask for: somebody has to look. */
const advice: Partial<Record<GrpcName, string>> = {
  PERMISSION_DENIED:
    'it does not let us in: check that TEMPORAL_API_KEY (or the certificate) may use TEMPORAL_NAMESPACE',
  UNAUTHENTICATED:
    'it does not know our credentials: check TEMPORAL_API_KEY (or the certificate); it may have expired',
  FAILED_PRECONDITION:
    'it is not in a state to serve us: check TEMPORAL_NAMESPACE and the state of that namespace',
  UNIMPLEMENTED: 'what answers there is no Temporal: check TEMPORAL_ADDRESS, and any proxy in between',
  INTERNAL: 'it, or a proxy in between, has an internal error: check its log, and TEMPORAL_ADDRESS',
  UNKNOWN: 'it, or a proxy in between, gave an answer that says nothing: check its log, and TEMPORAL_ADDRESS',
  DATA_LOSS: 'it says that it has lost data: check its log',
};

/** What is too large for Temporal has the code of a limit on the rate, and stays too large. */
const tooLarge = /larger than max|message (length )?too large|exceeds? (the )?size limit|blob (data )?size/i;

/** What an error says of Temporal, and not of the call; undefined where it is about the call. */
function faultOf(error: unknown): GrpcName | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message, cause } = error;
  if (name === 'NamespaceNotFoundError') return 'FAILED_PRECONDITION';
  if (name === 'IllegalStateError') return 'UNAVAILABLE';
  const code = 'code' in error && typeof error.code === 'number' ? names[error.code] : undefined;
  if (code !== undefined) {
    if (tooLarge.test(message)) return undefined;
    return away.has(code) || code in advice ? code : undefined;
  }
  if (cause instanceof Error && cause !== error) return faultOf(cause);
  return name === 'TransportError' || /transport error|connection (refused|error)/i.test(message)
    ? 'UNAVAILABLE'
    : undefined;
}

/** An error that says nothing about the call: the same one may succeed when Temporal, or our way to it, is mended. */
export const isTemporalAway = (error: unknown): boolean => faultOf(error) !== undefined;

/** Nobody answers now: what is asked aside from events waits, too. A refusal of it stands for itself, and holds up no event. */
export function isTemporalSilent(error: unknown): boolean {
  const fault = faultOf(error);
  return fault !== undefined && away.has(fault);
}

const everyMilliseconds = 5_000;
const answerMilliseconds = 2_000;
const firstPauseMilliseconds = 250;
const longestPauseMilliseconds = 2_000;
/** A call that is refused again and again, while Temporal answers otherwise, is made this seldom. */
const longestRefusedMilliseconds = 10_000;
/** After a refused call, what only shows that Temporal answers counts for nothing for so long. */
const refusedCountsMilliseconds = 30_000;

export interface WatchOptions {
  client: Client;
  namespace: string;
  log: Logger;
  /** Counts what calls and probes failed with. */
  count?: (code: GrpcName) => void;
}

/** Temporal's test server, which skips time, knows nothing of namespaces. What is no Temporal knows neither call. */
async function ask({ workflowService }: Client, namespace: string): Promise<unknown> {
  try {
    return await workflowService.describeNamespace({ namespace });
  } catch (error) {
    if (faultOf(error) !== 'UNIMPLEMENTED') throw error;
    return workflowService.getSystemInfo({});
  }
}

/** Watches over one connection, from now on and all the time. All lanes that wait share one probe. */
export function watchTemporal({ client, namespace, log, count }: WatchOptions): TemporalState {
  let up = false;
  let answers = false;
  let since = new Date().toISOString();
  let reason: string | undefined = 'Temporal has not answered yet';
  let told: GrpcName | undefined;
  let seenAt = Number.NEGATIVE_INFINITY;
  let refusedAt = Number.NEGATIVE_INFINITY;
  let callPause = firstPauseMilliseconds;
  let waiting: Promise<void> | undefined;
  let over = false;
  const listeners: (() => void)[] = [];
  const sleepers = new Set<() => void>();

  const sleep = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      if (over) return resolve();
      const end = () => {
        clearTimeout(timer);
        sleepers.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      sleepers.add(end);
    });

  function turnUp(): void {
    told = undefined;
    reason = undefined;
    if (up) return;
    up = true;
    since = new Date().toISOString();
    log.info('Temporal answers');
    for (const listener of listeners) listener();
  }

  function turnDown(error: unknown, fault: GrpcName): void {
    count?.(fault);
    const why =
      advice[fault] ?? 'it does not answer: check that it runs at TEMPORAL_ADDRESS, and the way to it';
    reason = `Temporal (${fault}): ${why}`;
    // One line for each kind of trouble, however many calls meet it.
    if (told !== fault) {
      const line = `${reason}. Events are taken and wait; nothing is lost.`;
      if (away.has(fault)) log.warn({ err: error }, line);
      else log.error({ err: error }, line);
    }
    told = fault;
    if (!up) return;
    up = false;
    since = new Date().toISOString();
  }

  async function probe(): Promise<boolean> {
    const begun = performance.now();
    try {
      await client.withDeadline(Date.now() + answerMilliseconds, () => ask(client, namespace));
      answers = true;
      if (performance.now() - refusedAt > refusedCountsMilliseconds) turnUp();
      return true;
    } catch (error) {
      answers = false;
      // Under load the probe alone may be late.
      if (!over && seenAt < begun) turnDown(error, faultOf(error) ?? 'FAILED_PRECONDITION');
      return false;
    }
  }

  async function watch(): Promise<void> {
    for (let pause = firstPauseMilliseconds; !over; ) {
      const answered = await probe();
      pause = answered ? firstPauseMilliseconds : Math.min(pause * 2, longestPauseMilliseconds);
      await sleep(answered ? everyMilliseconds : pause);
    }
  }

  async function waitForIt(): Promise<void> {
    await sleep(callPause);
    callPause = Math.min(callPause * 2, longestRefusedMilliseconds);
    for (let pause = firstPauseMilliseconds; !over && !(await probe()); ) {
      await sleep(pause);
      pause = Math.min(pause * 2, longestPauseMilliseconds);
    }
  }

  const watching = watch();
  return {
    get up() {
      return up;
    },
    get refuses() {
      return !up && answers;
    },
    get since() {
      return since;
    },
    get reason() {
      return reason;
    },
    seen() {
      seenAt = performance.now();
      refusedAt = Number.NEGATIVE_INFINITY;
      callPause = firstPauseMilliseconds;
      turnUp();
    },
    untilBack(error) {
      const fault = faultOf(error) ?? 'UNKNOWN';
      if (away.has(fault)) answers = false;
      else refusedAt = performance.now();
      turnDown(error, fault);
      waiting ??= waitForIt().finally(() => {
        waiting = undefined;
      });
      return waiting;
    },
    onUp(listener) {
      listeners.push(listener);
    },
    async stop() {
      over = true;
      for (const end of [...sleepers]) end();
      await Promise.all([watching, waiting]);
    },
  };
}
