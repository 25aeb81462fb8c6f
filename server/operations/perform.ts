import type { z } from 'zod';
import type { Entry, EntryOf } from '../../domain/record.ts';
import { actorOf, authorize, type Principal, type Scope } from '../../domain/rights.ts';
import { Refusal } from '../refusal.ts';
import { doneLine } from './done-line.ts';
import type { AnyOperation, Operation, OperationContext } from './operation.ts';

/**
 * The one door to every operation: checks the right and then the input, carries it out, and sees to it that a change and each refusal stand
 * in the record. What cannot be written there is not done: a change of the store writes its line with it, and before one outside of the
 * store there is a line of what is intended. Throws a `Refusal` (400, 403, and what the operation itself refuses); anything else that is
 * thrown is a fault of ours.
 */
export async function perform<Input extends z.ZodObject, Output extends z.ZodType>(
  operation: Operation<string, Input, Output>,
  rawInput: unknown,
  context: OperationContext,
): Promise<z.output<Output>> {
  await admit(operation, context);
  const input = parseInput(operation, rawInput);
  const isOutside = operation.kind === 'change' && operation.writesOwnLine !== true;
  if (isOutside) await context.store.append([intended(operation, input, context)]);
  try {
    const output = operation.output.parse(await operation.run(input, context));
    // It is done. Told that it failed, its sender would have it done again; and that it was intended is written.
    if (isOutside)
      await context.store.append([done(operation, input, output, context)]).catch(() => undefined);
    return output;
  } catch (error) {
    if (error instanceof Refusal && operation.kind === 'change')
      await context.store.append([refused(operation, input, context, error)]);
    throw error;
  }
}

/**
 * Whether somebody may at all, before what is asked is looked at. A refusal is thrown, and written into the record: once a minute, since
 * whoever may not could else fill the record.
 */
export async function admit(operation: AnyOperation, context: OperationContext): Promise<void> {
  const denial = denialOf(operation, context.principal);
  if (!denial) return;
  if (isNews(`${actorOf(context.principal)} ${operation.name}`))
    await context.store.append([refused(operation, undefined, context, denial)]);
  throw denial;
}

/** When each refusal was last written, the oldest first. */
const written = new Map<string, number>();
const mostWritten = 10_000;
const againAfterMs = 60_000;

function isNews(refusal: string): boolean {
  const now = performance.now();
  const before = written.get(refusal);
  if (before !== undefined && now - before < againAfterMs) return false;
  written.delete(refusal);
  written.set(refusal, now);
  const [oldest] = written.keys();
  if (written.size > mostWritten && oldest !== undefined) written.delete(oldest);
  return true;
}

/** The input as the operation takes it; a 400 that names each field that is wrong. */
export function parseInput<Input extends z.ZodObject>(
  { input, name }: Pick<Operation<string, Input>, 'input' | 'name'>,
  raw: unknown,
): z.output<Input> {
  const parsed = input.safeParse(raw);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new Refusal(
    400,
    'Bad input',
    `${complaints.slice(0, 20).join('. ')}. ${name} takes: ${Object.keys(input.shape).join(', ') || 'nothing'}.`,
  );
}

/** Why somebody may not; undefined where he may. */
export function denialOf(
  { name, right, within = [] }: Pick<AnyOperation, 'name' | 'right' | 'within'>,
  principal: Principal,
): Refusal | undefined {
  const authorization = authorize(principal, right);
  if (!authorization.allowed) return new Refusal(403, 'Not allowed', `${name}: ${authorization.reason}`);
  const { scope = {} } = principal;
  const foreign = (Object.keys(scope) as (keyof Scope)[]).find(
    (part) => scope[part] !== undefined && !within.includes(part),
  );
  return foreign === undefined
    ? undefined
    : new Refusal(
        403,
        'Not allowed',
        `${name} cannot be limited to ${foreign}, and your access is. Use one without that limit.`,
      );
}

function done(
  operation: AnyOperation,
  input: object,
  output: unknown,
  context: OperationContext,
): EntryOf<'operation.done'> {
  const about = {
    subject: subjectOf(operation, input, output),
    input: withoutSecrets(operation, input, context),
  };
  return doneLine(operation.name, about, context);
}

const intended = (operation: AnyOperation, input: object, context: OperationContext): Entry => ({
  ...done(operation, input, undefined, context),
  action: 'operation.intended',
});

function refused(
  operation: AnyOperation,
  input: object | undefined,
  context: OperationContext,
  refusal: Refusal,
): Entry {
  const { principal, via } = context;
  return {
    at: new Date().toISOString(),
    actor: actorOf(principal),
    via,
    action: 'operation.refused',
    subject: subjectOf(operation, input),
    detail: {
      operation: operation.name,
      ...(input ? { input: withoutSecrets(operation, input, context) } : {}),
      status: refusal.status,
      reason: refusal.message,
    },
  };
}

const subjectOf = ({ name, subject }: AnyOperation, input: object | undefined, output?: unknown): string =>
  (input && subject?.(input, output)) ?? name;

const withoutSecrets = (
  { secrets = [], recorded }: AnyOperation,
  input: object,
  context: OperationContext,
): object =>
  recorded?.(input, context) ??
  Object.fromEntries(Object.entries(input).filter(([field]) => !secrets.includes(field)));
