import { defineTrigger } from '../../../triggers/trigger.ts';
import { restartLeakingDeployment } from '../workflows/restart-leaking-deployment.ts';

export const reportsMemory = defineTrigger({
  name: 'reports-memory',
  on: 'pagerduty.incident.triggered',
  when: {
    'is about the Reports service': ({ service }) => service.name === 'Reports',
    'says that memory runs out': ({ title }) => /memory above \d+ ?%/i.test(title),
  },
  run: restartLeakingDeployment,
  input: ({ id }) => ({ incidentId: id, namespace: 'reports', deployment: 'renderer' }),
  target: () => 'reports/renderer',
});
