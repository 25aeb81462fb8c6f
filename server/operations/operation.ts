import type { z } from 'zod';
import type { AnyActivity } from '../../activities/activity.ts';
import type { AnyProvider } from '../../activities/provider.ts';
import type { ApproverCheck, AskedOf } from '../../domain/approval.ts';
import type { Policies } from '../../domain/policies.ts';
import type { Principal, Right, Scope } from '../../domain/rights.ts';
import type { Simulation, StoppableWorker } from '../../domain/simulation.ts';
import type { StoredConnections } from '../../store/connections/stored-connections.ts';
import type { Store } from '../../store/store.ts';
import type { Startable } from '../../triggers/startable.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import type { ChangesIncident } from '../change-incident.ts';
import type { Doctor } from '../doctor.ts';
import type { RunningState } from '../running-state.ts';
import type { IncidentLog } from '../story/gather.ts';
import type { RunStarter } from '../temporal/runs.ts';

/** By which door somebody came. */
export type Door = 'api' | 'cli' | 'console' | 'slack' | 'mcp' | 'worker';

/** Where people have answered, as what they answer is kept: an agent asks by the API, and no run answers. */
export const doorOfAnswer = (via: Door): Exclude<Door, 'mcp' | 'worker'> =>
  via === 'mcp' || via === 'worker' ? 'api' : via;

/** What operations work on: the same for all who ask. What is costly to have is made when it is first asked for. */
export interface World {
  store: Store;
  connections: StoredConnections;
  providers: readonly AnyProvider[];
  triggers(): Promise<readonly Trigger[]>;
  activities(): Promise<readonly AnyActivity[]>;
  /** The types of all workflows, and those that a person can start. */
  workflows(): Promise<{ names: readonly string[]; startable: readonly Startable[] }>;
  policies(): Promise<Policies>;
  /** Looks at the connections of this process. */
  doctor(): Promise<Doctor>;
  /** Whether somebody may answer an approval or a question, by the providers' lists as they are now. */
  checkApprover(asked: AskedOf, principal: Principal, signal: AbortSignal): Promise<ApproverCheck>;
  /** Which user of PagerDuty has an address; undefined: none. Rejects where PagerDuty gives no answer. Left out: nobody is looked up. */
  responderId?: ((email: string, signal: AbortSignal) => Promise<string | undefined>) | undefined;
  /** What PagerDuty itself says of an incident. Left out: this process does not reach it. */
  incidentLog?: IncidentLog | undefined;
  /** What people ask to be done to an incident itself. Left out: this process cannot. */
  changesIncident?: ChangesIncident | undefined;
  /** The providers that are simulated, by name. Left out: none. */
  simulated?: readonly string[] | undefined;
  /** What people may do to the providers that this process simulates. Left out: it simulates none. */
  simulation?: Simulation | undefined;
  /** Its worker, where that can be stopped alone. */
  worker?: StoppableWorker | undefined;
  /** How the server of this process stands. Undefined: none runs here. */
  running?: (() => RunningState | undefined) | undefined;
  /** The commit of the sources, where it is known. */
  commit?: string | undefined;
  /** Undefined: this process does not reach Temporal. */
  runs?: RunStarter | undefined;
  /** Every variable that is set, with secrets masked. */
  settings(): Record<string, string>;
  /** What follows from the settings, in words. Left out: it is not known here. */
  effective?: (() => Record<string, string>) | undefined;
  /** BATON_RETENTION_DAYS. */
  retentionDays: number;
  /** Whom BATON_PEOPLE links: the address by the member id of Slack. */
  linkedPeople(): ReadonlyMap<string, string>;
  /** What the connections `default` are made of in this process, secrets too: to be looked at, and shown to nobody. */
  ownValues(): Readonly<Record<string, string>>;
  /**
   * A client of a provider for values that no connection holds yet. `keptBy`: or that this one holds, which its use may change. Rejects with
   * the failures of the activities.
   */
  clientFor(
    provider: AnyProvider,
    values: Readonly<Record<string, string>>,
    keptBy?: string,
  ): Promise<unknown>;
  /** Where people and providers reach this Baton. Undefined: BATON_PUBLIC_URL is not set. */
  publicUrl?: string | undefined;
}

/** What an operation is given beside its input. */
export interface OperationContext extends World {
  principal: Principal;
  via: Door;
  /** The sender's own name for this request: the same one makes no second thing. */
  idempotencyKey?: string | undefined;
}

/**
 * One thing that can be asked of Baton, declared once. The API, its OpenAPI document, the command and later the console and agents are
 * doors to the list of them; none has rights, checks or queries of its own.
 *
 * - `name`: resource and verb, `incidents.list`.
 * - `kind`: a read changes nothing; a change is written into the record with the principal.
 * - `writesOwnLine`: its line goes into the store together with the change, all or nothing. It gives the line to the store function that
 *   makes the change. Left out: it acts outside of the store, so `perform` writes a line before that and one after it.
 * - `isOneUnderKey`: under one Idempotency-Key it makes one thing by itself, so that it may be carried out anew where nobody knows whether
 *   it was.
 * - `route`: method and path under `/api/v1`, with the input's fields in braces; `{+id}` takes slashes too, as ids of runs hold them. The
 *   rest of the input is the query of a GET, else the body.
 * - `input`: a strict object: unknown fields are refused. A list takes `limit` (bounded) and `cursor`.
 * - `right`: the door checks in this order: who it is (401), whether they have the right at all (403), then the input (422).
 * - `within`: the parts of a scope to which it keeps by itself: what is not within is not found (404), or left out of a list. Whoever has
 *   another one is refused.
 * - `subject`: what the record files a change under; its name where left out.
 * - `secrets`: fields of the input that stand in no record.
 * - `recorded`: the input as it stands in the record, where fields hold secrets beside what people should find there.
 * - `itemsAreOneOf`: its items are one of several lists: as JSON the command prints all of them, and not the items alone.
 * - `shownOnce`: the field of its answer that holds a secret. Such an answer is not kept for a request that is repeated.
 */
export interface Operation<
  Name extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
> {
  name: Name;
  kind: 'read' | 'change';
  writesOwnLine?: true;
  isOneUnderKey?: true;
  itemsAreOneOf?: true;
  right: Right;
  route: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`;
  summary: string;
  input: Input;
  output: Output;
  within?: readonly (keyof Scope)[];
  subject?(input: z.output<Input>, output?: z.output<Output>): string | undefined;
  secrets?: readonly (keyof z.output<Input> & string)[];
  recorded?(input: z.output<Input>, context: OperationContext): object;
  shownOnce?: keyof z.output<Output> & string;
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
