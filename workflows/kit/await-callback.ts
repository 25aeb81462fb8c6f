import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { ApplicationFailure, CancellationScope, condition, patched } from '@temporalio/workflow';
import {
  type Callback,
  type CallbackEvent,
  callbackPlace,
  type DataOfSchema,
  type DataSchema,
} from '../../domain/callback.ts';
import { oneLine } from '../../domain/text.ts';
import { steps } from './activities.ts';
import { nextNumber } from './call-number.ts';
import { type FinalFailure, failureOf, mayBeDone } from './parts.ts';
import { record } from './record.ts';
import { engine, eventsSoFar, isLooking } from './run.ts';

/** What is passed on to whoever is to call back. */
export interface PassedOn {
  /** Names the callback to the activity that passes it on: `callback: id`. */
  id: string;
  /**
   * Stands for the one-time address, as the whole text of a field of the body, of a header or of the query. The worker puts the address there as
   * it sends.
   */
  url: string;
}

interface Waiting<Schema extends DataSchema> {
  /** What the callback has to bring, as JSON Schema. Anything else is refused with what is wrong, and the run waits on. */
  schema: Schema;
  /** After this no callback is taken any more. */
  timeout: Duration;
  /** What a run that only looks goes on with. Left out: as if nobody called. */
  assume?: NoInfer<DataOfSchema<Schema>>;
}

/** What came, or that nothing came in time. */
export type Received<Data> = { data: Data; receivedAt: string } | { expired: true };

/** What is told may be lost, so what is kept is looked at so often. */
const lookAgainMs = 3_600_000;

/**
 * Passes on a one-time address, and waits for whoever calls back there: for days, through crashes, deploys and outages. The callback may come before
 * `pass` is done. Where `pass` fails and may have arrived all the same, the callback tells: only where none comes in time the run fails, and says that this is
 * not known.
 */
export async function awaitCallback<const Schema extends DataSchema>({
  schema,
  timeout,
  assume,
  pass,
}: Waiting<Schema> & { pass(callback: PassedOn): Promise<unknown> }): Promise<
  Received<DataOfSchema<Schema>>
> {
  const milliseconds = msToNumber(timeout);
  if (!(milliseconds > 0))
    throw ApplicationFailure.nonRetryable(
      'A callback is waited for with a timeout of more than 0',
      'InvalidInput',
    );
  if (isLooking()) {
    await pass({ id: 'none', url: callbackPlace });
    const goesOn = assume === undefined ? 'as if nobody called' : `with ${JSON.stringify(assume)}`;
    await record(oneLine(`Would wait for a callback. The run goes on ${goesOn}.`));
    return assume === undefined ? { expired: true } : { data: assume, receivedAt: new Date().toISOString() };
  }
  const { id } = await engine.openCallback({ number: nextNumber('awaitCallback'), schema });
  let because = 'nobody called in time';
  let came: Callback | undefined;
  let unsure: FinalFailure | undefined;
  try {
    const from = eventsSoFar().length;
    const end = Date.now() + milliseconds;
    unsure = await passOn(() => pass({ id, url: callbackPlace }));
    came = await untilReceived(id, from, end);
  } catch (error) {
    because = 'the run waits for it no more';
    throw error;
  } finally {
    // It may have come at the last moment: then it counts.
    if (!came) came = await CancellationScope.nonCancellable(() => engine.closeCallback({ id, because }));
  }
  // The server has read it by this schema.
  if (came?.state === 'received')
    return { data: came.data as DataOfSchema<Schema>, receivedAt: came.receivedAt ?? '' };
  if (unsure)
    throw ApplicationFailure.nonRetryable(
      `Nobody called back in time, and it is not known whether the request arrived. Look there before it is tried again: ${unsure.message}`,
      unsure.class,
    );
  return { expired: true };
}

/** Why it may not have arrived; undefined: it has. Rejects where it certainly has not. */
async function passOn(pass: () => Promise<unknown>): Promise<FinalFailure | undefined> {
  try {
    await pass();
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    // A run that failed here before has failed.
    if (!failure || !mayBeDone(error) || !patched('callback-tells-of-arrival')) throw error;
    await record(
      oneLine(
        `It is not known whether the request arrived, so the callback is waited for: ${failure.message}`,
      ),
    );
    return failure;
  }
}

async function untilReceived(id: string, from: number, end: number): Promise<Callback | undefined> {
  for (let seen = from; Date.now() < end; ) {
    await condition(() => isTold(id, seen), Math.min(end - Date.now(), lookAgainMs));
    // Before the look: what is told during it is looked at again. And no event is believed.
    seen = eventsSoFar().length;
    const kept = await engine.findCallback({ id });
    if (kept?.state === 'received') return kept;
  }
  return undefined;
}

const isTold = (id: string, from: number): boolean =>
  eventsSoFar()
    .slice(from)
    .some(({ type, data }) => type === 'callback.received' && (data as CallbackEvent).callbackId === id);

type Request = Omit<Parameters<typeof steps.sendHttpRequest>[0], 'callback'>;

/** Sends a request that passes on a one-time address, and waits for the callback there. */
export function httpRequestAndWait<const Schema extends DataSchema>({
  request,
  ...waiting
}: Waiting<Schema> & { request(callback: Pick<PassedOn, 'url'>): Request }): Promise<
  Received<DataOfSchema<Schema>>
> {
  return awaitCallback({
    ...waiting,
    pass: ({ id, url }) => steps.sendHttpRequest({ ...request({ url }), callback: id }),
  });
}
