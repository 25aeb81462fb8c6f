import type { Callback, DataSchema } from '../../domain/callback.ts';

/** The engine's own activities that callbacks need. */
export interface CallbackActivities {
  /** Opens one, once for each `number` of the run. */
  openCallback(opening: { number: number; schema: DataSchema }): Promise<Callback>;
  findCallback(asked: { id: string }): Promise<Callback | undefined>;
  /** Gives how it stands after that: it may have come at the last moment. */
  closeCallback(closing: { id: string; because: string }): Promise<Callback | undefined>;
}
