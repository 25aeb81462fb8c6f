import { z } from 'zod';
import { routeOf } from '../server/api/input.ts';
import { operations } from '../server/operations/index.ts';
import type { AnyOperation } from '../server/operations/operation.ts';
import { CliFailure, exits, failureOf } from './failure.ts';

/** The longest that a verification of a large record may take. */
const answerWithinMs = 120_000;

const problem = z.object({ status: z.int(), detail: z.string() });

/** Asks for operations over the API of another process, with a token. */
export function askOverHttp({ url, token }: { url: string; token: string }) {
  return async (name: string, input: object, key?: string): Promise<unknown> => {
    const operation = (operations as readonly AnyOperation[]).find((each) => each.name === name);
    if (!operation) throw new Error(`There is no operation ${name}`);
    const { address, method, body } = requestOf(operation, input as Record<string, unknown>, url);
    const response = await fetch(address, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(answerWithinMs),
      headers: {
        authorization: `Bearer ${token}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    }).catch((error: Error) => {
      throw error.name === 'TimeoutError'
        ? new CliFailure(`${new URL(url).host} did not answer in time`, { exit: exits.timedOut })
        : new CliFailure(`${new URL(url).host} does not answer`, {
            why: (error.cause as Error | undefined)?.message ?? error.message,
            next: 'Look whether BATON_API_URL is right, and whether Baton runs there.',
          });
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok && answer !== undefined) return answer;
    const told = problem.safeParse(answer);
    throw told.success
      ? failureOf({ status: told.data.status, message: told.data.detail })
      : new CliFailure(
          `What answers at ${new URL(url).host} is no Baton, or another version (${response.status})`,
        );
  };
}

function requestOf(operation: AnyOperation, input: Record<string, unknown>, url: string) {
  const { method, path, fields } = routeOf(operation);
  // Slashes of an id stay: they are parts of the path.
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, field: string) =>
    String(input[field]).split('/').map(encodeURIComponent).join('/'),
  );
  const rest = Object.entries(input).filter(
    ([field, value]) => !fields.includes(field) && value !== undefined,
  );
  const address = new URL(`${url.replace(/\/+$/, '')}/api/v1${filled}`);
  if (method !== 'GET') {
    const body = rest.length === 0 ? undefined : JSON.stringify(Object.fromEntries(rest));
    return { address, method, body };
  }
  for (const [field, value] of rest) address.searchParams.set(field, String(value));
  return { address, method, body: undefined };
}
