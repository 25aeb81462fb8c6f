import type { RequestContext, ResponseContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher, request as send } from 'undici';
import { z } from 'zod';
import { unreachable } from '../failures.ts';

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

interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/**
 * One call, in place of the SDK's own transport, which knows no timeout and no limit and follows redirects: 10 s in all,
 * 32 MB, no redirect. Throws `ProviderUnavailable` when no readable answer came, and the signal's reason when that ended it.
 */
export async function sendToCluster(
  { ResponseContext }: { ResponseContext: new (...args: ConstructorParameters<typeof import('@kubernetes/client-node').ResponseContext>) => ResponseContext },
  request: RequestContext,
  { signal, patchType }: CallOptions,
): Promise<ResponseContext> {
  if (patchType) request.setHeaderParam('Content-Type', patchType);
  const { status, headers, text } = readable(request, await answerTo(request, signal));
  // The SDK reads the text once, a caller that needs fields which the SDK does not know reads it again.
  const body = { text: async () => text, binary: async () => Buffer.from(text) };
  return new ResponseContext(status, headers, body);
}

async function answerTo(request: RequestContext, signal: AbortSignal): Promise<Answer> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const { statusCode, headers, body } = await send(request.getUrl(), {
      method: request.getHttpMethod(),
      headers: request.getHeaders(),
      body: bodyOf(request),
      signal: AbortSignal.any([signal, deadline]),
      dispatcher: dispatcherOf(request) ?? agent,
    });
    const joined = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]);
    return { status: statusCode, headers: Object.fromEntries(joined), text: await readText(body) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (deadline.aborted) throw unreachable('Kubernetes', `no answer within ${timeoutMs / 1000} s`);
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
