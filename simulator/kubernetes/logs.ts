import { logKey } from './pods.ts';
import { StatusError } from './status-error.ts';
import type { KubernetesWorld, Pod } from './world.ts';

const badRequest = (message: string) => new StatusError(400, 'BadRequest', message);

/** A container's log as the API gives it, or the reason why there is none. */
export function readLog(world: KubernetesWorld, pod: Pod, query: URLSearchParams): string {
  const { name } = pod.metadata;
  const names = pod.spec.containers.map((container) => container.name);
  const asked = query.get('container');
  if (!asked && names.length > 1)
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`,
    );
  const container = asked ?? names[0] ?? '';
  const initNames = (pod.spec.initContainers ?? []).map((each) => each.name);
  if (![...initNames, ...names].includes(container))
    throw badRequest(`container ${container} is not valid for pod ${name}`);

  const log = world.logs[logKey(pod, container)];
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...pod.status.containerStatuses];
  const state = statuses.find((status) => status.name === container)?.state;
  if (query.get('previous') === 'true') {
    if (log?.previous === undefined)
      throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
    return cut(log.previous, query);
  }
  if (!log) {
    const reason = state && 'waiting' in state ? state.waiting.reason : 'unknown';
    throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${reason}`);
  }
  return cut(log.current, query);
}

/** The last lines, and of those the first bytes: in this order, as in the cluster. */
function cut(text: string, query: URLSearchParams): string {
  const tail = query.get('tailLines');
  const lines = text.split(/(?<=\n)/);
  const last = tail === null ? lines : lines.slice(Math.max(lines.length - Number(tail), 0));
  const bytes = Buffer.from(last.join(''));
  return bytes.subarray(0, Number(query.get('limitBytes') ?? bytes.length)).toString();
}
