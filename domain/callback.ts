import type { Event } from './event.ts';

/**
 * What a callback has to bring, as JSON Schema (https://json-schema.org), so that a workflow can say it without a library. Servers check by it.
 * Fields that it does not name are left out of what the run gets.
 */
export type DataSchema =
  | { readonly type: 'string'; readonly enum?: readonly string[]; readonly maxLength?: number }
  | { readonly type: 'number' | 'integer'; readonly minimum?: number; readonly maximum?: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'array'; readonly items: DataSchema; readonly maxItems?: number }
  | {
      readonly type: 'object';
      readonly properties: { readonly [name: string]: DataSchema };
      readonly required?: readonly string[];
    };

/** The value that a schema describes. */
export type DataOfSchema<Schema> = Schema extends { type: 'string'; enum: readonly (infer Value)[] }
  ? Value
  : Schema extends { type: 'string' }
    ? string
    : Schema extends { type: 'number' | 'integer' }
      ? number
      : Schema extends { type: 'boolean' }
        ? boolean
        : Schema extends { type: 'array'; items: infer Item }
          ? DataOfSchema<Item>[]
          : Schema extends { type: 'object'; properties: infer Fields }
            ? { [Name in keyof Fields & RequiredIn<Schema>]: DataOfSchema<Fields[Name]> } & {
                [Name in Exclude<keyof Fields, RequiredIn<Schema>>]?: DataOfSchema<Fields[Name]>;
              }
            : unknown;
type RequiredIn<Schema> = Schema extends { required: readonly (infer Name)[] } ? Name : never;

/**
 * Stands for the address of a callback in what a workflow sends, as a whole text. The worker puts the address in its place as it sends:
 * whoever has the address may answer, so it stands in no history, no plan and no record.
 */
export const callbackPlace = 'baton:callback';

export const callbackStates = ['waiting', 'received', 'closed'] as const;
export type CallbackState = (typeof callbackStates)[number];

/** A callback that a run waits for. */
export interface Callback {
  /** `<run>#callback#<number>`. It is no secret. */
  id: string;
  runId: string;
  /** The incident of its run. */
  subject?: string;
  schema: DataSchema;
  state: CallbackState;
  /** What it brought. */
  data?: unknown;
  receivedAt?: string;
}

export const callbackId = (runId: string, number: number): string => `${runId}#callback#${number}`;

/** The engine's event: what it brought the run reads in the store. */
export interface CallbackEvent {
  callbackId: string;
  runId: string;
}

export const isCallback = (event: Event): event is Event & { data: CallbackEvent } =>
  event.type === 'callback.received';

/** What runs need of the store. */
export interface Callbacks {
  /** Opens one, once for each id. `tokenHash`: of what its address is known by. */
  openCallback(
    opening: Pick<Callback, 'id' | 'runId' | 'subject' | 'schema'> & { tokenHash: string },
  ): Promise<Callback>;
  findCallback(id: string): Promise<Callback | undefined>;
  /** From now on its address takes nothing, unless it has. Gives how it stands after that. */
  closeCallback(id: string, because: string): Promise<Callback | undefined>;
}
