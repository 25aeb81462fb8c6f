import { ApplicationFailure } from '@temporalio/common';
import type { AnyProvider } from '../../activities/provider.ts';
import { actorOf } from '../../domain/rights.ts';
import type { SetUp, SetUpCall, SetUpFound, SetUpGiven, SetUpItem, SetUpStep } from '../../domain/set-up.ts';
import type { MadeBySetUp } from '../../store/connections/set-up.ts';
import type { ConnectionValues } from '../../store/connections/stored-connections.ts';
import { checkedValues } from '../operations/connection-values.ts';
import { entryAbout, findConnection } from '../operations/connections.ts';
import type { OperationContext } from '../operations/operation.ts';
import { Refusal } from '../refusal.ts';

/** What became of one thing. */
export interface StepDone {
  kind: string;
  name: string;
  outcome: 'made' | 'made before' | 'was there' | 'to be made' | 'changed' | 'to be changed';
  id?: string;
}

export interface SetUpDone {
  steps: StepDone[];
  /** What was sent, or would be, in this order. */
  calls: SetUpCall[];
  warnings: string[];
}

/**
 * Looks for each thing that a connection needs at its provider, and makes what is not there. That it is about to be made is kept before, and
 * that it was made, with what the connection has by it, at once after it. So whoever does it again, also after a crash in between, makes
 * nothing twice. `dryRun`: only looks.
 */
export async function carryOut(
  { setUp, client, provider }: { setUp: SetUp<unknown>; client: unknown; provider: AnyProvider },
  { given, dryRun }: { given: SetUpGiven; dryRun: boolean },
  context: OperationContext,
  signal: AbortSignal,
): Promise<SetUpDone> {
  const { store } = context;
  const { connection } = given;
  const done: SetUpDone = { steps: [], calls: [], warnings: [] };
  const soFar: Partial<Record<string, SetUpFound>> = {};
  const kept = await store.listSetUp(connection);

  const lineOf = (place: Pick<SetUpStep, 'kind' | 'name' | 'of'>, id: string): MadeBySetUp => ({
    ...place,
    id,
    entry: entryAbout('connection.set_up', connection, { kind: place.kind, id, thing: place.name }, context),
  });
  const keep = (found: SetUpFound, made?: MadeBySetUp) =>
    keepValues(connection, provider, { found, made }, context);

  for (const stepAfter of setUp.steps?.(client, given) ?? []) {
    const step = stepAfter(soFar);
    if (!step) continue;
    const { kind, name, of } = step;
    const place = { kind, name, of };
    const before = kept.find((each) => isAt(each, place));
    const looked = await step.look(before, signal);
    if ('there' in looked) {
      const { there, change } = looked;
      const isUnsure = before !== undefined && before.id === undefined;
      const isOurs = isUnsure ? !there.isOthers : before?.id === there.id;
      if (!dryRun) {
        await keep(there, isUnsure && isOurs ? lineOf(place, there.id) : undefined);
        if (isUnsure && !isOurs) await store.withdrawSetUp(connection, place);
        if (!isOurs) await store.noteAdopted(connection, { ...place, id: there.id });
        await change?.make(signal);
        if (isOurs && before?.earlier !== undefined) await store.settleSetUp(connection, place);
      }
      done.calls.push(...(change?.calls ?? []));
      soFar[kind] = there;
      done.steps.push({
        kind,
        name: there.name,
        outcome: change ? (dryRun ? 'to be changed' : 'changed') : isOurs ? 'made before' : 'was there',
        id: there.id,
      });
      done.warnings.push(...(there.warnings ?? []));
      continue;
    }
    done.calls.push(...looked.calls);
    done.warnings.push(...(looked.willBe.warnings ?? []));
    if (dryRun) {
      soFar[kind] = looked.willBe;
      done.steps.push({ kind, name, outcome: 'to be made' });
      continue;
    }
    await store.intendSetUp(connection, place, actorOf(context.principal));
    const made = await looked.make(signal).catch(async (error: unknown) => {
      if (isNotMade(error)) await store.withdrawSetUp(connection, place);
      throw error;
    });
    await keep(made, lineOf(place, made.id));
    await store.forgetAdopted(connection, place);
    await made.settle?.(signal);
    if (before) await store.settleSetUp(connection, place);
    soFar[kind] = made;
    done.steps.push({ kind, name: made.name, outcome: 'made', id: made.id });
  }
  return done;
}

const isAt = (item: SetUpItem, { kind, name, of }: Pick<SetUpItem, 'kind' | 'name' | 'of'>) =>
  item.kind === kind && item.name === name && item.of === of;

/** The provider has said that it did nothing. */
const isNotMade = (error: unknown) =>
  error instanceof ApplicationFailure && (error.details?.[0] as { effect?: string })?.effect === 'none';

/** A connection is changed by few. What was just made must not be lost for one of them. */
const mostTries = 5;

/** Keeps what the connection has by something, together with the fact that it was made. */
export async function keepValues(
  name: string,
  provider: AnyProvider,
  {
    found,
    made,
    taken = [],
  }: { found: SetUpFound; made: MadeBySetUp | undefined; taken?: readonly string[] },
  context: OperationContext,
): Promise<void> {
  const { connections, store, principal } = context;
  if (!found.values) {
    if (made) await store.noteSetUp(name, made);
    return;
  }
  for (let tries = 0; tries < mostTries; tries += 1) {
    await connections.look();
    const before = await findConnection(name, context);
    const values = found.values(before.values ?? {});
    const gone = taken.filter((key) => before.values?.[key] !== undefined);
    const isKnown = Object.entries(values).every(([key, value]) => before.values?.[key] === value);
    if (isKnown && gone.length === 0) {
      if (made) await store.noteSetUp(name, made);
      return;
    }
    const left = Object.entries(before.values ?? {}).filter(([key]) => !gone.includes(key));
    const checked = checkedValues(provider, { ...Object.fromEntries(left), ...values });
    const detail = { provider: provider.name, variables: [...Object.keys(values), ...gone].sort() };
    const entry = entryAbout('connection.changed', name, detail, context);
    const given = { ...checked, by: actorOf(principal), entry, ...(made ? { made } : {}) };
    if (await connections.change(before, given)) return;
  }
  throw new Refusal(
    409,
    'Changed meanwhile',
    `The connection ${name} is changed by others again and again. Do it again.`,
  );
}

/** Adds the connection, or gives it these values where it is there, and takes those away. Nothing else of it changes. */
export async function addOrChange(
  name: string,
  provider: AnyProvider,
  { given: values, taken: all }: { given: ConnectionValues; taken: readonly string[] },
  context: OperationContext,
): Promise<'made' | 'was there'> {
  const { connections, principal } = context;
  const by = actorOf(principal);
  const detail = { provider: provider.name, variables: Object.keys(values).sort() };
  if (!(await connections.look()).connections.has(name)) {
    const entry = entryAbout('connection.added', name, detail, context);
    const checked = checkedValues(provider, values);
    if (await connections.add({ name, provider: provider.name, ...checked, by, entry })) {
      await connections.look();
      return 'made';
    }
  }
  const found = { id: '', name, values: () => values };
  const taken = all.filter((variable) => !(variable in values));
  await keepValues(name, provider, { found, made: undefined, taken }, context);
  await connections.look();
  return 'was there';
}

/** What a provider did not do, as a refusal: its own words are without secrets. */
export function asRefusal(error: unknown, next: string): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  const { message, type } = error;
  switch (type) {
    case 'Conflict':
      return new Refusal(409, 'Conflict', `${message}.`);
    case 'ProviderRefused':
    case 'InvalidInput':
    case 'NotConnected':
      return new Refusal(422, 'Not possible', `${message}.`);
    default:
      return new Refusal(503, 'No answer', `${message}. ${next}`, 30);
  }
}
