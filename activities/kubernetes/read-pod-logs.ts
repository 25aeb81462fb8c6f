import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { kept } from '../kept-text.ts';
import { lastPart } from '../last-part.ts';
import { refusalOf, throwFailure } from './failures.ts';
import { labelName, objectName } from './input.ts';

/** Lines can be long. The cluster cuts at the end, so this leaves room before the last lines would be lost. */
const maxLogBytes = 8 * 1024 * 1024;

/**
 * The last lines of a container, the newest 32 KiB of them; where they are more, all that were read are `kept`. That there is no earlier container, that the pod has several and
 * none was named, or that it has not started yet (400) is an answer: `unavailable` says which.
 */
export const readKubernetesPodLogs = defineActivity({
  name: 'readKubernetesPodLogs',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Reads the last log lines of a container, or of the one before its restart',
  permissions: ['pods/log get'],
  input: z.object({
    connection: connectionName,
    namespace: labelName,
    pod: objectName,
    container: labelName.optional(),
    previous: z.boolean().default(false),
    tailLines: z.number().int().positive().max(10_000).default(200),
    sinceSeconds: z.number().int().positive().optional(),
  }),
  output: z.object({
    text: z.string(),
    truncated: z.boolean().optional(),
    unavailable: z.string().optional(),
    kept,
  }),
  example: { namespace: 'shop', pod: 'carts-0', previous: true },
  async run(input, { kubernetes, attempt: { signal, keepText } }) {
    const { namespace, pod, container, previous, tailLines, sinceSeconds } = input;
    const { core, request } = await kubernetes(input.connection);
    const asked = {
      namespace,
      name: pod,
      previous,
      tailLines,
      limitBytes: maxLogBytes,
      ...(container === undefined ? {} : { container }),
      ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    };
    try {
      const text = await core.readNamespacedPodLog(asked, request(signal));
      const part = lastPart(text);
      const of = `${namespace}/${pod}${container === undefined ? '' : ` (${container})`}`;
      const title = `Log of ${of}${previous ? ' before its last restart' : ''}`;
      return { ...part, ...(part.truncated ? await keepText({ title, text, keepsEnd: true }) : {}) };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal?.status === 400) return { text: '', unavailable: refusal.reason };
      return throwFailure(error);
    }
  },
});
