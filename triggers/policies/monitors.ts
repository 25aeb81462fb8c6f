import { monitorList } from '../monitors.ts';

/** Which conditions are kept as alerts: see docs/monitoring.md. None as shipped, since each needs a routing key of its service. */
export const monitors = monitorList([]);
