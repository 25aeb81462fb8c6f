import { type AwsError, escapeXml } from './aws-request.ts';
import type { FailingCheck, SimulatedInstance } from './ec2.ts';

/** What EC2 answers, in its own XML. */
const codes = { pending: 0, running: 16, terminated: 48, stopping: 64, stopped: 80 };
export type ShownState = keyof typeof codes;
export const stateXml = (tag: string, state: ShownState) =>
  `<${tag}><code>${codes[state]}</code><name>${state}</name></${tag}>`;

/** As an instance writes them that is out of memory, where it is impaired. */
export const bootLines = ({ id, impaired, rebootedAt }: SimulatedInstance) =>
  [
    '[    0.000000] Linux version 6.1.112-124.190.amzn2023.aarch64',
    `[    2.318842] cloud-init[1204]: Cloud-init finished on ${id}, started ${rebootedAt === undefined ? 'by its launch' : 'by a reboot'}`,
    ...(impaired && rebootedAt === undefined
      ? [
          '[86121.402117] Out of memory: Killed process 2381 (java) total-vm:9873112kB, anon-rss:7612004kB',
          '[86140.118820] INFO: task kworker/0:2:88 blocked for more than 120 seconds.',
        ]
      : []),
  ].join('\n');

export function instanceXml(each: SimulatedInstance, state: ShownState): string {
  const tags = Object.entries(each.tags).map(
    ([key, value]) => `<item><key>${escapeXml(key)}</key><value>${escapeXml(value)}</value></item>`,
  );
  return `<item><instanceId>${each.id}</instanceId>${stateXml('instanceState', state)}<instanceType>${each.type}</instanceType><placement><availabilityZone>${each.zone}</availabilityZone></placement><privateIpAddress>${each.privateIp}</privateIpAddress><launchTime>${each.launchTime}</launchTime><rootDeviceType>${each.rootDevice}</rootDeviceType><tagSet>${tags.join('')}</tagSet></item>`;
}

export function statusXml(each: SimulatedInstance, state: ShownState, check: string): string {
  const { failing = ['instance'] } = each;
  const shown = (name: FailingCheck) => {
    if (check === 'not-applicable' || (check === 'impaired' && failing.includes(name))) return check;
    return check === 'impaired' || name !== 'instance' ? 'ok' : check;
  };
  return `<item><instanceId>${each.id}</instanceId><availabilityZone>${each.zone}</availabilityZone>${stateXml('instanceState', state)}<systemStatus><status>${shown('system')}</status></systemStatus><instanceStatus><status>${shown('instance')}</status></instanceStatus><attachedEbsStatus><status>${shown('ebs')}</status></attachedEbsStatus></item>`;
}

export const errorXml = ({ code, message }: AwsError) =>
  `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error></Errors><RequestID>simulated</RequestID></Response>`;
