import type { RequestContext } from '@kubernetes/client-node';
import { Agent, request as send } from 'undici';
import { z } from 'zod';
import { boundedSignal } from '../../domain/bounded-signal.ts';
import { unreachable, unreadable } from '../failures.ts';

const timeoutMs = 10_000;
/** A page of 500 pods with all their fields is some 10 MB. */
const maxBodyBytes = 32 * 1024 * 1024;

/** Without TLS there are no certificates, and so no dispatcher from the kubeconfig. Idle connections hold no process. */
const agent = new Agent({ connect: { timeout: timeoutMs } });

/** How the body of a patch is to be read. The SDK would else call every patch a JSON patch. */
export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json';

export interface CallOptions {
  signal: AbortSignal;
  patchType: PatchType | undefined;
}

/** What the SDK makes its response of. The text can be read again for fields that the SDK does not know. */
export interface ClusterAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/**
 * One call, in place of the SDK's own transport, which knows no timeout and no limit and follows redirects: 10 s in all,
 * 32 MB, no redirect. Throws `ProviderUnavailable` when no answer came, `AnswerUnreadable` when that of a success cannot be read, and
 * the signal's reason when that ended it.
 */
export async function sendToCluster(
  request: RequestContext,
  { signal, patchType }: CallOptions,
): Promise<ClusterAnswer> {
  if (patchType) request.setHeaderParam('Content-Type', patchType);
  const answer = await answerTo(request, signal);
  if (answer.status >= 300) return withoutSecret(answer, request.getHeaders());
  if (!isReadable(answer, request)) throw unreadable('Kubernetes');
  return answer;
}

/** An error is quoted in failures, and a proxy can repeat our headers in it. */
function withoutSecret(answer: ClusterAnswer, headers: Record<string, string>): ClusterAnswer {
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization');
  const secret = authorization?.[1].replace(/^\w+ /, '');
  return secret ? { ...answer, text: answer.text.replaceAll(secret, '…') } : answer;
}

const kubernetesObject = z.union([z.object({ kind: z.string() }), z.object({ gitVersion: z.string() })]);

/** A log is text; all else is an object with its kind, or the version of the cluster. HTML or a cut body may be a proxy's, and tells nothing. */
function isReadable({ headers, text }: ClusterAnswer, request: RequestContext): boolean {
  const type = headers['content-type'] ?? '';
  if (new URL(request.getUrl()).pathname.endsWith('/log')) return type.startsWith('text/plain');
  return type.startsWith('application/json') && kubernetesObject.safeParse(parseJson(text)).success;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function answerTo(request: RequestContext, signal: AbortSignal): Promise<ClusterAnswer> {
  const bounded = boundedSignal(signal, timeoutMs);
  const content = request.getBody();
  try {
    const { statusCode, headers, body } = await send(request.getUrl(), {
      method: request.getHttpMethod(),
      headers: request.getHeaders(),
      body: typeof content === 'string' ? content : null,
      signal: bounded,
      dispatcher: request.getDispatcher() ?? agent,
    });
    const joined = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]);
    return { status: statusCode, headers: Object.fromEntries(joined), text: await readText(body) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (bounded.aborted) throw unreachable('Kubernetes', `no answer within ${timeoutMs / 1000} s`);
    if (error instanceof TooLarge) throw unreachable('Kubernetes', 'its answer is larger than 32 MB');
    // The message can hold the address; the code is a short word such as ECONNREFUSED.
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw unreachable('Kubernetes', `the connection failed (${code})`);
  }
}

class TooLarge extends Error {}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
