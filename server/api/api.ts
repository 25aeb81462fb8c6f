import { type NextFunction, type Request, type Response, Router } from 'express';
import type { Logger } from 'pino';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { operations } from '../operations/index.ts';
import type { AnyOperation, World } from '../operations/operation.ts';
import { admit, perform } from '../operations/perform.ts';
import type { BodyReader } from '../receiving/body.ts';
import { Refusal } from '../refusal.ts';
import { isTemporalAway } from '../temporal/temporal-state.ts';
import type { Authenticate } from './authenticate.ts';
import { createGate } from './gate.ts';
import { inputReader, routeOf } from './input.ts';
import { openApiDocument } from './openapi.ts';
import { keyOf, once } from './repeated.ts';
import { createStreams } from './stream.ts';

export interface ApiOptions {
  world: World;
  authenticate: Authenticate;
}

export interface Api {
  /** To be mounted at `/api/v1`. */
  router: Router;
  /** Answers `GET /openapi.json`. */
  answerDocument(request: Request, response: Response): void;
  /** Ends the streams. */
  stop(): void;
}

/** The API: a route for each operation in the list, and the stream of what is new. */
export function createApi(
  { world, authenticate }: ApiOptions,
  { readBody, log }: { readBody: BodyReader; log: Logger },
  list: readonly AnyOperation[] = operations,
): Api {
  const router = Router({ strict: true, caseSensitive: true });
  const streams = createStreams({ store: world.store, authenticate, log });
  const passThrough = createGate();

  router.use((_, response, next) => {
    protect(response);
    next();
  });

  const answer = (operation: AnyOperation) => {
    const readInput = inputReader(operation, readBody);
    return async (request: Request, response: Response) => {
      const principal = await authenticate(request);
      const key = operation.kind === 'change' ? keyOf(request) : undefined;
      const context = { ...world, principal, via: 'api' as const, idempotencyKey: key };
      await admit(operation, context);
      const input = await readInput(request);
      const carryOut = () => passThrough(() => perform(operation, input, context));
      const { answer, isRepeated } =
        key === undefined
          ? { answer: await carryOut(), isRepeated: false }
          : await once({ key, operation, input, principal, store: world.store }, carryOut);
      if (isRepeated) response.setHeader('Idempotent-Replayed', 'true');
      response.json(answer);
    };
  };

  router.get('/stream', (request, response) => streams.open(request, response));
  router.all('/stream', refuseMethod(['GET']));
  const routes = list.map((operation) => ({ operation, ...routeOf(operation) }));
  // Where one path is an instance of another, the one that says more comes first.
  routes.sort((one, other) => generality(one.pattern) - generality(other.pattern));
  for (const { method, pattern, operation } of routes)
    router[method.toLowerCase() as 'get'](pattern, answer(operation));
  for (const [pattern, same] of Map.groupBy(routes, (route) => route.pattern))
    router.all(pattern, refuseMethod(same.map(({ method }) => method)));

  router.use(() => {
    throw new Refusal(
      404,
      'No such route',
      'Nothing answers at this address. /openapi.json lists the routes.',
    );
  });
  router.use((error: unknown, _: Request, response: Response, next: NextFunction) => {
    const refusal = asRefusal(error);
    if (refusal instanceof Refusal && refusal.status === 401)
      response.setHeader('WWW-Authenticate', 'Bearer');
    next(refusal);
  });

  // It is large, and most processes are never asked for it.
  let document: string | undefined;
  return {
    router,
    answerDocument(_, response) {
      protect(response);
      document ??= JSON.stringify(openApiDocument(list));
      response.type('application/json').send(document);
    },
    stop: streams.stop,
  };
}

/** A path with a part that takes slashes at its end is the most general one. */
const generality = (pattern: string) => (/\*\w+$/.test(pattern) ? 2 : /[*:]/.test(pattern) ? 1 : 0);

/** What a browser may do with an answer: nothing but read it where the server's own page asked for it. */
function protect(response: Response): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Referrer-Policy', 'no-referrer');
}

const refuseMethod = (methods: string[]) => (_: Request, response: Response) => {
  const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ');
  response.setHeader('Allow', allowed);
  throw new Refusal(405, 'Wrong method', `This address takes ${allowed} only.`);
};

/** What is known to be no fault of ours in an operation, in the words of this door. */
function asRefusal(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreUnavailable)
    return new Refusal(503, 'Store unavailable', 'The store does not answer now. Send it again.', 5);
  if (isTemporalAway(error))
    return new Refusal(503, 'Temporal is away', 'Temporal does not answer now. Send it again.', 5);
  return error;
}
