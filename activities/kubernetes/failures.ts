import { z } from 'zod';
import { providerFailure } from '../failures.ts';
import { retryAfterSeconds } from '../retry-after.ts';

/** The SDK's error for a status that is not a success. Its own message holds all headers, so it goes no further. */
const apiError = z.object({
  code: z.number(),
  body: z.unknown(),
  headers: z.record(z.string(), z.string()),
});

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
const status = z.object({
  message: z.string().min(1),
  details: z.object({ retryAfterSeconds: z.number().positive().optional() }).optional().catch(undefined),
});

/** What the cluster said no with. Undefined for any other error: ours, or a call that found no answer. */
export function refusalOf(
  error: unknown,
): { status: number; reason: string; retryAfterSeconds?: number } | undefined {
  const parsed = error instanceof Error ? apiError.safeParse(error) : undefined;
  if (!parsed?.success) return undefined;
  const { code, body, headers } = parsed.data;
  const said = status.safeParse(typeof body === 'string' ? parseJson(body) : body).data;
  const wait = retryAfterSeconds(headers) || said?.details?.retryAfterSeconds;
  return {
    status: code,
    reason: (said?.message ?? plainReason(code)).slice(0, 300),
    ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
  };
}

/** Turns an error of the SDK into the failure for it; what is a failure already, and what is a bug, stays as it is. */
export function throwFailure(error: unknown): never {
  const refusal = refusalOf(error);
  if (!refusal) throw error;
  throw providerFailure('Kubernetes', refusal.status, refusal.reason, refusal.retryAfterSeconds);
}

function plainReason(code: number): string {
  return code === 401 ? 'the credentials are not accepted' : `status ${code}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
