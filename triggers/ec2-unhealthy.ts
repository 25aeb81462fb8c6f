import { ec2UnhealthyRestart } from '../workflows/ec2-unhealthy-restart.ts';
import { saysOver } from '../workflows/kit/alert-over.ts';
import { findInstanceId, isAnotherMatter, speaksOfStatusChecks } from '../workflows/kit/ec2-names.ts';
import { defineTrigger } from './trigger.ts';

/** A title that names an instance and no matter is taken: only the alerts, which the workflow reads, tell what is wrong. */
export const ec2Unhealthy = defineTrigger({
  name: 'ec2-unhealthy',
  on: 'pagerduty.incident.triggered',
  when: {
    'title names an EC2 instance, a failed status check or an unhealthy EC2': ({ title }) =>
      findInstanceId([title]) !== undefined || speaksOfStatusChecks(title),
    'title does not say that it is over': ({ title }) => !saysOver(title),
    'title is about no other matter, such as a disk': ({ title }) => !isAnotherMatter(title),
  },
  run: ec2UnhealthyRestart,
  input: ({ id }) => ({ incidentId: id }),
  // It reboots without asking, but only what carries the tag that allows it.
  mode: 'auto',
  // Nor beneath the hands of somebody who is at work on it.
  whenAcknowledged: 'pause',
  // The plan is asked for for an hour; then, of five instances at most, one after the other, each may be for 75 minutes and be waited for for 15.
  finishWithin: '9 hours',
  target: ({ title, service }) => findInstanceId([title]) ?? service.name,
});
