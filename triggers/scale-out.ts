import { saysOver } from '../workflows/kit/alert-over.ts';
import { findWorkloads } from '../workflows/kit/kubernetes-names.ts';
import { isNotMendedByPods, saysSaturation, speaksOfPods } from '../workflows/kit/saturation.ts';
import { scaleOut } from '../workflows/scale-out.ts';
import { defineTrigger } from './trigger.ts';

/** The page for a failed run of the workflow itself says this. */
const own = /scaleOut|scale-out\//;

/** Its mode is left out, so it proposes: how many pods a service may have is a matter of money, too. */
export const scaleOutTrigger = defineTrigger({
  name: 'scale-out',
  on: 'pagerduty.incident.triggered',
  when: {
    'title reports more to do than there are pods for': ({ title }) =>
      saysSaturation(title) && !own.test(title),
    'title speaks of pods or names a workload': ({ title }) => speaksOfPods(title),
    'title is about nothing that more pods do not mend, such as memory, a disk or a database': ({ title }) =>
      !isNotMendedByPods(title),
    'title does not say that it is over': ({ title }) => !saysOver(title),
  },
  run: scaleOut,
  input: ({ id }) => ({ incidentId: id }),
  // What it has scaled it takes back after that.
  whenResolved: 'continue',
  // It follows the incident for a day. People are asked for the plan, for the step and for the way back, an hour each.
  finishWithin: '30 hours',
  target({ title, service }) {
    const [workload] = findWorkloads(title, []).workloads;
    return workload ? `${workload.namespace}/${workload.name}` : service.name;
  },
});
