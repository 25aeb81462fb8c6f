import type { z } from 'zod';
import type { AnyProvider } from '../../activities/provider.ts';
import type { Principal, Right } from '../../domain/rights.ts';
import type { Store } from '../../store/store.ts';
import type { StoredConnections } from '../../store/stored-connections.ts';
import type { Doctor } from '../doctor.ts';

/** By which door somebody came. */
export type Door = 'api' | 'cli' | 'console' | 'slack' | 'mcp';

/** What an operation is given beside its input. */
export interface OperationContext {
  store: Store;
  connections: StoredConnections;
  providers: readonly AnyProvider[];
  /** Looks at the connections of this process. */
  doctor: Doctor;
  principal: Principal;
  via: Door;
}

/**
 * One thing that can be asked of Baton, declared once. The API, its OpenAPI document, the command and later the console and agents are
 * doors to the list of them; none has rights, checks or queries of its own.
 *
 * - `name`: resource and verb, `incidents.list`.
 * - `kind`: a read changes nothing; a change is written into the record with the principal.
 * - `route`: method and path under `/api/v1`, with the input's fields in braces. The rest of the input is the query of a GET, else the body.
 * - `input`: a strict object: unknown fields are refused. A list takes `limit` (bounded) and `cursor`.
 * - `subject`: what the record files a change under; its name where left out.
 * - `secrets`: fields of the input that stand in no record.
 * - `shownOnce`: its answer holds a secret, and is not kept for a request that is repeated.
 * - `right`: the door checks in this order: who it is (401), whether they have the right at all (403), then the input (422). Where the right
 *   `isScoped`, `run` holds what it finds to `isInScope`, and what is not within is not found (404), or left out of a list.
 */
export interface Operation<
  Name extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
> {
  name: Name;
  kind: 'read' | 'change';
  right: Right;
  route: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`;
  summary: string;
  input: Input;
  output: Output;
  subject?(input: z.output<Input>, output?: z.output<Output>): string | undefined;
  secrets?: readonly (keyof z.output<Input> & string)[];
  shownOnce?: true;
  run(input: z.output<Input>, context: OperationContext): Promise<z.input<Output>>;
}

// biome-ignore lint/suspicious/noExplicitAny: method parameters are contravariant, so no narrower type takes them all.
export type AnyOperation = Operation<string, any, any>;

export function defineOperation<
  const Name extends string,
  Input extends z.ZodObject,
  Output extends z.ZodType,
>(operation: Operation<Name, Input, Output>): Operation<Name, Input, Output> {
  return operation;
}
