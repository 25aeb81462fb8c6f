import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { StoreUnavailable } from '../domain/store-unavailable.ts';
import { sampledLog } from '../log/sampled-log.ts';

/** A request that is refused: what is wrong with it, why that matters, what to do. */
export class Refusal extends Error {
  readonly status: number;
  readonly title: string;
  readonly retryAfterSeconds: number | undefined;
  /** Besides Retry-After. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    title: string,
    detail: string,
    retryAfterSeconds?: number,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.status = status;
    this.title = title;
    this.retryAfterSeconds = retryAfterSeconds;
    this.headers = headers;
  }
}

/** Without a secret nothing can be verified, and what is not verified is not taken. */
export const notConfigured = (variable: string) =>
  new Refusal(
    503,
    'Not configured',
    `${variable} is not set, so nothing can be verified. Set it and restart.`,
    60,
  );

export const noSuchRoute = () =>
  new Refusal(404, 'No such route', 'Nothing answers at this address. The README lists the routes.');

export const problemType = 'application/problem+json';

/** A refusal as problem details (RFC 9457), in JSON. Without a request where none could be read. */
export const problemText = (
  { status, title, message }: Pick<Refusal, 'status' | 'title' | 'message'>,
  request: { instance?: string; requestId?: string } = {},
): string => JSON.stringify({ type: 'about:blank', title, status, detail: message, ...request });

/** Answers as problem details. What is not a refusal is our fault: the sender is told to come back, never that it erred. */
export function answerError(log: Logger) {
  const sampled = sampledLog(log);
  return (error: unknown, request: Request, response: Response, _next: NextFunction) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const requestId = randomUUID();
    const { status, title, message, retryAfterSeconds, headers } = asRefusal(error);
    const path = shownPath(request.path);
    const line = { requestId, method: request.method, path, status };
    // A wrong secret is a thing to act on: PagerDuty disables a subscription after three refusals in a row.
    sampled.line(`${status} ${title}`, (to) => {
      if (status >= 500) to.error({ ...line, err: error }, title);
      else if (status === 401 || status === 403) to.warn(line, title);
      else to.info(line, title);
    });
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const problem = problemText({ status, title, message }, { instance: path, requestId });
    response.status(status).type(problemType).send(problem);
  };
}

/** Whoever has the address of a callback may answer, so it stands in no log. */
const shownPath = (path: string): string => path.replace(/^\/callbacks\/.*/s, '/callbacks/[secret]');

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  // Express, of an address whose percent signs mean nothing.
  if (error instanceof URIError)
    return new Refusal(400, 'Bad address', 'The address cannot be read. Encode its parts by percent signs.');
  if (error instanceof StoreUnavailable)
    return new Refusal(503, 'Store unavailable', 'The event could not be stored. Send it again.', 5);
  return new Refusal(
    503,
    'Fault',
    'Baton could not take this. It is logged under the request id. Send it again.',
    5,
  );
}
