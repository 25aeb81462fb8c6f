import { urgently } from '../../activities/urgent.ts';
import type { AnyLink } from './call.ts';

/** Whatever the call of an urgent run waits for, it waits for as such. */
export const urgentFirst: AnyLink = (call, next) => (call.urgent ? urgently(() => next(call)) : next(call));
