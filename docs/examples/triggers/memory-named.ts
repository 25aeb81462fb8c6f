import { defineTrigger } from '../../../triggers/trigger.ts';
import { restartLeakingDeployment } from '../workflows/restart-leaking-deployment.ts';

/** `Memory above 95 % on reports/renderer`, the whole of it. The names are such as Kubernetes has them. */
const title =
  /^Memory above \d{1,3} ?% on (?<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/(?<deployment>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)$/;

/** Nowhere else is anything restarted by a title, whoever wrote it. */
const ours = ['reports', 'shop'];

const namedIn = (text: string) => {
  const { namespace = '', deployment = '' } = title.exec(text)?.groups ?? {};
  return { namespace, deployment };
};

export const memoryNamed = defineTrigger({
  name: 'memory-named',
  on: 'pagerduty.incident.triggered',
  when: {
    'title names a deployment that leaks': (incident) => title.test(incident.title),
    'deployment is one of ours': (incident) => ours.includes(namedIn(incident.title).namespace),
  },
  run: restartLeakingDeployment,
  input: (incident) => ({ incidentId: incident.id, ...namedIn(incident.title) }),
  target: (incident) => Object.values(namedIn(incident.title)).join('/'),
});
