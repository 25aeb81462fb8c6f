import { heartbeatList } from '../heartbeat.ts';

/** Which sources are expected to be heard of, and how often: see docs/monitoring.md. One line each, such as `{ source: 'backup', every: '1 day' }`. */
export const heartbeats = heartbeatList([]);
